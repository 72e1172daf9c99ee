"""What every filling of `grace` must do: a period that is over leaves no old reader behind.

CPU 0 replaces a version and waits for a grace period; the others read the version inside a critical
section of readers, which ends at a quiescent point. After the period nobody may be inside with an
older version. The machine has no interrupts yet: the kernel's hook `kick` writes a word that CPUs
look at where they would take the interrupt, in user mode and while idle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.kernel.contracts import EVERYBODY, Grace, Scenario
from smplab.language.component import Mutant, parameter, slot
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import Array, Struct, Word, aligned

KICK, STOP = 1, 2


class Shared(Struct):
    """What readers read and CPU 0 replaces."""

    version: Word = aligned()


class Mail(Struct):
    """What makes a CPU enter the kernel: KICK, or STOP for good. Taken by that CPU."""

    word: Word = aligned()


@dataclass(eq=False)
class GraceScenario(Scenario):
    """An updater and readers."""

    grace: Grace = slot()

    stays: ClassVar[bool] = True
    """Whether readers stay in user mode until they are stopped."""
    members: ClassVar[int] = EVERYBODY
    """The set of CPUs that periods concern."""

    updates: int = parameter(1, "versions that CPU 0 makes", build=True, minimum=1)
    reads: int = parameter(1, "critical sections of each reader", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """The version, mail for each CPU, and 1 + the version that each reader is inside with."""
        self.shared: Shared = memory.struct(Shared)
        self.mail: Array[Mail] = memory.per_cpu(Mail)
        self.inside: Array[Word] = memory.ghost(Word, "cpus")

    def connect(self) -> None:
        """Kick by mail."""
        setattr(self.grace, "kick", self.send_kick)  # noqa: B010 - a method's name, to mypy

    def progress(self) -> str:
        """Every read and every grace period ends."""
        return "every"

    @routine
    def send_kick(self, cpu: Cpu, target: Word) -> None:
        """One kick at a time is enough."""
        if target != 0:
            cpu.cas(self.mail[target].word, 0, KICK)

    @routine
    def run(self, cpu: Cpu) -> None:
        """CPU 0 updates, the others read, then stay in user mode until they are stopped."""
        if cpu.id == 0:
            self.update(cpu)
        else:
            self.reader(cpu)

    @routine
    def update(self, cpu: Cpu) -> None:
        """Replace the version, wait for the grace period, look who is still inside."""
        for number in range(self.updates):
            new = number + 1
            self.grace.quiescent(cpu)
            cpu.begin("operation")
            if self.mutant == "begun_early":
                period = self.grace.begin(cpu)
                self.shared.version = new
            else:
                self.shared.version = new
                period = self.grace.begin(cpu)
            self.grace.quiescent(cpu)
            while not self.grace.over(cpu, period, self.members):
                self.grace.quiescent(cpu)
            for c in range(1, cpu.count):
                old = self.inside[c]
                cpu.check(old == 0 or old > new, "a reader is still inside with an old version")
            cpu.end("operation")
        if self.stays:
            for c in range(1, cpu.count):
                cpu.swap(self.mail[c].word, STOP)

    @routine
    def read(self, cpu: Cpu) -> None:
        """A critical section of a reader, and the quiescent point after it."""
        cpu.begin("operation")
        self.inside[cpu.id] = self.shared.version + 1
        self.inside[cpu.id] = 0
        cpu.end("operation")

    @routine
    def reader(self, cpu: Cpu) -> None:
        """The life of a reader."""
        cpu.check(False, "this scenario has no reader()")

    @routine
    def stay(self, cpu: Cpu) -> None:
        """Stay in user mode, passing a quiescent point whenever a kick comes, until stopped."""
        while True:
            got = cpu.swap(self.mail[cpu.id].word, 0)
            if got == STOP:
                return
            if got == KICK:
                self.grace.quiescent(cpu)
            cpu.wait(self.mail[cpu.id].word)


@dataclass(eq=False)
class Readers(GraceScenario):
    """Readers that read, then stay in user mode and enter the kernel only when they are kicked.

    The last CPU also begins periods that nobody waits for, so that others meet one under way.
    """

    mutants: ClassVar[dict[str, Mutant]] = {
        "begun_early": Mutant("the grace period begins before the change that it is for"),
    }

    updates: int = parameter(2, "versions that CPU 0 makes", build=True, minimum=1)
    reads: int = parameter(2, "critical sections of each reader", build=True, minimum=1)

    @routine
    def reader(self, cpu: Cpu) -> None:
        """Read; then pass a quiescent point whenever a kick comes."""
        for _ in range(self.reads):
            if cpu.id == cpu.count - 1:
                self.grace.begin(cpu)
            self.read(cpu)
            self.grace.quiescent(cpu)
        self.stay(cpu)


@dataclass(eq=False)
class IdleReader(GraceScenario):
    """Readers that idle, wake at any moment, read, and idle again for good.

    A CPU that idles for good passes no quiescent point: periods are over without it.
    """

    stays = False

    @routine
    def reader(self, cpu: Cpu) -> None:
        """Idle before each read, and at the end."""
        for _ in range(self.reads):
            self.grace.idle_enter(cpu)
            self.grace.idle_leave(cpu)
            self.read(cpu)
        self.grace.idle_enter(cpu)


class Membership(Struct):
    """Whether a CPU is in the set; only the CPU itself writes it."""

    joined: Word = aligned()


@dataclass(eq=False)
class JoiningReader(GraceScenario):
    """Periods over a set of CPUs that readers join, before each read, and leave after it.

    Where a filling waits for all CPUs whatever the set, no mistake with it does harm.
    """

    members = 0
    mutants: ClassVar[dict[str, Mutant]] = {
        "joined_late": Mutant("a reader looks at the version before it joins"),
        "left_early": Mutant("a reader leaves the set while it is still inside"),
        "no_fence_at_join": Mutant(
            "a reader looks while it has joined in its store buffer alone", "tso"
        ),
    }

    reads: int = parameter(2, "critical sections of each reader", build=True, minimum=1)
    updates: int = parameter(2, "versions that CPU 0 makes", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """Also, who is in the set."""
        super().layout(memory)
        self.membership: Array[Membership] = memory.per_cpu(Membership)

    def connect(self) -> None:
        """Also, say who is in the set."""
        super().connect()
        setattr(self.grace, "member", self.is_member)  # noqa: B010 - a method's name, to mypy
        setattr(self.grace, "next_member", self.next_joined)  # noqa: B010 - the same

    @routine
    def is_member(self, cpu: Cpu, members: Word, candidate: Word) -> bool:
        """There is one set."""
        return self.membership[candidate].joined == 1

    @routine
    def next_joined(self, cpu: Cpu, members: Word, after: Word) -> Word:
        """Look at one CPU after the other."""
        c = after + 1
        while c < cpu.count and self.membership[c].joined == 0:
            c += 1
        if c == cpu.count:
            c = -1
        return c

    @routine
    def reader(self, cpu: Cpu) -> None:
        """Join, look, and leave after a quiescent point."""
        for _ in range(self.reads):
            cpu.begin("operation")
            early = 0
            if self.mutant == "joined_late" and self.grace.sets:
                early = self.shared.version
            self.membership[cpu.id].joined = 1
            if self.mutant != "no_fence_at_join" or not self.grace.sets:
                cpu.fence()
            if self.mutant == "joined_late" and self.grace.sets:
                version = early
            else:
                version = self.shared.version
            self.inside[cpu.id] = version + 1
            if self.mutant == "left_early" and self.grace.sets:
                self.membership[cpu.id].joined = 0
            self.inside[cpu.id] = 0
            cpu.end("operation")
            self.grace.quiescent(cpu)
            self.membership[cpu.id].joined = 0
        self.stay(cpu)
