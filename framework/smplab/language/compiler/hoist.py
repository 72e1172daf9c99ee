"""What a loop computes anew at every turn, to the same result, moves in front of the loop."""

from __future__ import annotations

from smplab.language.compiler.bounds import Bounds
from smplab.language.compiler.flow import Flow
from smplab.language.compiler.ir import FAILING, FLEETING, PURE, Block, Function, Instr
from smplab.language.compiler.numbering import definitions
from smplab.language.isa import Op

_PASSES = frozenset({Op.BEGIN, Op.END, Op.COUNT, Op.CAUSE, Op.MOV, Op.NOP, *FLEETING, *PURE})
"""What a failing instruction may be moved across: it cannot fail, end the run or wait."""


def single_definitions(function: Function) -> dict[int, Instr]:
    """The defining instruction of each register that has one."""
    count = definitions(function)
    return {i.dst: i for i in function.instructions() if i.dst >= 0 and count[i.dst] == 1}


def hoist(function: Function, addresses: frozenset[int]) -> None:
    """Move invariant instructions out of loops, innermost loops first.

    An instruction that may fail moves only if the loop's first turn is certain to reach it.
    """
    flow = Flow(function)
    single = single_definitions(function)
    bounds = Bounds(function, single, addresses)
    home = {i.dst: block for block in flow.order for i in block.instrs if i.dst in single}
    fixed = {*function.pooled, *function.arguments}
    count = definitions(function)
    for header in sorted(flow.members, key=lambda h: len(flow.members[h])):
        members = flow.members[header]
        latches = [p for p in flow.preds[header] if p in members]
        moved: list[Instr] = []

        def invariant(instr: Instr, members: set[Block] = members) -> bool:
            return instr.dst in single and all(
                (src in fixed and count[src] <= 1) or (src in home and home[src] not in members)
                for src in instr.srcs
            )

        for block in sorted(members, key=flow.index.__getitem__):
            if not all(flow.dominates(block, latch) for latch in latches):
                continue
            certain = block is header
            kept: list[Instr] = []
            for instr in block.instrs:
                harmless = instr.op is not Op.MOV and bounds.harmless(instr)
                fails = certain and instr.op in FAILING
                if (harmless or fails) and invariant(instr):
                    moved.append(instr)
                    home.pop(instr.dst)
                    home[instr.dst] = function.blocks[0]  # outside this loop, wherever that is
                    continue
                certain = certain and (instr.op in _PASSES or harmless)
                kept.append(instr)
            block.instrs = kept
        if moved:
            front = _front(function, flow, header, members)
            front.instrs += moved
            for instr in moved:
                home[instr.dst] = front


def _front(function: Function, flow: Flow, header: Block, members: set[Block]) -> Block:
    """The block that leads into a loop and nowhere else; made if there is none."""
    outside = [p for p in flow.preds[header] if p not in members]
    if len(outside) == 1 and len(outside[0].targets) == 1:
        return outside[0]
    front = Block(len(function.blocks))
    function.blocks.append(front)
    site = header.instrs[0].site if header.instrs else (header.end_site or function.site)
    front.finish(Op.JMP, (), [header], site)
    for pred in outside:
        pred.targets = [front if t is header else t for t in pred.targets]
    flow.preds[header] = [p for p in flow.preds[header] if p in members] + [front]
    flow.preds[front] = outside
    for around, inside in flow.members.items():
        if around is not header and header in inside:
            inside.add(front)
    flow.index[front] = flow.index[header]
    return front
