"""What every filling of `granularity` must do, whichever groups user level forms meanwhile.

CPUs operate on objects of two groups, and on whole groups, while objects join one or the other and
the groups' locks change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.kernel.scenarios.cascade import Cascade
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Word


@dataclass(eq=False)
class Joining(Cascade):
    """Objects that join either of two groups, which are split and merged."""

    spread: ClassVar[int] = 2

    @routine
    def ask(self, cpu: Cpu) -> None:
        """Have an object join a group, or a group share a lock or not."""
        what = cpu.random(self.spread + self.objects, "what")
        if what < self.spread:
            self.ask_grain(cpu, what)
        else:
            self.ask_join(cpu, what - self.spread)

    @routine
    def ask_join(self, cpu: Cpu, number: Word) -> None:
        """Have an object join a group, and go on polling if that does not settle it."""
        guard = self.guard(cpu, number)
        self.granularity.join(cpu, guard, cpu.random(self.spread, "group"))
        self.note(cpu, self.spread + number, self.granularity.settled(cpu, guard))

    @routine
    def poll(self, cpu: Cpu) -> None:
        """Of the groups, then of the objects."""
        super().poll(cpu)
        for number in range(self.objects):
            if self.asked[cpu.id] >> self.spread + number & 1 == 1:
                self.granularity.poll(cpu, self.guard(cpu, number))
                settled = self.granularity.settled(cpu, self.guard(cpu, number))
                self.note(cpu, self.spread + number, settled)

    @routine
    def judge(self, cpu: Cpu) -> None:
        """What was wanted last holds, of groups and of objects."""
        super().judge(cpu)
        for number in range(self.objects):
            settled = self.granularity.settled(cpu, self.guard(cpu, number))
            cpu.check(settled, "an object is not in the group that was last asked for")


@dataclass(eq=False)
class Wandering(Joining):
    """One object that joins any of three groups."""

    objects: int = parameter(1, "objects that CPUs operate on", build=True, minimum=1)

    spread: ClassVar[int] = 3

    @routine
    def ask(self, cpu: Cpu) -> None:
        """Have the object join a group."""
        self.ask_join(cpu, 0)
