"""Functions put one after the other, calls given their addresses, the depth of calls measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from smplab.language.compiler.emit import Piece
from smplab.language.compiler.ir import BRANCHES, Function
from smplab.language.image import Site
from smplab.language.isa import Op


@dataclass
class Linked:
    """Linked rows and, for each function, its address, registers and depth of calls below it."""

    rows: list[list[int]] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    address: dict[Function, int] = field(default_factory=dict)
    registers: dict[Function, int] = field(default_factory=dict)
    depth: dict[Function, int] = field(default_factory=dict)


def link(pieces: Mapping[Function, tuple[Piece, int, int]]) -> Linked:
    """Link functions.

    Args:
        pieces: rows, frame and own registers of each function, callers before callees.
    """
    linked = Linked()
    for function, (piece, _, _) in pieces.items():
        linked.address[function] = len(linked.rows)
        linked.rows += piece.rows
        linked.sites += piece.sites
    for function, (piece, _, _) in pieces.items():
        base = linked.address[function]
        for row in piece.rows:
            if row[0] == Op.JMP:
                row[1] += base
            elif row[0] in BRANCHES:
                row[3] += base
        for at, callee in piece.calls:
            piece.rows[at][1] = linked.address[callee]
        for at, started in piece.starts:
            piece.rows[at][2] = linked.address[started]

    def measure(function: Function) -> None:
        if function in linked.depth:
            return
        piece, frame, own = pieces[function]
        linked.registers[function], linked.depth[function] = own, 0
        for _, callee in piece.calls:
            measure(callee)
            needed = frame + linked.registers[callee]
            linked.registers[function] = max(linked.registers[function], needed)
            linked.depth[function] = max(linked.depth[function], linked.depth[callee] + 1)

    for function in pieces:
        measure(function)
    return linked
