"""Waiting until the protection of a memory is as its owner has declared it, before all use it."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Cpu, KernelWorkload, Memory, Struct, Word, aligned, parameter, routine

LOOK_CYCLES = 1000
MOST_LOOKS = 1000
"""So long the owner waits: others may ask for something else, and never let it settle."""


class Settled(Struct):
    """What CPU 0 tells the others at user level."""

    ready: Word = aligned()


@dataclass(eq=False)
class Settling(KernelWorkload):
    """Base of workloads in which all CPUs may map the memory of CPU 0.

    Requests to a home CPU come before its own threads. If enough CPUs ask it at once, it never gets
    to declare that there ought to be locks, and never to poll the change. So that what is measured
    is the steady state, others begin after that.
    """

    early: bool = parameter(
        False, "other CPUs use a shared memory before its protection is as its owner declares it"
    )

    def layout(self, memory: Memory) -> None:
        """A word in a line of its own."""
        self.settled = memory.struct(Settled)

    @routine
    def await_settled(self, cpu: Cpu, me: Word, regions: Word) -> None:
        """Wait for what CPU 0 has declared of its first regions; it sees to that, a while."""
        if not self.early:
            if me == 0:
                looks = MOST_LOOKS
                while looks > 0 and not self.is_settled(cpu, regions):
                    cpu.delay(LOOK_CYCLES)
                    looks -= 1
                self.settled.ready = 1
            else:
                while self.settled.ready == 0:
                    cpu.wait(self.settled.ready)

    @routine
    def is_settled(self, cpu: Cpu, regions: Word) -> bool:
        """Whether the trees of CPU 0's first regions, and their group, are as was asked for."""
        settled = self.kernel.is_group_settled(cpu, self.kernel.tree_group(cpu, 0))
        for region in range(regions):
            if not self.kernel.is_settled(cpu, self.kernel.tree_object(cpu, region)):
                settled = False
        return settled
