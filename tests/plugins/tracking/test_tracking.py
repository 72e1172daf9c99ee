"""Sets of CPUs: what every filling of `tracking` owes, and that `bitmap` is exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from smplab.kernel.contracts import Workload
from smplab.kernel.tracking import Tracking
from smplab.language import Array, Cpu, Memory, Word, parameter, routine, slot
from smplab.language.build import build_image
from smplab.language.image import Layout
from smplab.machine import simulate
from smplab.machine.errors import CheckFailed
from smplab.machine.result import Limits
from smplab.testing.locks import small_machine
from smplab_plugins.tracking.bitmap import Bitmap
from smplab_plugins.tracking.broadcast import Broadcast


@dataclass(eq=False)
class Joining(Workload):
    """All CPUs add and remove themselves in set 0, over and over; then some of them stay in.

    CPU 0 reads the sets at the end, after it has copied set 0 to set 1.
    """

    tracking: Tracking = slot()

    rounds: int = parameter(20, "times that a CPU adds and removes itself", minimum=1)
    stays: int = parameter(2, "of so many CPUs, one stays in", minimum=1)

    def layout(self, memory: Memory) -> None:
        """The members that were found, and who is done."""
        self.found: Array[Word] = memory.array(Word, "cpus")
        self.done: Array[Word] = memory.array(Word, 1)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Join and leave; CPU 0 looks."""
        for _ in range(self.rounds):
            self.tracking.add(cpu, 0, cpu.id)
            cpu.check(self.tracking.contains(cpu, 0, cpu.id), "a CPU that joined is no member")
            cpu.delay(cpu.random(100))
            self.tracking.remove(cpu, 0, cpu.id)
        if cpu.id % self.stays == 0:
            self.tracking.add(cpu, 0, cpu.id)
        cpu.fetch_add(self.done[0], 1)
        if cpu.id == 0:
            while self.done[0] < cpu.count:
                cpu.wait(self.done[0])
            self.tracking.unite(cpu, 1, 0)
            self.tracking.clear(cpu, 0)
            member = self.tracking.next_member(cpu, 1, -1)
            while member >= 0:
                self.found[member] += 1
                member = self.tracking.next_member(cpu, 1, member)
            cpu.check(
                self.tracking.next_member(cpu, 0, -1) < 0 or self.found[cpu.count - 1] > 0,
                "a cleared set has members",
            )
        cpu.begin("operation")
        cpu.end("operation")


def members(tracking: Tracking, cpus: int, stays: int = 2, seed: int = 1) -> list[int]:
    """Return who is found in the set at the end."""
    tracking.sets = 2
    workload = Joining()
    workload.tracking = tracking
    image = build_image({"tracking": tracking, "workload": workload})
    program = image.load({"workload.stays": stays}, Layout(cpus, 1, (0,) * cpus))
    limits = Limits(operations=cpus, max_cycles=10**8)
    result = simulate(program, small_machine(cpus), np.arange(cpus, dtype=np.int64), seed, limits)
    at = int(program.parameters[image.parameters.index("&workload.found")])
    found = result.memory[at : at + cpus]
    assert found.max() <= 1
    return [int(member) for member in np.flatnonzero(found)]


@pytest.mark.parametrize("cpus", [1, 2, 61, 62, 63, 130])
@pytest.mark.parametrize("stays", [1, 2, 50])
def test_a_bitmap_is_exact(cpus: int, stays: int) -> None:
    assert members(Bitmap(), cpus, stays) == list(range(0, cpus, stays))


@pytest.mark.parametrize("cpus", [1, 5])
def test_everybody_is_in_every_set_of_broadcast(cpus: int) -> None:
    assert members(Broadcast(), cpus) == list(range(cpus))


def test_a_bitmap_that_is_too_small_says_so() -> None:
    with pytest.raises(CheckFailed, match="raise most_cpus"):
        members(Bitmap(most_cpus=3), 4)


@pytest.mark.parametrize("mutant", list(Bitmap.mutants))
def test_a_fault_of_the_bitmap_is_caught(mutant: str) -> None:
    cpus = max(8, Bitmap.mutants[mutant].cpus + 1)

    def wrong(seed: int, stays: int) -> bool:
        tracking = Bitmap()
        tracking.mutant = mutant
        try:
            return members(tracking, cpus, stays, seed) != list(range(0, cpus, stays))
        except CheckFailed:
            return True

    assert any(wrong(seed, stays) for seed in range(10) for stays in (1, 63))
