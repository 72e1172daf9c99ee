"""Workload `oversubscribed`: more threads than CPUs take turns, first come first served or not."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Cpu, Memory, Struct, Word, aligned, parameter, routine
from smplab_plugins.workloads.user_locks import UserLocks


class Shared(Struct):
    """What the lock protects, in a line of its own."""

    entered: Word = aligned()


@dataclass(eq=False)
class Oversubscribed(UserLocks):
    """Threads compute, then enter a critical section one after the other.

    An operation is one critical section with the wait for it. The kernel's tick preempts threads
    wherever they are. With a fair queue, when it is the turn of one that does not run, all CPUs
    wait for its next time slice; with one thread more than CPUs some thread never runs.
    """

    threads: int = parameter(
        0,
        "threads in all, one on each CPU, then one more on each; 0: one more than CPUs",
        minimum=0,
    )
    critical_section_cycles: int = parameter(
        500, "computing inside the critical section", unit="cycles", minimum=0
    )
    think_cycles: int = parameter(
        5000, "mean time from one critical section to the next", unit="cycles", minimum=0
    )

    def layout(self, memory: Memory) -> None:
        """The lock, and what it protects."""
        super().layout(memory)
        self.shared = memory.struct(Shared)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's threads, and start it."""
        threads = self.threads
        if threads == 0:
            threads = cpu.count + 1
        live = (threads + cpu.count - 1 - cpu.id) // cpu.count
        cpu.check(live <= self.kernel.threads, "workload.threads exceeds kernel.threads on a CPU")
        first = cpu.id * self.kernel.threads
        for i in range(live):
            self.kernel.create(cpu, first + i, self.thread, first + i, 0)
        self.kernel.start(cpu)

    @routine
    def thread(self, cpu: Cpu, me: Word) -> None:
        """Think, wait for the turn, work."""
        self.kernel.begin_thread(cpu)
        while True:
            cpu.delay(cpu.exponential(self.think_cycles, "think"))
            cpu.begin("operation")
            self.acquire(cpu, me)
            self.shared.entered += 1
            cpu.delay(self.critical_section_cycles)
            self.release(cpu, me)
            cpu.end("operation")
