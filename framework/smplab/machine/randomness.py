"""Counter-based randomness: a number is a hash of what it is for, and of how many came before.

No generator has a state of its own, so that the order of drawing cannot matter, and two mechanisms
that run under one seed meet the same think times. The hash is the finalizer of SplitMix64 (G. L.
Steele, D. Lea, C. H. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014, with D.
Stafford's variant 13) over a linear combination of its inputs. The engine holds the same functions
in `smplab.machine.draws`; a test compares them.
"""

from __future__ import annotations

import hashlib
from typing import Final

MASK: Final = 2**64 - 1
BY_COUNT: Final = 0x9E3779B97F4A7C15
BY_ID: Final = 0xD1B54A32D192ED03
LN2_Q24: Final = 11629080
"""ln 2 in units of 2**-24."""
MAX_MEAN: Final = 2**56
"""Means of exponential variates lie below, so that no variate leaves int64."""


def mix(z: int) -> int:
    """Scramble 64 bits so that every input bit decides every output bit."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def key_of(seed: int, purpose: str) -> int:
    """Key of all draws under a seed for one purpose: arbitration, or a stream by its name."""
    name = hashlib.sha256(purpose.encode()).digest()
    return mix((mix(seed & MASK) + int.from_bytes(name[:8], "little")) & MASK)


def draw(key: int, number: int, count: int) -> int:
    """Return the 64 random bits of the `count`-th draw of CPU or line `number`."""
    return mix((key + number * BY_ID + count * BY_COUNT) & MASK)


def below(bits: int, bound: int) -> int:
    """Turn 64 random bits into a whole number in [0, bound); biased by less than bound / 2**64."""
    return (bits * bound) >> 64


def exponential(bits: int, mean: int) -> int:
    """Turn 64 random bits into an exponential variate of the given mean, rounded down.

    Inversion, -ln(u) * mean, in whole numbers only: the binary logarithm of u comes bit by bit from
    repeated squaring (D. E. Knuth, TAOCP 1, section 1.2.2, exercise 25), to 32 bits.
    """
    bits |= 1
    zeros = 64 - bits.bit_length()
    y = (bits << zeros) >> 32
    logarithm = 0
    for _ in range(32):
        y = (y * y) >> 31
        logarithm <<= 1
        if y >> 32:
            logarithm |= 1
            y >>= 1
    minus_log2_q32 = ((zeros + 1) << 32) - logarithm
    return (((minus_log2_q32 * LN2_Q24) >> 24) * mean) >> 32
