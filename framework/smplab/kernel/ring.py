"""A ring of requests for every CPU, which any CPU fills and its owner takes from, without a lock.

Producers draw tickets; an entry's `turn` says whose it is: 2k free for the k-th time, 2k + 1 filled
for the k-th time. So the producer of a ticket can tell from its entry when it was taken.

Invariants:

- Who has drawn a ticket fills its entry without waiting for anybody.
- Entries are taken in the order of their tickets, each once; `turn` never decreases.

Source: D. Vyukov's bounded queue (2010), its turns counted in twos so that one entry is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.language.component import Component, parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import NULL, Array, Ref, Struct, Word, aligned


class Entry(Struct):
    """A request: what is asked for, and two words that say of what."""

    turn: Word = aligned()
    what: Word
    first: Ref[Any]
    second: Ref[Any]


class Ends(Struct):
    """Where producers and the owner of a ring are."""

    drawn: Word = aligned()  # tickets given out
    taken: Word = aligned()  # the owner's alone


@dataclass(eq=False)
class Ring(Component):
    """`count` entries for every CPU."""

    count: int = parameter(32, "entries for each CPU", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """Entries and ends, on the node of the CPU that takes."""
        self.entries: Array[Entry] = memory.per_cpu(Entry, self.count)
        self.ends: Array[Ends] = memory.per_cpu(Ends)

    @routine
    def at(self, cpu: Cpu, owner: Word, ticket: Word) -> Ref[Entry]:
        """The entry that a ticket is for."""
        return self.entries[owner * self.count + ticket % self.count]

    @routine
    def free(self, cpu: Cpu, ticket: Word) -> Word:
        """The turn of a ticket's entry that is free; 1 more: it is filled; 2 more: taken."""
        return 2 * (ticket // self.count)

    @routine
    def put(self, cpu: Cpu, owner: Word, what: Word, first: Any, second: Any) -> Word:
        """Ask something of CPU `owner`; the ticket, or -1 if its ring is full."""
        ends = self.ends[owner]
        while True:
            ticket = ends.drawn
            entry = self.at(cpu, owner, ticket)
            if entry.turn == self.free(cpu, ticket):
                if cpu.cas(ends.drawn, ticket, ticket + 1):
                    entry.what = what
                    entry.first = first
                    entry.second = second
                    entry.turn = self.free(cpu, ticket) + 1
                    return ticket
            elif ends.drawn == ticket:
                return -1

    @routine
    def first(self, cpu: Cpu) -> Ref[Entry]:
        """This CPU's filled entry that was drawn first, NULL if there is none."""
        taken = self.ends[cpu.id].taken
        entry = self.at(cpu, cpu.id, taken)
        if entry.turn != self.free(cpu, taken) + 1:
            entry = NULL
        return entry

    @routine
    def take(self, cpu: Cpu, entry: Ref[Entry]) -> None:
        """Give back what `first` returned; its producer sees that it was taken."""
        self.ends[cpu.id].taken += 1
        entry.turn += 1

    @routine
    def was_taken(self, cpu: Cpu, owner: Word, ticket: Word) -> bool:
        """Whether CPU `owner` has taken what was put in with a ticket."""
        entry = self.at(cpu, owner, ticket)
        taken: bool = entry.turn > self.free(cpu, ticket) + 1
        return taken
