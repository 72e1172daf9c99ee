"""Who shares which objects with whom, in the scenarios of the slot `synchronization`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from smplab.kernel.scenarios.asking import Asking
from smplab.language.component import Mutant, parameter
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Word


@dataclass(eq=False)
class Regimes(Asking):
    """One object that all operate on."""

    mutants: ClassVar[dict[str, Mutant]] = {
        "senders_view": Mutant(
            "what is asked for is performed without a look at the regime", cpus=3
        ),
        "waits_inside": Mutant("a CPU holds the object's lock while it waits for an answer"),
    }

    @routine
    def work(self, cpu: Cpu) -> None:
        """Operate on it."""
        self.operate(cpu, 0)


@dataclass(eq=False)
class Steady(Regimes):
    """Nobody asks for a change: CPUs operate again and again."""

    mutants: ClassVar[dict[str, Mutant]] = {
        "taken_late": Mutant("an interrupt is taken after its requests were looked for"),
    }

    operations: int = parameter(2, "operations of each working CPU", build=True, minimum=0)
    requests: int = parameter(0, "changes that each asking CPU asks for", build=True, minimum=0)


@dataclass(eq=False)
class Fickle(Regimes):
    """One CPU changes its mind again and again, also while a change is under way."""

    mutants: ClassVar[dict[str, Mutant]] = {}

    requests: int = parameter(3, "changes that each asking CPU asks for", build=True, minimum=0)
    askers: int = parameter(1, "CPUs that ask for changes", build=True, minimum=0)


@dataclass(eq=False)
class Overtaken(Regimes):
    """The home turns the lock on and off again and again, while another CPU polls, and is slow.

    CPU 0 asks, and polls; CPU 1 polls; CPU 0, as the last thing it does, and the last CPU operate.
    """

    mutants: ClassVar[dict[str, Mutant]] = {}

    requests: int = parameter(4, "changes that CPU 0 asks for", build=True, minimum=0)
    polls: int = parameter(2, "how often CPU 1 polls", build=True, minimum=0)
    pollers: int = parameter(1, "CPUs that have timer ticks in the end", build=True, minimum=1)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Each CPU plays its part once; then what is under way is completed."""
        if cpu.id == 0:
            for number in range(self.requests):
                self.enter_kernel(cpu)
                self.synchronization.request(cpu, self.guard(cpu, 0), 1 - number % 2)
                self.exit_kernel(cpu)
                self.tick(cpu)
        elif cpu.id == 1:
            for _ in range(self.polls):
                self.tick(cpu)
        if cpu.id == 0 or cpu.id == cpu.count - 1:
            self.user_mode(cpu)
            self.work(cpu)
        self.finish(cpu)


@dataclass(eq=False)
class TwoHomes(Asking):
    """Objects of CPUs 0 and 1, each of which also operates on the other's: they ask each other."""

    objects = 2
    spread = True
    mutants: ClassVar[dict[str, Mutant]] = {
        "not_served": Mutant("a CPU that waits for an answer does not serve"),
    }

    askers: int = parameter(1, "CPUs that ask for changes", build=True, minimum=0)
    pollers: int = parameter(1, "CPUs that have timer ticks", build=True, minimum=1)

    @routine
    def work(self, cpu: Cpu) -> None:
        """An operation on the own object, then one on the other."""
        self.operate(cpu, cpu.id % 2)
        self.operate(cpu, 1 - cpu.id % 2)


@dataclass(eq=False)
class Moving(Asking):
    """The object moves between CPUs 0 and 1: a request may come to a CPU that was its home."""

    mutants: ClassVar[dict[str, Mutant]] = {
        "not_refused": Mutant("a CPU performs what it is asked, though the object has moved away"),
    }

    askers: int = parameter(1, "CPUs that ask for changes", build=True, minimum=0)
    pollers: int = parameter(1, "CPUs that have timer ticks", build=True, minimum=1)

    @routine
    def work(self, cpu: Cpu) -> None:
        """Perhaps give the object away, then operate on it."""
        if cpu.id < 2 and self.table[0].home == cpu.id and cpu.random(2, "move") == 1:
            self.enter_kernel(cpu)
            node: Any = self.synchronization.enter(cpu, self.guard(cpu, 0))
            self.synchronization.involve(cpu, self.guard(cpu, 0), 1 - cpu.id)
            self.synchronization.moved(cpu, self.guard(cpu, 0), 1 - cpu.id)
            self.table[0].home = 1 - cpu.id
            self.synchronization.leave(cpu, self.guard(cpu, 0), node)
            self.exit_kernel(cpu)
        self.operate(cpu, 0)


@dataclass(eq=False)
class Blocking(Asking):
    """An operation reserves the object, blocks, and goes on later under whatever holds by then."""

    mutants: ClassVar[dict[str, Mutant]] = {
        "carried": Mutant("after it has blocked, a CPU operates where it did before"),
    }

    @routine
    def work(self, cpu: Cpu) -> None:
        """Both halves; none if another CPU has reserved the object."""
        here = self.operate(cpu, 0)
        if self.table[0].reserved != cpu.id + 1:
            return
        self.user_mode(cpu)
        if self.mutant == "carried" and self.synchronization.changes and here:
            self.enter_kernel(cpu)
            self.perform(cpu, 0, cpu.id)
            self.exit_kernel(cpu)
        else:
            self.operate(cpu, 0)

    @routine
    def touch(self, cpu: Cpu, number: Word, who: Word) -> None:
        """Reserve the object, or give it back; or find it reserved."""
        super().touch(cpu, number, who)
        if self.table[number].reserved == 0:
            self.table[number].reserved = who + 1
        elif self.table[number].reserved == who + 1:
            self.table[number].reserved = 0


@dataclass(eq=False)
class Grains(Asking):
    """Two objects of a group: also the locks that they have, while they have any, change."""

    objects = 2

    @routine
    def work(self, cpu: Cpu) -> None:
        """Operate on either object."""
        self.operate(cpu, cpu.random(2, "object"))

    @routine
    def ask(self, cpu: Cpu) -> None:
        """Say something of one object, or of the group."""
        want = cpu.random(2, "want")
        if cpu.random(2, "of") == 0:
            self.synchronization.request(cpu, self.guard(cpu, 0), want)
        else:
            self.synchronization.request_grain(cpu, 0, want)

    @routine
    def poll(self, cpu: Cpu) -> None:
        """Of the objects and of the group."""
        super().poll(cpu)
        self.synchronization.poll_group(cpu, 0)

    @routine
    def changes(self, cpu: Cpu) -> bool:
        """Of an object, or of the group."""
        return super().changes(cpu) or not self.synchronization.settled_group(cpu, 0)
