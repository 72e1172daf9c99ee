"""Workload `process_churn`: each CPU creates a process, lets it run, and deletes it."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import (
    BUSY,
    NEVER,
    OK,
    WRITABLE,
    Cpu,
    KernelWorkload,
    Word,
    parameter,
    routine,
)


@dataclass(eq=False)
class ProcessChurn(KernelWorkload):
    """An operation is the life of a process: a space with some pages, and one thread in it.

    The parent, in space 0, makes the space, maps the pages and starts the thread, on its own CPU or
    on the next one. The thread touches the pages, says so, and ends; the parent deletes the space.
    """

    pages: int = parameter(4, "pages of a process", minimum=1)
    child_on: str = parameter(
        "same", "CPU of the process: the parent's, or the next one", choices=("same", "next")
    )
    work_cycles: int = parameter(2000, "what a process computes", unit="cycles", minimum=0)

    def connect(self) -> None:
        """The process' space, besides space 0."""
        self.kernel.need_spaces(2)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's parent, and start it."""
        cpu.check(self.pages <= 1 << self.kernel.radix_bits, "workload.pages is more than a region")
        self.kernel.create(cpu, cpu.id * self.kernel.threads, self.parent, cpu.id, 0)
        self.kernel.start(cpu)

    @routine
    def parent(self, cpu: Cpu, me: Word) -> None:
        """One process after the other."""
        self.kernel.begin_thread(cpu)
        number = me * self.kernel.threads
        space = me * self.kernel.spaces + 1
        frame = me * self.kernel.regions << self.kernel.radix_bits
        target = me
        if self.child_on == "next":
            target = (me + 1) % cpu.count
        while True:
            cpu.begin("operation")
            self.must(cpu, self.kernel.create_space(cpu, space))
            for page in range(self.pages):
                self.must(cpu, self.kernel.map(cpu, frame + page, 0, space, page, WRITABLE))
            self.must(cpu, self.kernel.spawn(cpu, target, number + 1, self.child, number, 0, space))
            self.kernel.receive(cpu, number + 1, NEVER)
            self.kernel.delete(cpu, number + 1)
            result = self.kernel.delete_space(cpu, space)
            while result == BUSY:
                self.kernel.yield_cpu(cpu)
                result = self.kernel.delete_space(cpu, space)
            self.must(cpu, result)
            cpu.end("operation")

    @routine
    def must(self, cpu: Cpu, result: Word) -> None:
        """A system call has to succeed."""
        cpu.check(result == OK, "process_churn: a call fails: raise kernel.tables or map_nodes")

    @routine
    def child(self, cpu: Cpu, parent: Word) -> None:
        """Use all pages, tell the parent, end."""
        self.kernel.begin_thread(cpu)
        for page in range(self.pages):
            cpu.check(self.kernel.access(cpu, page, 1) >= 0, "a process lacks a page")
        cpu.delay(self.work_cycles)
        self.kernel.send(cpu, parent, NEVER)
        self.kernel.end_thread(cpu)
