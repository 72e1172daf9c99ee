"""Workload `oversubscribed`: more threads than CPUs wait for each other in a fair queue."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Cpu, KernelWorkload, Memory, Struct, Word, aligned, parameter, routine


class Queue(Struct):
    """A ticket lock at user level, and what it protects."""

    drawn: Word = aligned()
    served: Word
    entered: Word


@dataclass(eq=False)
class Oversubscribed(KernelWorkload):
    """Threads compute, then enter a critical section in the order of their tickets.

    An operation is one critical section with the wait for it. The kernel's tick preempts threads
    wherever they are. When it is the turn of one that does not run, all CPUs wait for its next time
    slice: the price of a fair queue with more threads than CPUs.
    """

    live: int = parameter(2, "threads on each CPU", minimum=1)
    waiting: str = parameter(
        "spin", "what a thread does until its turn comes", choices=("spin", "yield")
    )
    critical_section_cycles: int = parameter(
        500, "computing inside the critical section", unit="cycles", minimum=0
    )
    think_cycles: int = parameter(
        5000, "mean time from one critical section to the next", unit="cycles", minimum=0
    )

    def layout(self, memory: Memory) -> None:
        """One queue for all."""
        self.queue = memory.struct(Queue)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's threads, and start it."""
        cpu.check(self.live <= self.kernel.threads, "workload.live is more than kernel.threads")
        for i in range(self.live):
            self.kernel.create(cpu, cpu.id * self.kernel.threads + i, self.thread, 0, 0)
        self.kernel.start(cpu)

    @routine
    def thread(self, cpu: Cpu, argument: Word) -> None:
        """Think, wait for the turn, work."""
        self.kernel.begin_thread(cpu)
        while True:
            cpu.delay(cpu.exponential(self.think_cycles, "think"))
            cpu.begin("operation")
            ticket = cpu.fetch_add(self.queue.drawn, 1)
            while self.queue.served != ticket:
                if self.waiting == "yield":
                    self.kernel.yield_cpu(cpu)
                else:
                    cpu.wait(self.queue.served)
            self.queue.entered += 1
            cpu.delay(self.critical_section_cycles)
            self.queue.served = ticket + 1
            cpu.end("operation")
