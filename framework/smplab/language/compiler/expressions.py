"""Expressions that give a value."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from smplab.language.compiler.fold import MAX_WORD, MIN_WORD
from smplab.language.compiler.ir import Block
from smplab.language.compiler.places import Places
from smplab.language.compiler.refusals import refused_expression
from smplab.language.compiler.values import (
    PlaceValue,
    Reg,
    Static,
    Value,
    is_number,
    join_kinds,
    struct_fits,
)
from smplab.language.fields import Kind, RefKind, Scalar
from smplab.language.isa import Op

BINARY: dict[type[ast.operator], tuple[Op, Callable[[Any, Any], Any]]] = {
    ast.Add: (Op.ADD, operator.add),
    ast.Sub: (Op.SUB, operator.sub),
    ast.Mult: (Op.MUL, operator.mul),
    ast.FloorDiv: (Op.DIV, operator.floordiv),
    ast.Mod: (Op.MOD, operator.mod),
    ast.BitAnd: (Op.AND, operator.and_),
    ast.BitOr: (Op.OR, operator.or_),
    ast.BitXor: (Op.XOR, operator.xor),
    ast.LShift: (Op.SHL, operator.lshift),
    ast.RShift: (Op.SAR, operator.rshift),
}
_UNARY: dict[type[ast.unaryop], Callable[[int], int]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
_BITWISE = (ast.BitAnd, ast.BitOr, ast.BitXor)
COMPARE: dict[type[ast.cmpop], tuple[Op, Op, bool]] = {
    ast.Eq: (Op.EQ, Op.BEQ, False),
    ast.NotEq: (Op.NE, Op.BNE, False),
    ast.Lt: (Op.LT, Op.BLT, False),
    ast.LtE: (Op.LE, Op.BLE, False),
    ast.Gt: (Op.LT, Op.BLT, True),
    ast.GtE: (Op.LE, Op.BLE, True),
}
"""Instruction, branch, and whether the operands change places."""


class Expressions(Places):
    """Evaluating expressions."""

    def condition(self, node: ast.expr, yes: Block, no: Block) -> None:
        """Jump to one of two blocks; the layer of conditions defines it."""
        raise NotImplementedError

    def call(self, node: ast.Call) -> Value | None:
        """A call; None if it gives no value. The layer of calls defines it."""
        raise NotImplementedError

    def value(self, node: ast.expr) -> Value:
        """Evaluate an expression; a field is loaded."""
        match node:
            case ast.Constant():
                if isinstance(node.value, float | complex | bytes) or node.value is ...:
                    raise refused_expression(self, node)
                return Static(node.value)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                located = self.locate(node)
                if not isinstance(located, PlaceValue):
                    return located
                if isinstance(node, ast.Name):
                    self.fail(node, f"`{node.id}` is a place, not a value", f"cpu.load({node.id})")
                return self.load(node, located)
            case ast.BinOp():
                return self._binary(node, node.op, self.value(node.left), self.value(node.right))
            case ast.UnaryOp():
                return self._unary(node)
            case ast.Compare():
                return self._compare(node)
            case ast.BoolOp():
                return self._bool_op(node)
            case ast.IfExp():
                return self._if_expression(node)
            case ast.Call():
                result = self.call(node)
                if result is None:
                    self.fail(
                        node,
                        "this call gives no value",
                        "a call on a line of its own, or a routine that returns a value",
                    )
                return result
            case ast.Tuple() | ast.List() if isinstance(node.ctx, ast.Load):
                return self._sequence(node)
            case _:
                raise refused_expression(self, node)

    def kind(self, value: Value) -> Kind:
        """The kind of a value that can be a word."""
        if isinstance(value, Reg):
            return value.kind
        if isinstance(value, Static) and is_number(value.object):
            if isinstance(value.object, bool):
                return Scalar.BOOL
            return Scalar.NULL if value.object == 0 else Scalar.INT
        return Scalar.INT

    def _binary(self, node: ast.AST, op: ast.operator, left: Value, right: Value) -> Value:
        known = BINARY.get(type(op))
        if known is None:
            raise refused_expression(self, node)
        if isinstance(left, Static) and isinstance(right, Static):
            numbers = is_number(left.object) and is_number(right.object)
            in_range = (
                not numbers
                or not isinstance(op, ast.LShift | ast.RShift)
                or 0 <= right.object <= 63
            )
            if in_range:
                try:
                    result = known[1](left.object, right.object)
                except ZeroDivisionError:
                    result = None
                except TypeError as error:
                    self.fail(node, str(error), "operands that go together")
                # What overflows is left to fail when (and only if) the run gets there.
                if not numbers or (result is not None and MIN_WORD <= result <= MAX_WORD):
                    return self.wrap(result)
        both_bool = self.kind(left) is Scalar.BOOL and self.kind(right) is Scalar.BOOL
        kind: Kind = Scalar.BOOL if both_bool and isinstance(op, _BITWISE) else Scalar.INT
        return Reg(
            self.compute(node, known[0], (self.register(node, left), self.register(node, right))),
            kind,
        )

    def _unary(self, node: ast.UnaryOp) -> Value:
        value = self.value(node.operand)
        if isinstance(value, Static):
            if isinstance(node.op, ast.Not):
                return Static(not value.object)
            if is_number(value.object):
                folded = _UNARY[type(node.op)](value.object)
                if folded <= MAX_WORD:
                    return Static(folded)
        register = self.register(node.operand, value)
        if isinstance(node.op, ast.Not):
            return Reg(self.compute(node, Op.EQ, (register, self.number(0))), Scalar.BOOL)
        if isinstance(node.op, ast.UAdd):
            return Reg(register, Scalar.INT)
        if isinstance(node.op, ast.USub):
            return Reg(self.compute(node, Op.SUB, (self.number(0), register)), Scalar.INT)
        return Reg(self.compute(node, Op.XOR, (register, self.number(-1))), Scalar.INT)

    def static_compare(self, op: ast.cmpop, left: Value, right: Value) -> bool | None:
        """The result of a comparison that is known now, else None."""
        if isinstance(op, ast.Eq | ast.NotEq) and isinstance(left, Static) != isinstance(
            right, Static
        ):
            # A run-time value is a number: it is never a string, None or another object.
            known = left if isinstance(left, Static) else right
            assert isinstance(known, Static)
            if not is_number(known.object):
                return isinstance(op, ast.NotEq)
        if not (isinstance(left, Static) and isinstance(right, Static)):
            return None
        a, b = left.object, right.object
        table: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
            ast.Eq: operator.eq,
            ast.NotEq: operator.ne,
            ast.Lt: operator.lt,
            ast.LtE: operator.le,
            ast.Gt: operator.gt,
            ast.GtE: operator.ge,
            ast.Is: operator.is_,
            ast.IsNot: operator.is_not,
            ast.In: lambda x, y: x in y,
            ast.NotIn: lambda x, y: x not in y,
        }
        return bool(table[type(op)](a, b))

    def comparison(self, node: ast.AST, op: ast.cmpop) -> tuple[Op, Op, bool]:
        """How a comparison of run-time values is done."""
        known = COMPARE.get(type(op))
        if known is None:
            self.fail(
                node,
                f"`{_OPERATOR[type(op)]}` compares compile-time objects only",
                "== or != for numbers and references, one comparison for each candidate",
            )
        return known

    def _compare(self, node: ast.Compare) -> Value:
        if len(node.ops) > 1:
            return self.truth_of(node)
        left, right = self.value(node.left), self.value(node.comparators[0])
        known = self.static_compare(node.ops[0], left, right)
        if known is not None:
            return Static(known)
        op, _, exchanged = self.comparison(node, node.ops[0])
        operands = (self.register(node, left), self.register(node, right))
        return Reg(self.compute(node, op, operands[::-1] if exchanged else operands), Scalar.BOOL)

    def truth_of(self, node: ast.expr) -> Value:
        """0 or 1 for a condition."""
        yes, no, end = (self.function.new_block() for _ in range(3))
        self.condition(node, yes, no)
        if yes.reached != no.reached:
            self.start(yes if yes.reached else no)
            return Static(yes.reached)
        result = self.function.new_register()
        for block, outcome in ((yes, 1), (no, 0)):
            self.start(block)
            self.move(node, result, self.number(outcome))
            self.jump(node, end)
        self.start(end)
        return Reg(result, Scalar.BOOL)

    def _bool_op(self, node: ast.BoolOp) -> Value:
        """`a and b` gives one of its operands, as in Python."""
        stops_on = isinstance(node.op, ast.Or)
        result, kind = -1, None
        end = self.function.new_block()
        last = node.values[-1]
        for operand in node.values:
            value = self.value(operand)
            if isinstance(value, Static):
                if bool(value.object) == stops_on or operand is last:
                    if result < 0:
                        return value
                    last = operand
                else:
                    continue
            register = self.register(operand, value)
            if result < 0:
                if operand is last:
                    return value
                result = self.function.new_register()
            kind = self.kind(value) if kind is None else join_kinds(kind, self.kind(value))
            self.move(operand, result, register)
            if operand is last:
                break
            going_on = self.function.new_block()
            branch = (end, going_on) if stops_on else (going_on, end)
            self.branch(operand, Op.BNE, register, self.number(0), *branch)
            if not self.start(going_on):
                break
        self.jump(node, end)
        self.start(end)
        assert kind is not None
        return Reg(result, kind)

    def _if_expression(self, node: ast.IfExp) -> Value:
        yes, no, end = (self.function.new_block() for _ in range(3))
        self.condition(node.test, yes, no)
        if yes.reached != no.reached:
            self.start(yes if yes.reached else no)
            return self.value(node.body if yes.reached else node.orelse)
        result = self.function.new_register()
        kinds = []
        for block, arm in ((yes, node.body), (no, node.orelse)):
            self.start(block)
            value = self.value(arm)
            self.move(arm, result, self.register(arm, value))
            kinds.append(self.kind(value))
            self.jump(arm, end)
        self.start(end)
        return Reg(result, join_kinds(*kinds))

    def _sequence(self, node: ast.Tuple | ast.List) -> Value:
        items = [self.value(item) for item in node.elts]
        if not all(isinstance(item, Static) for item in items):
            self.fail(
                node,
                "a tuple of run-time values is no value",
                "one variable for each, or an Array in memory",
            )
        return Static(tuple(item.object for item in items if isinstance(item, Static)))

    def check_kind(self, node: ast.AST, kind: Kind, wanted: Kind) -> None:
        """Refuse to keep a reference where one to another Struct is declared."""
        if isinstance(kind, RefKind):
            if kind.ghost:
                self.fail(node, "a reference to ghost memory cannot be stored", "its index")
            if isinstance(wanted, RefKind) and not struct_fits(kind.struct, wanted.struct):
                self.fail(node, f"{kind} where {wanted} is declared", f"a {wanted}")


_OPERATOR = {ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in"}
