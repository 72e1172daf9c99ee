"""Copies followed, constants folded, and nothing computed twice.

Walks the dominator tree. A register with one definition behaves as in SSA form; the author's
variables, which have several, are followed only as far as no other way joins in.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from smplab.language.compiler.emitter import decide
from smplab.language.compiler.flow import Flow
from smplab.language.compiler.fold import fold
from smplab.language.compiler.ir import BRANCHES, FAILING, PURE, Block, Function, Instr
from smplab.language.isa import Op

_SHARED = (PURE | FAILING) - {Op.MOV}
_BRANCH_OF = {Op.EQ: Op.BEQ, Op.NE: Op.BNE, Op.LT: Op.BLT, Op.LE: Op.BLE}
Expression = tuple[Any, ...]


def definitions(function: Function) -> Counter[int]:
    """How many definitions each register has; arguments have one, pooled registers none."""
    count = Counter(function.arguments)
    count.update(instr.dst for instr in function.instructions() if instr.dst >= 0)
    return count


def number(function: Function) -> bool:
    """Simplify all instructions and branches; whether a branch was decided."""
    return _Numbering(function).run()


class _Numbering:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.flow = Flow(function)
        self.once = {r for r, n in definitions(function).items() if n == 1}
        self.once.update(function.pooled)
        self.same: dict[int, int] = {}
        self.decided = False

    def run(self) -> bool:
        children: dict[Block, list[Block]] = {block: [] for block in self.flow.order}
        for block in self.flow.order[1:]:
            children[self.flow.idom[block]].append(block)
        entry = self.function.blocks[0]
        pending: list[tuple[Block, dict[Expression, int], dict[int, int]]] = [(entry, {}, {})]
        while pending:
            block, known, copies = pending.pop()
            self._block(block, known, copies)
            for child in children[block]:
                follows = self.flow.preds[child] == [block]
                pending.append((child, dict(known), dict(copies) if follows else {}))
        return self.decided

    def _block(self, block: Block, known: dict[Expression, int], copies: dict[int, int]) -> None:
        kept: list[Instr] = []
        for instr in block.instrs:
            if instr.srcs:
                instr.srcs = tuple([self._current(src, copies) for src in instr.srcs])
            dst = instr.dst
            if dst < 0 or self._simplify(instr, known):
                kept.append(instr)
            if dst >= 0 and dst not in self.once:
                self._forget(dst, copies)
                if instr.op is Op.MOV and instr.srcs[0] != dst:
                    copies[dst] = instr.srcs[0]
            elif instr.op is Op.MOV and dst not in self.same:
                copies[dst] = instr.srcs[0]  # a snapshot of a variable, which may change later
        block.instrs = kept
        if block.end_srcs:
            block.end_srcs = tuple([self._current(src, copies) for src in block.end_srcs])
        if block.end in BRANCHES:
            self._compare(block)
            self._decide(block)

    def _current(self, register: int, copies: dict[int, int]) -> int:
        register = self.same.get(register, register)
        return copies.get(register, register)

    @staticmethod
    def _forget(register: int, copies: dict[int, int]) -> None:
        copies.pop(register, None)
        for stale in [copy for copy, source in copies.items() if source == register]:
            del copies[stale]

    def _simplify(self, instr: Instr, known: dict[Expression, int]) -> bool:
        """Simplify an instruction with a result; False if nothing remains of it."""
        function, once = self.function, self.once
        if instr.op in _SHARED:
            constants = [function.constant(src) for src in instr.srcs]
            folded = fold(instr.op, instr.srcs, constants, instr.imms, function)
            if isinstance(folded, int):
                once.add(folded) if folded in function.pooled else None
                instr.op, instr.srcs, instr.imms = Op.MOV, (folded,), ()
            elif folded is not None:
                instr.op, instr.srcs, instr.imms = folded
        if instr.dst not in once:
            return instr.op is not Op.MOV or instr.srcs[0] != instr.dst
        if instr.op is Op.MOV:
            if instr.srcs[0] in once:
                self.same[instr.dst] = instr.srcs[0]
                return False
        elif instr.op in _SHARED and all(src in once for src in instr.srcs):
            expression = (instr.op, instr.srcs, instr.imms)
            earlier = known.setdefault(expression, instr.dst)
            if earlier != instr.dst:
                self.same[instr.dst] = earlier
                return False
        return True

    def _compare(self, block: Block) -> None:
        """Let a branch on the outcome of a comparison do the comparison."""
        tested, zero = block.end_srcs
        if block.end not in (Op.BEQ, Op.BNE) or self.function.constant(zero) != 0:
            return
        for instr in reversed(block.instrs):
            if instr.dst == tested:
                if tested in self.once and instr.op in _BRANCH_OF:
                    if block.end is Op.BEQ:
                        block.targets.reverse()
                    block.end, block.end_srcs = _BRANCH_OF[instr.op], instr.srcs
                return
            if instr.dst >= 0 and instr.dst not in self.once:
                return  # perhaps what was compared

    def _decide(self, block: Block) -> None:
        a, b = block.end_srcs
        x, y = self.function.constant(a), self.function.constant(b)
        if a == b:
            taken = block.end in (Op.BEQ, Op.BLE)
        elif x is not None and y is not None and block.end is not None:
            taken = decide(block.end, x, y)
        else:
            return
        block.targets = [block.targets[0] if taken else block.targets[1]]
        block.end, block.end_srcs = Op.JMP, ()
        self.decided = True
