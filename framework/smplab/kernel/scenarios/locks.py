"""What every lock must do: keep others out, let everybody in, stand being held beside another.

Ghost words are seen by checks alone: writing them neither costs time nor goes through a store
buffer. The word that the lock guards is real memory, so that a lock whose release overtakes the
holder's stores loses an update.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.kernel.contracts import Lock, Scenario
from smplab.language.component import parameter, slot
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import Array, Ref, Struct, Word, aligned


class Guarded(Struct):
    """What a lock guards: a counter that is incremented without an atomic."""

    value: Word = aligned()


@dataclass(eq=False)
class LockScenario(Scenario):
    """CPUs that share locks and what they guard."""

    lock: Lock = slot()

    locks = 1

    def layout(self, memory: Memory) -> None:
        """The locks, what each guards, and who is inside."""
        self.table: Array[Any] = memory.array(self.lock.Shared, self.locks, aligned=True)
        self.data: Array[Guarded] = memory.array(Guarded, self.locks)
        self.inside: Array[Word] = memory.ghost(Word, self.locks)
        self.entered: Array[Word] = memory.ghost(Word, self.locks)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Every lock is free."""
        for i in range(self.locks):
            self.lock.init(cpu, self.table[i])

    @routine
    def enter(self, cpu: Cpu, number: Word) -> Ref[Any]:
        """Take a lock and check that this CPU is alone with what it guards."""
        node: Ref[Any] = self.lock.acquire(cpu, self.table[number])
        cpu.check(self.inside[number] == 0, "two CPUs hold the lock")
        self.inside[number] = 1
        return node

    @routine
    def leave(self, cpu: Cpu, number: Word, node: Ref[Any]) -> None:
        """Touch what the lock guards and give it back."""
        value = self.data[number].value
        cpu.check(value == self.entered[number], "an update under the lock was lost")
        self.data[number].value = value + 1
        self.entered[number] = value + 1
        self.inside[number] = 0
        self.lock.release(cpu, self.table[number], node)


@dataclass(eq=False)
class Exclusion(LockScenario):
    """Mutual exclusion: the holder is alone, and finds what the holder before it left."""

    rounds: int = parameter(2, "critical sections for each CPU", build=True, minimum=1)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Enter and leave."""
        for _ in range(self.rounds):
            node = self.enter(cpu, 0)
            self.leave(cpu, 0, node)


@dataclass(eq=False)
class TwoLocks(LockScenario):
    """Two locks held at once, given back in either order."""

    locks = 2

    rounds: int = parameter(1, "times that each CPU takes both", build=True, minimum=1)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Take both, always in the same order, and release them in any."""
        for _ in range(self.rounds):
            first = self.enter(cpu, 0)
            second = self.enter(cpu, 1)
            if cpu.random(2, "order") == 0:
                self.leave(cpu, 0, first)
                self.leave(cpu, 1, second)
            else:
                self.leave(cpu, 1, second)
                self.leave(cpu, 0, first)


@dataclass(eq=False)
class LockProgress(LockScenario):
    """Progress: every acquisition completes; without end, also where others come again and again.

    The lock says who: every CPU if it is starvation-free, else some CPU.
    """

    rounds: int = parameter(
        2,
        "acquisitions of each CPU; 0: without end, which a lock that counts (a ticket) makes "
        "infinitely many states of",
        build=True,
        minimum=0,
    )

    def progress(self) -> str:
        """As the lock's contract asks."""
        return "every" if self.lock.starvation_free else "some"

    @routine
    def run(self, cpu: Cpu) -> None:
        """Acquire and release."""
        if self.rounds == 0:
            while True:
                self.once(cpu)
        else:
            for _ in range(self.rounds):
                self.once(cpu)

    @routine
    def once(self, cpu: Cpu) -> None:
        """One operation."""
        cpu.begin("operation")
        node: Ref[Any] = self.lock.acquire(cpu, self.table[0])
        self.lock.release(cpu, self.table[0], node)
        cpu.end("operation")
