"""Workload `lock_contention`: every CPU takes a lock, works, gives it back, thinks."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import (
    Array,
    Cpu,
    Lock,
    Memory,
    Struct,
    Word,
    Workload,
    aligned,
    parameter,
    routine,
    slot,
)


class Line(Struct):
    """A line of the data that a lock protects."""

    value: Word = aligned()


@dataclass(eq=False)
class LockContention(Workload):
    """Take a lock, work, give it back, think.

    An operation is acquire, critical section and release; region "acquire" is the wait alone.
    """

    lock: Lock = slot()

    critical_section_cycles: int = parameter(
        1000, "computing inside the critical section", unit="cycles", minimum=0
    )
    lines_dirtied: int = parameter(
        0, "shared lines written inside the critical section", unit="lines", minimum=0
    )
    think_cycles: int = parameter(
        0, "mean time from release to the next acquire", unit="cycles", minimum=0
    )
    think_distribution: str = parameter(
        "constant", "how think times vary", choices=("constant", "uniform", "exponential")
    )
    locks: int = parameter(1, "number of locks; CPU c takes lock c modulo this", minimum=1)

    def layout(self, memory: Memory) -> None:
        """The locks, each on lines of its own, and the lines that each of them protects."""
        self.table = memory.array(self.lock.Shared, "locks", aligned=True)
        self.data: Array[Line] = memory.array(Line, "locks", "lines_dirtied")

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Every lock is free."""
        for i in range(self.locks):
            self.lock.init(cpu, self.table[i])

    @routine
    def run(self, cpu: Cpu) -> None:
        """Acquire, work, release, think, for ever."""
        mine = cpu.id % self.locks
        lock = self.table[mine]
        while True:
            cpu.begin("operation")
            cpu.begin("acquire")
            node = self.lock.acquire(cpu, lock)
            cpu.end("acquire")
            self.critical_section(cpu, mine)
            self.lock.release(cpu, lock, node)
            cpu.end("operation")
            self.think(cpu)

    @routine
    def critical_section(self, cpu: Cpu, mine: Word) -> None:
        """Write the protected lines and compute."""
        first = mine * self.lines_dirtied
        for i in range(first, first + self.lines_dirtied):
            self.data[i].value += 1
        cpu.delay(self.critical_section_cycles)

    @routine
    def think(self, cpu: Cpu) -> None:
        """Compute on private data."""
        if self.think_distribution == "exponential":
            cpu.delay(cpu.exponential(self.think_cycles, "think"))
        elif self.think_distribution == "uniform":
            cpu.delay(cpu.random(2 * self.think_cycles + 1, "think"))
        else:
            cpu.delay(self.think_cycles)
