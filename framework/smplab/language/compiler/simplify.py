"""Control flow tidied: what is never reached, jumps to jumps, chains of blocks."""

from __future__ import annotations

from smplab.language.compiler.flow import Flow
from smplab.language.compiler.ir import Block, Function
from smplab.language.isa import Op


def simplify(function: Function) -> None:
    """Tidy the control flow of a function."""
    _skip_empty(function)
    _merge(function)


def _skip_empty(function: Function) -> None:
    """Let jumps to an empty block that only jumps on go where it goes."""
    entry = function.blocks[0]
    for block in function.blocks:
        for position, target in enumerate(block.targets):
            seen = {block}
            while target.end is Op.JMP and not target.instrs and target not in seen:
                seen.add(target)
                target = target.targets[0]
            if target is not entry:
                block.targets[position] = target
        if len(block.targets) == 2 and block.targets[0] is block.targets[1]:
            block.end, block.end_srcs = Op.JMP, ()
            del block.targets[1]


def _merge(function: Function) -> None:
    """Join blocks that only follow each other; drop what is never reached."""
    flow = Flow(function)
    gone: set[Block] = set()
    for block in flow.order:
        if block in gone:
            continue
        while block.end is Op.JMP:
            target = block.targets[0]
            if len(flow.preds[target]) != 1 or target is block or target is function.blocks[0]:
                break
            block.instrs += target.instrs
            block.end, block.end_srcs, block.end_site = target.end, target.end_srcs, target.end_site
            block.targets = target.targets
            gone.add(target)
            for successor in block.targets:
                flow.preds[successor] = [block if p is target else p for p in flow.preds[successor]]
    function.blocks = [block for block in flow.order if block not in gone]
