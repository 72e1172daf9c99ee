"""Integer operations that numba lacks, as LLVM instructions."""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from smplab.machine.jit import ONE, UINT64, inlined

HAS_PDEP = bool(llvm.get_host_cpu_features().get("bmi2", False))
"""Whether this CPU deposits bits in one instruction."""

I64 = ir.IntType(64)


@intrinsic  # type: ignore[untyped-decorator]
def pointer(_typing: Any, array: Any) -> Any:
    """Return a pointer to an array's first element.

    The engine works on pointers as C does: numba would count references to arrays in inner loops,
    and look for negative indices. The array must outlive the pointer.
    """

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        return context.make_array(kind)(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), emit


@intrinsic  # type: ignore[untyped-decorator]
def count_ones(_typing: Any, _x: Any) -> Any:
    """Return the number of set bits of a uint64, as int64."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), emit


@intrinsic  # type: ignore[untyped-decorator]
def lowest_one(_typing: Any, _x: Any) -> Any:
    """Return the position of the lowest set bit of a uint64 that is not 0, as int64."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), emit


@intrinsic  # type: ignore[untyped-decorator]
def leading_zeros(_typing: Any, _x: Any) -> Any:
    """Return the number of zeros above the highest set bit of a uint64 that is not 0, as int64."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), emit


@intrinsic  # type: ignore[untyped-decorator]
def high_product(_typing: Any, _x: Any, _y: Any) -> Any:
    """Return the upper 64 bits of the product of two uint64, as uint64."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(args[0], wide), builder.zext(args[1], wide))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), I64)

    return types.uint64(types.uint64, types.uint64), emit


@intrinsic  # type: ignore[untyped-decorator]
def product_overflows(_typing: Any, _x: Any, _y: Any) -> Any:
    """Tell whether the product of two int64 leaves int64."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.extract_value(builder.smul_with_overflow(args[0], args[1]), 1)

    return types.boolean(types.int64, types.int64), emit


@intrinsic  # type: ignore[untyped-decorator]
def _deposit(_typing: Any, _x: Any, _mask: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(I64, [I64, I64])
        pdep = builder.module.declare_intrinsic("llvm.x86.bmi.pdep.64", (), kind)
        return builder.call(pdep, args)

    return types.uint64(types.uint64, types.uint64), emit


@inlined
def nth_one_portable(word: Any, n: Any) -> Any:
    """Return the position of the n-th set bit (n from 0) of a uint64: clear the lower ones."""
    for _ in range(n):
        word &= word - ONE
    return lowest_one(word)


@inlined
def _nth_one_deposit(word: Any, n: Any) -> Any:
    return lowest_one(_deposit(ONE << UINT64(n), word))


nth_one = _nth_one_deposit if HAS_PDEP else nth_one_portable
