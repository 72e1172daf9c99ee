"""Workload `lock_contention`: every CPU takes a lock, works, gives it back, thinks."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Array, Cpu, Lock, Memory, Struct, Word, Workload, array, aligned, parameter, routine, slot


class Line(Struct):
    """A line of the data that the lock protects."""

    value: Word = aligned()


@dataclass(eq=False)
class LockContention(Workload):
    """One operation is: acquire, critical section, release. Its latency is that of `acquire`..."""

    lock: Lock = slot()

    critical_section_cycles: int = parameter(100, "computing inside the critical section", unit="cycles", minimum=0)
    lines_dirtied: int = parameter(1, "shared lines written inside the critical section", unit="lines", minimum=0)
    think_cycles: int = parameter(100, "mean time between release and the next acquire", unit="cycles", minimum=0)
    think_distribution: str = parameter("constant", "how think times vary", choices=("constant", "uniform", "exponential"))
    locks: int = parameter(1, "number of locks; CPU c uses lock c modulo this", minimum=1)

    def layout(self, memory: Memory) -> None:
        """The locks and, for each, the lines that it protects."""
        self.table = memory.array(self.lock.Shared, "locks")
        self.data: Array[Line] = memory.array(Line, "locks", "lines_dirtied")

    @routine
    def run(self, cpu: Cpu) -> None:
        mine = cpu.id % self.locks
        while True:
            cpu.begin("operation")
            node = self.lock.acquire(cpu, self.table[mine])
            for i in range(self.lines_dirtied):
                self.data[mine * self.lines_dirtied + i].value += 1
            cpu.delay(self.critical_section_cycles)
            self.lock.release(cpu, self.table[mine], node)
            cpu.end("operation")
            self.think(cpu)
