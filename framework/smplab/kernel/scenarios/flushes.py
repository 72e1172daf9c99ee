"""Flush requests against flush requests: CPUs with interrupts off that wait for each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from smplab.kernel.scenario import KernelScenario
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import Array, Word


@dataclass(eq=False)
class FlushAgainstFlush(KernelScenario):
    """Each CPU has all others flush, and waits for them within an operation on one same thread.

    So CPUs wait for each other's flushes, or with the thread's lock for a holder that waits for
    them: they serve wherever they wait, or nobody goes on. Without locks every CPU operates on a
    thread of its own. Then each waits at user level for all others, where only interrupts serve.
    """

    capacities: ClassVar[Mapping[str, int]] = {**KernelScenario.capacities, "flush_entries": 1}

    each: int = parameter(1, "requests to each CPU before the first is awaited", build=True,
                          minimum=1)  # fmt: skip

    def connect(self) -> None:
        """Note what is flushed, whatever fills the slot `tlb`."""
        setattr(self.kernel.tlb, "flush", self.flush)  # noqa: B010 - a method's name, to mypy

    def layout(self, memory: Memory) -> None:
        """For each CPU that asks and each that flushes, how often it did; tickets; who is done."""
        self.flushed: Array[Word] = memory.ghost(Word, "cpus", "cpus")
        self.tickets: Array[Word] = memory.array(Word, "cpus", "cpus")
        self.finished: Array[Word] = memory.array(Word, 1, aligned=True)

    def progress(self) -> str:
        """Every flush is served."""
        return "every"

    @routine
    def flush(self, cpu: Cpu, what: Word, space: Word, page: Word) -> None:
        """Count; `space` is who asks, `page` the number of the request."""
        pair = space * cpu.count + cpu.id
        cpu.check(self.flushed[pair] == page, "a request to flush is lost, or comes twice")
        self.flushed[pair] = page + 1

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's thread."""
        self.kernel.create(cpu, cpu.id, self.body, 0, 0)
        self.kernel.start(cpu)

    @routine
    def body(self, cpu: Cpu, argument: Word) -> None:
        """Flush within an operation."""
        kernel = self.kernel
        kernel.begin_thread(cpu)
        cpu.begin("operation")
        kernel.enter_kernel(cpu)
        thread = kernel.tcbs[0]
        if not kernel.here(cpu, thread):
            thread = kernel.current(cpu)
        node = kernel.enter(cpu, thread)
        first = cpu.id * cpu.count
        for i in range(self.each):
            for other in range(cpu.count):
                if other != cpu.id:
                    self.tickets[first + other] = kernel.request_flush(cpu, other, 1, cpu.id, i)
        for other in range(cpu.count):
            if other != cpu.id:
                kernel.await_flush(cpu, other, self.tickets[first + other])
                cpu.check(self.flushed[first + other] == self.each, "a flush is awaited in vain")
        kernel.leave(cpu, thread, node)
        kernel.exit_kernel(cpu)
        cpu.fetch_add(self.finished[0], 1)
        while self.finished[0] != cpu.count:
            cpu.wait(self.finished[0])
        cpu.end("operation")
        self.rest(cpu)
