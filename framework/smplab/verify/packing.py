"""States as bits: where each component lies, and how wide it is.

A state's fields are the CPUs' local states, then their store buffers, then the words of memory.
Every field starts narrow; when a value does not fit, the field is widened and all states packed
anew. A field that did not exist when a state was stored reads as 0 there, which is what it was.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from smplab.machine.jit import UINT64, inlined
from smplab.verify.jit import kept

States = npt.NDArray[np.uint64]
WORD, SHIFT, MASK = UINT64(0), UINT64(1), UINT64(2)


class Packing:
    """The fields' places in a state of uint64 words.

    Attributes:
        widths: bits of each field.
        at: uint64 [fields, 3]: word, shift and mask of each field.
        words: uint64 words of a state.
    """

    def __init__(self, widths: list[int]) -> None:
        self.widths = list(widths)
        self.at: States = np.zeros((0, 3), np.uint64)
        self.words = 1
        self.place()

    def place(self) -> None:
        """Give every field its place; none straddles two words."""
        word, shift = 0, 0
        at = []
        for width in self.widths:
            if shift + width > 64:
                word, shift = word + 1, 0
            at.append((word, shift, 2**width - 1))
            shift += width
        self.at = np.array(at, np.uint64).reshape(len(at), 3)
        self.words = word + 1

    @property
    def bits(self) -> int:
        """Bits that a state needs."""
        return sum(self.widths)

    def unpack(self, state: States) -> list[int]:
        """Return the fields of one packed state."""
        return [int(state[int(w)]) >> int(s) & int(m) for w, s, m in self.at]


@inlined
def get(state: Any, at: Any, field: Any) -> Any:
    """Return a field of a state, as int64."""
    f = UINT64(field)
    return np.int64((state[at[f, WORD]] >> at[f, SHIFT]) & at[f, MASK])


@inlined
def put(state: Any, at: Any, field: Any, value: Any) -> Any:
    """Set a field of a state to a value that fits."""
    f = UINT64(field)
    word, shift = at[f, WORD], at[f, SHIFT]
    state[word] = (state[word] & ~(at[f, MASK] << shift)) | (UINT64(value) << shift)


@inlined
def fits(at: Any, field: Any, value: Any) -> Any:
    """Tell whether a value fits into a field."""
    return UINT64(value) <= at[UINT64(field), MASK]


@kept
def repack(old: Any, old_at: Any, new: Any, new_at: Any, first: Any, count: Any, wrap: Any) -> None:
    """Copy states `first` to `count` - 1 into another packing; rows are numbers modulo wrap + 1."""
    for n in range(first, count):
        row = UINT64(n) & wrap
        for word in range(new.shape[1]):
            new[row, UINT64(word)] = UINT64(0)
        for f in range(old_at.shape[0]):
            put(new[row], new_at, f, get(old[row], old_at, f))
