"""Conditions: short-circuit operators and comparisons as jumps."""

from __future__ import annotations

import ast

from smplab.language.compiler.expressions import Expressions
from smplab.language.compiler.ir import Block
from smplab.language.compiler.values import Reg, Static, Value
from smplab.language.isa import Op


class Conditions(Expressions):
    """Jumping on conditions. A side that cannot be reached stays unreached and is not compiled."""

    def condition(self, node: ast.expr, yes: Block, no: Block) -> None:
        """End the current block with jumps to `yes` and `no`."""
        match node:
            case ast.UnaryOp(op=ast.Not()):
                self.condition(node.operand, no, yes)
            case ast.BoolOp():
                self._short_circuit(node, yes, no)
            case ast.Compare():
                self._chain(node, yes, no)
            case _:
                self._truth(node, self.value(node), yes, no)

    def _truth(self, node: ast.expr, value: Value, yes: Block, no: Block) -> None:
        if isinstance(value, Static):
            self.jump(node, yes if value.object else no)
            return
        if isinstance(value, Reg) and value.offset:
            value = Reg(self.register(node, value), value.kind)
        self.branch(node, Op.BNE, self.register(node, value), self.number(0), yes, no)

    def _short_circuit(self, node: ast.BoolOp, yes: Block, no: Block) -> None:
        *first, last = node.values
        for operand in first:
            going_on = self.function.new_block()
            if isinstance(node.op, ast.And):
                self.condition(operand, going_on, no)
            else:
                self.condition(operand, yes, going_on)
            if not self.start(going_on):
                return
        self.condition(last, yes, no)

    def _chain(self, node: ast.Compare, yes: Block, no: Block) -> None:
        left = self.value(node.left)
        for position, (op, comparator) in enumerate(zip(node.ops, node.comparators, strict=True)):
            right = self.value(comparator)
            last = position == len(node.ops) - 1
            going_on = yes if last else self.function.new_block()
            known = self.static_compare(op, left, right)
            if known is not None:
                self.jump(node, going_on if known else no)
            else:
                _, branch, exchanged = self.comparison(node, op)
                a, b = self.register(node, left), self.register(node, right)
                self.branch(
                    node, branch, b if exchanged else a, a if exchanged else b, going_on, no
                )
            if last or not self.start(going_on):
                return
            left = right
