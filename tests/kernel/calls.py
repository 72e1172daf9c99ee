"""A workload of random system calls, each logged in simulated memory with what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smplab.kernel.ipc import ANYBODY, NEVER, NOBODY, OK
from smplab.kernel.kernel import KernelWorkload
from smplab.language import Array, Cpu, Memory, Struct, Word, parameter, routine
from smplab.machine.result import Result
from tests.kernel.model import PENDING, Call

WORDS_OF_CALL = 8


class Record(Struct):
    """A system call: its arguments, its result, and both messages' ids."""

    to: Word
    source: Word
    send_timeout: Word
    receive_timeout: Word
    result: Word
    sent: Word
    received: Word
    begun: Word


@dataclass(eq=False)
class RandomCalls(KernelWorkload):
    """Each thread makes `calls` random system calls and then sleeps for ever."""

    live: int = parameter(2, "threads that each CPU has", build=True, minimum=1)
    calls: int = parameter(6, "system calls of each thread", minimum=1)
    short_cycles: int = parameter(3_000, "the shorter timeout", unit="cycles", minimum=1)
    pause_cycles: int = parameter(2_000, "longest pause between calls", unit="cycles", minimum=0)
    patience: int = parameter(3, "of four waits, so many are for ever", minimum=0, maximum=4)

    def layout(self, memory: Memory) -> None:
        """A row of records for each thread."""
        self.log: Array[Record] = memory.array(Record, "cpus", self.live, "calls")

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's threads, of random priorities."""
        for i in range(self.live):
            number = cpu.id * self.kernel.threads + i
            priority = cpu.random(self.kernel.priorities, "priority")
            self.kernel.create(cpu, number, self.thread, cpu.id * self.live + i, priority)
        self.kernel.start(cpu)

    @routine
    def somebody(self, cpu: Cpu) -> Word:
        """The number of a random thread, possibly the caller."""
        there = cpu.random(cpu.count, "home")
        return there * self.kernel.threads + cpu.random(self.live, "thread")

    @routine
    def timeout(self, cpu: Cpu) -> Word:
        """For ever, or short, or none."""
        if cpu.random(4, "patience") < self.patience:
            return NEVER
        return cpu.random(3, "short") * self.short_cycles

    @routine
    def thread(self, cpu: Cpu, index: Word) -> None:
        """Make random calls."""
        me = index // self.live * self.kernel.threads + index % self.live
        self.kernel.begin_thread(cpu)
        for i in range(self.calls):
            cpu.delay(cpu.random(self.pause_cycles + 1, "pause"))
            if cpu.random(4, "yield") == 0:
                self.kernel.yield_cpu(cpu)
            record = self.log[index * self.calls + i]
            record.to = NOBODY
            record.source = NOBODY
            phases = 1 + cpu.random(3, "phases")
            if phases != 2:
                record.to = self.somebody(cpu)
            if phases != 1:
                record.source = ANYBODY
                if cpu.random(2, "closed") == 0:
                    record.source = self.somebody(cpu)
            record.send_timeout = self.timeout(cpu)
            record.receive_timeout = self.timeout(cpu)
            record.sent = index * self.calls + i + 1
            record.received = 0
            record.result = PENDING
            record.begun = 1
            self.kernel.set_length(cpu, me, 1)
            self.kernel.set_word(cpu, me, 0, record.sent)
            result = self.kernel.ipc(
                cpu, record.to, record.send_timeout, record.source, record.receive_timeout
            )
            if record.source != NOBODY and result >= OK:
                record.received = self.kernel.word(cpu, me, 0)
            record.result = result
            cpu.begin("operation")
            cpu.end("operation")
        self.kernel.end_thread(cpu)


def read_log(result: Result, first: int, workload: RandomCalls, cpus: int) -> dict[int, list[Call]]:
    """Return the calls that each thread, by its number, has begun."""
    log: dict[int, list[Call]] = {}
    words: Sequence[int] = result.memory.tolist()
    for index in range(cpus * workload.live):
        home, i = divmod(index, workload.live)
        calls = log.setdefault(home * workload.kernel.threads + i, [])
        for n in range(workload.calls):
            at = first + (index * workload.calls + n) * WORDS_OF_CALL
            *record, begun = words[at : at + WORDS_OF_CALL]
            if begun:
                calls.append(Call(*record))
    return log
