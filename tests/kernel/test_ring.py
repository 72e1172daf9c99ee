"""The ring: all interleavings of small ones; each entry is taken once, in its producer's order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from smplab.kernel.contracts import Scenario
from smplab.kernel.ring import Ring
from smplab.language import NULL, Array, Cpu, Memory, Word, parameter, routine
from tests.kernel.exploring import explore, holds


@dataclass(eq=False)
class Passing(Scenario):
    """CPU 0 takes what the others put into its ring; each then looks whether its last was taken."""

    kind: ClassVar[type[Ring]] = Ring

    count: int = parameter(1, "entries", build=True, minimum=1)
    items: int = parameter(2, "items of each producer", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """The ring; for each producer how many of its items came."""
        self.ring = self.kind(self.count)
        self.ring.layout(memory)
        self.came: Array[Word] = memory.ghost(Word, "cpus")

    def progress(self) -> str:
        """All come through."""
        return "every"

    @routine
    def run(self, cpu: Cpu) -> None:
        """Put or take."""
        if cpu.id == 0:
            for _ in range((cpu.count - 1) * self.items):
                self.take(cpu)
        else:
            for number in range(self.items):
                self.put(cpu, number)

    @routine
    def put(self, cpu: Cpu, number: Word) -> None:
        """Put an item in; return when it was taken."""
        cpu.begin("operation")
        ticket = self.ring.put(cpu, 0, 0, cpu.id, number)
        while ticket < 0:
            full = self.ring.at(cpu, 0, self.ring.ends[0].drawn)
            if full.turn % 2 == 1:
                cpu.wait(full.turn)
            ticket = self.ring.put(cpu, 0, 0, cpu.id, number)
        if number + 1 == self.items:
            while not self.ring.was_taken(cpu, 0, ticket):
                cpu.wait(self.ring.at(cpu, 0, ticket).turn)
            cpu.check(self.came[cpu.id] == self.items, "an item was taken before it was read")
        cpu.end("operation")

    @routine
    def take(self, cpu: Cpu) -> None:
        """Take one item."""
        cpu.begin("operation")
        item = self.ring.first(cpu)
        while item == NULL:
            cpu.wait(self.ring.at(cpu, 0, self.ring.ends[0].taken).turn)
            item = self.ring.first(cpu)
        producer = item.first
        cpu.check(item.second == self.came[producer], "an item came twice, late, or never")
        self.came[producer] += 1
        self.ring.take(cpu, item)
        cpu.end("operation")


@dataclass(eq=False)
class Unfinished(Ring):
    """An entry is free again as soon as it is drawn anew: `free` forgets the rounds."""

    @routine
    def free(self, cpu: Cpu, ticket: Word) -> Word:
        """As if every ticket were of the first round."""
        return 0


@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize(("cpus", "count", "items"), [(2, 1, 4), (3, 1, 2), (3, 2, 2), (3, 3, 2)])
def test_every_item_comes_once_and_in_order(cpus: int, count: int, items: int, model: str) -> None:
    assert holds(explore(Passing(count=count, items=items), cpus=cpus, model=model))


@dataclass(eq=False)
class Forgetful(Passing):
    """The scenario with a ring that forgets the rounds."""

    kind = Unfinished


def test_a_ring_that_forgets_its_rounds_is_caught() -> None:
    assert not holds(explore(Forgetful(count=1, items=2)))
