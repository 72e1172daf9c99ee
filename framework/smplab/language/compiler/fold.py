"""Folding of single instructions. What would fail is left for the run to diagnose."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from smplab.language.compiler.ir import Function
from smplab.language.isa import Op

MIN_WORD, MAX_WORD = -(2**63), 2**63 - 1

Folded = tuple[Op, tuple[int, ...], tuple[Any, ...]]

_EVALUATE: dict[Op, Callable[[int, int], int]] = {
    Op.ADD: operator.add,
    Op.SUB: operator.sub,
    Op.MUL: operator.mul,
    Op.DIV: operator.floordiv,
    Op.MOD: operator.mod,
    Op.AND: operator.and_,
    Op.OR: operator.or_,
    Op.XOR: operator.xor,
    Op.EQ: lambda a, b: int(a == b),
    Op.NE: lambda a, b: int(a != b),
    Op.LT: lambda a, b: int(a < b),
    Op.LE: lambda a, b: int(a <= b),
}


def evaluate(op: Op, a: int, b: int) -> int | None:
    """The result of a binary instruction; None if it would fail or is not known here."""
    if op in (Op.SHL, Op.SHR, Op.SAR):
        if not 0 <= b <= 63:
            return None
        if op is Op.SHR:
            result = (a & (2**64 - 1)) >> b
            result -= 2**64 if result > MAX_WORD else 0
        else:
            result = a << b if op is Op.SHL else a >> b
    else:
        function = _EVALUATE.get(op)
        if function is None or (b == 0 and op in (Op.DIV, Op.MOD)):
            return None
        result = function(a, b)
    return result if MIN_WORD <= result <= MAX_WORD else None


def fold(
    op: Op,
    srcs: tuple[int, ...],
    constants: Sequence[int | None],
    imms: tuple[Any, ...],
    function: Function,
) -> int | Folded | None:
    """Simplify an instruction.

    Returns:
        the register that already holds its result, an instruction that does the same for less, or
        None if it stays as it is.
    """
    if op is Op.ADDI:
        if imms[0] == 0:
            return srcs[0]
        if constants[0] is not None:
            total = constants[0] + imms[0]
            return function.pooled_register("i", total) if MIN_WORD <= total <= MAX_WORD else None
        return None
    if len(srcs) != 2 or imms:
        return None
    a, b = constants
    if a is not None and b is not None:
        result = evaluate(op, a, b)
        return None if result is None else function.pooled_register("i", result)
    if op is Op.ADD and a is not None:
        return srcs[1] if a == 0 else (Op.ADDI, (srcs[1],), (a,))
    if op is Op.ADD and b is not None:
        return srcs[0] if b == 0 else (Op.ADDI, (srcs[0],), (b,))
    if op is Op.SUB and b is not None and b != MIN_WORD:
        return srcs[0] if b == 0 else (Op.ADDI, (srcs[0],), (-b,))
    if op is Op.MUL and 1 in (a, b):
        return srcs[1] if a == 1 else srcs[0]
    return None
