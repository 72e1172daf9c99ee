"""Where constants, parameters and the CPU's number get into registers: outside all loops."""

from __future__ import annotations

from smplab.language.compiler.flow import Flow
from smplab.language.compiler.ir import Block, Function, Instr
from smplab.language.image import Site
from smplab.language.isa import Op

_LOADS = {"i": Op.MOVI, "p": Op.PARAM, "id": Op.CPUID}


def place_pool(function: Function) -> None:
    """Give every pooled register one definition, at the nearest point before all its uses that no
    loop repeats. A copy of a pooled register needs no register of its own in between.
    """
    flow = Flow(function)
    pooled = function.pooled
    home: dict[int, Block] = {}
    for block in flow.order:
        for instr in block.instrs:
            if instr.op is Op.MOV and instr.srcs[0] in pooled:
                _load(instr, pooled[instr.srcs[0]])
                continue
            for src in instr.srcs:
                if src in pooled:
                    home[src] = flow.common(home.get(src, block), block)
        for src in block.end_srcs:
            if src in pooled:
                home[src] = flow.common(home.get(src, block), block)
    for register in sorted(home):
        block = home[register]
        outside = flow.outside_loops(block)
        site = _site(outside, function)
        load = Instr(Op.NOP, register, (), (), site)
        _load(load, pooled[register])
        position = len(outside.instrs)
        if outside is block:
            uses = (i for i, instr in enumerate(block.instrs) if register in instr.srcs)
            position = next(uses, position)
        outside.instrs.insert(position, load)


def _load(instr: Instr, key: tuple[str, int]) -> None:
    instr.op = _LOADS[key[0]]
    instr.srcs = ()
    instr.imms = () if key[0] == "id" else (key[1],)


def _site(block: Block, function: Function) -> Site:
    if block.instrs:
        return block.instrs[-1].site
    return block.end_site or function.site
