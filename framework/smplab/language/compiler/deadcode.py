"""Instructions whose results nobody reads. What can fail stays: its diagnosis is a result."""

from __future__ import annotations

from collections import Counter

from smplab.language.compiler.bounds import Bounds
from smplab.language.compiler.hoist import single_definitions
from smplab.language.compiler.ir import FLEETING, Function, Instr


def drop_dead(function: Function, addresses: frozenset[int]) -> None:
    """Remove harmless instructions whose result is never read."""
    bounds = Bounds(function, single_definitions(function), addresses)
    reads: Counter[int] = Counter()
    writers: dict[int, list[Instr]] = {}
    for block in function.blocks:
        reads.update(block.end_srcs)
        for instr in block.instrs:
            reads.update(instr.srcs)
            writers.setdefault(instr.dst, []).append(instr)
    dead: set[int] = set()
    pending = [register for register in writers if register >= 0 and not reads[register]]
    while pending:
        for instr in writers.get(pending.pop(), ()):
            if id(instr) in dead or not (instr.op in FLEETING or bounds.harmless(instr)):
                continue
            dead.add(id(instr))
            for src in instr.srcs:
                reads[src] -= 1
                if not reads[src]:
                    pending.append(src)
    if dead:
        for block in function.blocks:
            block.instrs = [instr for instr in block.instrs if id(instr) not in dead]
