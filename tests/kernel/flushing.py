"""A kernel with a system call that flushes, and random threads that use it between their calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from smplab.kernel.coherency import Coherency
from smplab.kernel.contracts import Lock
from smplab.language import Array, Cpu, Memory, Word, parameter, routine
from smplab.machine.result import Limits
from tests.kernel.calls import RandomCalls, read_log
from tests.kernel.model import check
from tests.kernel.systems import AnyKernel, address, components, load, run
from tests.kernel.words import Words


@dataclass(eq=False)
class Recording(Coherency):
    """Notes what each CPU was last asked to flush, and by whom."""

    def layout(self, memory: Memory) -> None:
        """For each CPU that asks and each that flushes, the number of the last request."""
        self.flushed: Array[Word] = memory.ghost(Word, "cpus", "cpus")

    @routine
    def flush(self, cpu: Cpu, what: Word, space: Word, page: Word) -> None:
        """The requests of a CPU come in their order, each once; `space` is who asks."""
        cpu.delay(500)
        cpu.check(what == 1, "a flush request was garbled")
        cpu.check(self.flushed[space * cpu.count + cpu.id] == page - 1, "a flush is not the next")
        self.flushed[space * cpu.count + cpu.id] = page


@dataclass(eq=False)
class FlushKernel(AnyKernel):
    """The microkernel, with a system call that flushes within an operation."""

    def layout(self, memory: Memory) -> None:
        """For each CPU how many requests it has sent to each other, and the tickets.

        For each thread whether it flushes.
        """
        super().layout(memory)
        self.sent: Array[Word] = memory.array(Word, "cpus", "cpus")
        self.tickets: Array[Word] = memory.array(Word, "cpus", "cpus")
        self.flushing: Array[Word] = memory.array(Word, "cpus", self.threads)

    @routine(call=True)
    def flush_others(self, cpu: Cpu, number: Word, each: Word) -> None:
        """System call: operate on thread `number`, and have all other CPUs flush `each` times."""
        me = self.current(cpu).number
        self.flushing[me] = 1
        self.enter_kernel(cpu)
        thread = self.tcbs[number]
        if not self.here(cpu, thread):
            thread = self.current(cpu)
        node = self.enter(cpu, thread)
        for _ in range(each):
            for other in range(cpu.count):
                if other != cpu.id:
                    pair = cpu.id * cpu.count + other
                    self.sent[pair] += 1
                    self.tickets[pair] = self.request_flush(cpu, other, 1, cpu.id, self.sent[pair])
        for other in range(cpu.count):
            if other != cpu.id:
                pair = cpu.id * cpu.count + other
                self.await_flush(cpu, other, self.tickets[pair])
                self.check_flushed(cpu, pair)
        self.leave(cpu, thread, node)
        self.exit_kernel(cpu)
        self.flushing[me] = 0

    @routine
    def check_flushed(self, cpu: Cpu, pair: Word) -> None:
        """What was asked for and awaited has been done."""
        recording: Any = self.tlb
        cpu.check(recording.flushed[pair] == self.sent[pair], "a flush that was awaited is missing")


@dataclass(eq=False)
class RandomFlushes(RandomCalls):
    """Random calls with flushes in between."""

    kernel: FlushKernel = field(init=False, repr=False)

    flushes: int = parameter(1, "of four calls, so many come after a flush", minimum=0, maximum=4)
    each: int = parameter(2, "requests to each CPU at once", minimum=1)

    @routine
    def between(self, cpu: Cpu) -> None:
        """Flush, holding a random thread."""
        if cpu.random(4, "flush") < self.flushes:
            self.kernel.flush_others(cpu, self.somebody(cpu), 1 + cpu.random(self.each, "each"))


LONG_ENOUGH = Limits(run_cycles=600_000)
"""Two hundred times the longest timeout and more: what waits then waits for ever."""


class Stuck(Exception):
    """A flush has not ended."""


def try_flushes(
    how: str, kernel: FlushKernel, seeds: range, lock: Lock | None = None, cpus: int = 3
) -> int:
    """Run random calls with flushes in between; return how many messages passed.

    Raises:
        Stuck: some thread still flushes at the end.
        NotAllowed: the calls have results that their meaning does not allow.
    """
    workload = RandomFlushes(live=2, calls=6)
    kernel.tlb = Recording()
    parts = {"tlb": kernel.tlb, **components(how, workload, kernel=kernel, lock=lock)}
    program = load(parts, cpus, kernel_tick_cycles=2_000, workload_patience=2)
    flushing = address(program, "kernel.flushing")
    total = 0
    for seed in seeds:
        result = run(program, LONG_ENOUGH, seed)
        if result.memory[flushing : flushing + cpus * kernel.threads].any():
            raise Stuck(f"seed {seed}: a flush does not end")
        total += check(read_log(Words.of(program, kernel, result), workload, cpus))
    return total
