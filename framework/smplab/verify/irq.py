"""A CPU's interrupt controller as the checker sees it: what is under way, pending, and noticed.

Time is nondeterminism. An interrupt that was sent is *under way* until it arrives, at any moment; a
timer that was set fires at any later moment, and whether `cpu.time()` has then reached the cycle it
was set to is as open as every reading of the clock (`smplab.verify.alternatives`). Under weak
fairness both happen in the end; a state whose only way on is an arrival is no deadlock.

Each interrupt sent arrives once. They are counted, vector by vector, up to MAX_UNDER_WAY; one more
is dropped, and the verdict is then `bounded` by it.

A controller is a word of the state, which its CPU (take, wait, set timer), those who send and the
arrivals change. Its values are numbered like those of a word of memory, all controllers alike, and
`IrqTable` says of each what arrivals and the beginning of a handler make of it, so that the search
looks that up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from smplab.verify import tables as t

MAX_UNDER_WAY: Final = 3
"""Interrupts of one vector that may be under way to one CPU."""
NO_TIMER: Final = -1


class Irq(NamedTuple):
    """The state of one controller.

    Attributes:
        under_way: interrupts that were sent and have not arrived, by vector.
        pending: vectors that have arrived and were not taken, as bits.
        event: a vector came while the CPU took none, and no WAIT has ended by it since.
        timer: vector of the timer that is set, or NO_TIMER.
    """

    under_way: tuple[int, ...]
    pending: int = 0
    event: int = 0
    timer: int = NO_TIMER

    @property
    def first(self) -> int:
        """The vector that is taken next, or -1."""
        return (self.pending & -self.pending).bit_length() - 1

    def sent(self, vector: int) -> Irq:
        """One more interrupt is under way, if there is room for it."""
        counts = list(self.under_way)
        counts[vector] = min(counts[vector] + 1, MAX_UNDER_WAY)
        return self._replace(under_way=tuple(counts))

    def full(self, vector: int) -> bool:
        """Whether there is no room for another interrupt under way."""
        return self.under_way[vector] == MAX_UNDER_WAY

    def taken(self, vector: int) -> Irq:
        """A vector is pending no longer."""
        return self._replace(pending=self.pending & ~(1 << vector))

    def lost(self, which: int) -> Irq | None:
        """Arrival `which` (a vector, or the timer after the last) reaches a CPU that has halted.

        Returns:
            None if there is no such interrupt under way.
        """
        if which == len(self.under_way):
            return self._replace(timer=NO_TIMER) if self.timer != NO_TIMER else None
        if not self.under_way[which]:
            return None
        counts = list(self.under_way)
        counts[which] -= 1
        return self._replace(under_way=tuple(counts))

    def arrived(self, which: int) -> Irq | None:
        """Arrival `which` reaches a CPU that takes interrupts, or that it wakes."""
        after = self.lost(which)
        vector = self.timer if which == len(self.under_way) else which
        return after and after._replace(pending=self.pending | 1 << vector)

    def noted(self, which: int) -> Irq | None:
        """Arrival `which` reaches a CPU that takes no interrupts and does not sleep."""
        after = self.arrived(which)
        return after and after._replace(event=1)


class IrqTable:
    """All states that controllers have been in, numbered, and what they become.

    Attributes:
        values, numbers: shared by all controllers' words.
        arrivals: kinds of arrival: vectors, and the timer.
        table: rows of `smplab.verify.tables`, IRQ columns.
    """

    def __init__(self, vectors: int) -> None:
        self.arrivals = vectors + 1 if vectors else 0
        self.values: list[Irq] = []
        self.numbers: dict[Irq, int] = {}
        self.table = t.Table(t.FIRST_ARRIVAL + t.ARRIVAL_COLUMNS * self.arrivals, -1)
        self.number(Irq((0,) * vectors))

    def number(self, irq: Irq) -> int:
        """Return the number of a state, new or known; what follows from it is numbered as well."""
        if irq in self.numbers:
            return self.numbers[irq]
        number = self.numbers[irq] = len(self.values)
        self.values.append(irq)
        self.table.extend(1)
        row = [irq.first, self.number(irq.taken(irq.first)) if irq.pending else -1, irq.event]
        for which in range(self.arrivals):
            row += [-1 if after is None else self.number(after) for after in _after(irq, which)]
        self.table.rows[number] = row
        return number


def _after(irq: Irq, which: int) -> Iterator[Irq | None]:
    """In the order of the table's columns: taken note of, noted, lost."""
    yield irq.arrived(which)
    yield irq.noted(which)
    yield irq.lost(which)
