"""Jumps to a branch whose outcome is known where the jump comes from; loops turned round."""

from __future__ import annotations

from smplab.language.compiler.emitter import decide
from smplab.language.compiler.flow import Flow
from smplab.language.compiler.ir import BRANCHES, Block, Function, Instr
from smplab.language.isa import Op

ROTATED = 4
"""Instructions of a loop's first block that are worth a copy at its end."""


def thread(function: Function) -> bool:
    """Lead jumps past branches that they decide; whether there were any.

    `return True` and `return False` of an inlined routine set a variable that the caller then asks
    for; each return goes straight to the caller's side.
    """
    changed = False
    for block in function.blocks:
        if block.end is not Op.JMP:
            continue
        target = block.targets[0]
        if target.end not in BRANCHES or target.instrs or target is block:
            continue
        a, b = (_constant(function, block, src) for src in target.end_srcs)
        if a is not None and b is not None and target.end is not None:
            taken = decide(target.end, a, b)
            block.targets = [target.targets[0 if taken else 1]]
            changed = True
    return changed


def _constant(function: Function, block: Block, register: int) -> int | None:
    """The number that a register holds at a block's end, if it is plain to see."""
    for instr in reversed(block.instrs):
        if instr.dst == register:
            if instr.op is not Op.MOV:
                return None
            return function.constant(instr.srcs[0])
    return function.constant(register)


def rotate(function: Function) -> None:
    """Copy a short first block of a loop, which ends in a branch, to where the loop turns.

    That saves a jump a turn. Registers then have several definitions, so this comes late.
    """
    flow = Flow(function)
    for header in flow.members:
        if header.end not in BRANCHES or len(header.instrs) > ROTATED:
            continue
        if all(target in flow.members[header] for target in header.targets):
            continue
        for latch in flow.preds[header]:
            if latch in flow.members[header] and latch.end is Op.JMP and latch is not header:
                latch.instrs += [Instr(i.op, i.dst, i.srcs, i.imms, i.site) for i in header.instrs]
                latch.end, latch.end_srcs = header.end, header.end_srcs
                latch.targets, latch.end_site = list(header.targets), header.end_site
