"""`smplab.machine.randomness` for the engine: the same functions on uint64."""

from __future__ import annotations

from typing import Any

import numpy as np

from smplab.machine import randomness
from smplab.machine.bits import high_product, leading_zeros
from smplab.machine.jit import ONE, UINT64, inlined

BY_COUNT = np.uint64(randomness.BY_COUNT)
BY_ID = np.uint64(randomness.BY_ID)
MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)
LN2_Q24 = np.uint64(randomness.LN2_Q24)
_24, _27, _30, _31, _32 = (np.uint64(n) for n in (24, 27, 30, 31, 32))


@inlined
def mix(z: Any) -> Any:
    """As `randomness.mix`."""
    z = (z ^ (z >> _30)) * MULTIPLIER_1
    z = (z ^ (z >> _27)) * MULTIPLIER_2
    return z ^ (z >> _31)


@inlined
def draw(key: Any, number: Any, count: Any) -> Any:
    """As `randomness.draw`; number and count are int64."""
    return mix(key + UINT64(number) * BY_ID + UINT64(count) * BY_COUNT)


@inlined
def below(bits: Any, bound: Any) -> Any:
    """As `randomness.below`; the bound and the answer are int64."""
    return np.int64(high_product(bits, UINT64(bound)))


@inlined
def exponential(bits: Any, mean: Any) -> Any:
    """As `randomness.exponential`; the mean and the answer are int64."""
    bits |= ONE
    zeros = UINT64(leading_zeros(bits))
    y = (bits << zeros) >> _32
    logarithm = UINT64(0)
    for _ in range(32):
        y = (y * y) >> _31
        carry = y >> _32
        logarithm = (logarithm << ONE) | carry
        y >>= carry
    minus_log2_q32 = ((zeros + ONE) << _32) - logarithm
    nats_q32 = (minus_log2_q32 * LN2_Q24) >> _24
    wide = UINT64(mean)
    return np.int64((high_product(nats_q32, wide) << _32) | ((nats_q32 * wide) >> _32))
