"""Blocks put in a row, and rows of the image made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.language.compiler.emitter import opposite
from smplab.language.compiler.flow import Flow
from smplab.language.compiler.ir import BRANCHES, Block, Function, Instr
from smplab.language.image import Site
from smplab.language.isa import ROW_WORDS, SIGNATURES, Op


@dataclass
class Piece:
    """A function's rows, its targets still block numbers and Functions.

    Attributes:
        rows: operands by position; code addresses are relative to the piece.
        calls: positions of CALL rows, with the function called.
        starts: positions of CREATE rows, with the function that a context starts in.
    """

    rows: list[list[int]]
    sites: list[Site]
    calls: list[tuple[int, Function]]
    starts: list[tuple[int, Function]]


def arrange(flow: Flow) -> list[Block]:
    """An order of the blocks in which few jumps are needed."""
    placed: list[Block] = []
    seen: set[Block] = set()
    for start in flow.order:
        block: Block | None = start
        while block is not None and block not in seen:
            seen.add(block)
            placed.append(block)
            open_ = [target for target in block.targets if target not in seen]
            block = min(
                open_,
                key=lambda t: (-flow.depth[t], len(flow.preds[t]), flow.index[t]),
                default=None,
            )
    return placed


def emit(function: Function, frame: int) -> Piece:
    """Rows of a function after register allocation; `frame` is the base of what it calls."""
    flow = Flow(function)
    blocks = arrange(flow)
    piece = Piece([], [], [], [])
    address: dict[Block, int] = {}
    patches: list[tuple[int, int, Block]] = []

    def row(op: Op, operands: list[int], site: Site | None) -> int:
        piece.rows.append([int(op), *operands] + [0] * (ROW_WORDS - 1 - len(operands)))
        piece.sites.append(site or function.site)
        return len(piece.rows) - 1

    for position, block in enumerate(blocks):
        address[block] = len(piece.rows)
        following = blocks[position + 1] if position + 1 < len(blocks) else None
        for instr in block.instrs:
            if instr.op is Op.CALL:
                piece.calls.append((row(Op.CALL, [0, frame], instr.site), instr.imms[0]))
            elif instr.op is Op.CREATE:
                context, argument = instr.srcs
                piece.starts.append(
                    (row(Op.CREATE, [context, 0, argument], instr.site), instr.imms[0])
                )
            else:
                row(instr.op, _operands(instr), instr.site)
        end, site = block.end, block.end_site
        assert end is not None
        if end in BRANCHES:
            a, b = block.end_srcs
            yes, no = block.targets
            # What follows needs no jump; if neither side does, the jump is for leaving the loop.
            leaving = following is not no and flow.depth[no] > flow.depth[yes]
            if following is yes or leaving:
                end, a, b = opposite(end, a, b)
                yes, no = no, yes
            patches.append((row(end, [a, b, 0], site), 3, yes))
            if no is not following:
                patches.append((row(Op.JMP, [0], site), 1, no))
        elif end is Op.JMP:
            if block.targets[0] is not following:
                patches.append((row(Op.JMP, [0], site), 1, block.targets[0]))
        else:
            row(end, [], site)
    for at, operand, target in patches:
        piece.rows[at][operand] = address[target]
    return piece


def _operands(instr: Instr) -> list[int]:
    registers, others = iter(instr.srcs), iter(instr.imms)
    operands: list[Any] = []
    for letter in SIGNATURES[instr.op].operands:
        if letter == "d":
            operands.append(instr.dst)
        elif letter == "r":
            operands.append(next(registers))
        else:
            operands.append(next(others))
    return operands
