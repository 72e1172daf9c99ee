"""The words of memory that a check has met, and the values that each has taken.

A word that nobody touched is not part of the state. A word's values are numbered as they appear,
the value after boot being number 0, so a word that only takes two values is one bit of a state.

What CPUs share beside memory are words as well, of other areas: their values are no integers but
whatever says in which state a context, an interrupt controller, a TLB or an instrumentation point
is.
"""

from __future__ import annotations

from collections.abc import Hashable
from enum import IntEnum
from typing import Any

from smplab.language.image import LINE_WORDS, Program
from smplab.language.isa import Op
from smplab.verify import tables as t


class Area(IntEnum):
    """Where a word lies; its address there is a number of whatever it stands for."""

    MEMORY = 0
    GHOST = 1
    IRQ = 2  # interrupt controllers, by CPU
    CONTEXT = 3
    TLB = 4  # by CPU
    POINT = 5


class OverflowFault(ArithmeticError):
    """A fetch-and-add whose sum leaves int64."""


class Words:
    """Slots (words in use), their values, and pending stores (a value on its way to a slot).

    Attributes:
        memory_words, ghost_words: size of memory and ghost memory.
        key: of each slot, its area, and its address there.
        line: of each slot, its line, or -1 outside memory.
        values: of each slot, the values it has taken.
        table, stores: `line`, and the pending stores, for the search.
    """

    def __init__(self, program: Program, memory: list[int], ghost: list[int]) -> None:
        self.memory_words, self.ghost_words = program.memory_words, program.ghost_words
        self._initial = {Area.MEMORY: memory, Area.GHOST: ghost}
        self.key: list[tuple[Area, int]] = []
        self.line: list[int] = []
        self.values: list[list[Any]] = []
        self.table = t.Table(t.WORD_COLUMNS, -1)
        self.stores = t.Table(t.STORE_COLUMNS, -1)
        self._slots: dict[tuple[Area, int], int] = {}
        self._numbers: list[dict[Any, int]] = []
        self._stores: dict[tuple[int, int], int] = {}

    def slot(self, area: Area, address: int) -> int:
        """Return the slot of a word, new or known."""
        key = area, address
        if key not in self._slots:
            initial = self._initial[area][address]
            self.add(area, address, [initial], {initial: 0})
        return self._slots[key]

    def add(self, area: Area, address: int, values: list[Any], numbers: dict[Any, int]) -> None:
        """Enter a word with the values that it may have, number 0 being its first."""
        self._slots[area, address] = len(self.key)
        self.key.append((area, address))
        self.line.append(-1 if area else address // LINE_WORDS)
        self.values.append(values)
        self._numbers.append(numbers)
        row = self.table.extend(1)  # first: it may replace `rows`
        self.table.rows[row] = self.line[-1]

    def value(self, slot: int, number: int) -> Any:
        """Return a value of a slot."""
        return self.values[slot][number]

    def number(self, slot: int, value: Hashable) -> int:
        """Return the number of a slot's value, new or known."""
        numbers = self._numbers[slot]
        if value not in numbers:
            numbers[value] = len(numbers)
            self.values[slot].append(value)
        return numbers[value]

    def store(self, slot: int, number: int) -> int:
        """Return the number of a pending store, new or known."""
        key = slot, number
        if key not in self._stores:
            self._stores[key] = self.stores.extend(1)
            self.stores.rows[self._stores[key]] = key
        return self._stores[key]


def atomic(op: Op, old: int, d: int, e: int) -> tuple[int, int]:
    """Return the result and the new value of an atomic that meets `old`.

    Raises:
        OverflowFault: the sum does not fit into 64 bits.
    """
    if op is Op.CAS:
        return (1, e) if old == d else (0, old)
    if op is Op.FADD:
        if not -(2**63) <= old + d < 2**63:
            raise OverflowFault
        return old, old + d
    return old, {Op.SWAP: d, Op.FOR: old | d, Op.FAND: old & d}[op]
