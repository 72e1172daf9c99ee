"""A workload of random system calls, each logged in simulated memory with what came of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace

from smplab.kernel.ipc import ANYBODY, NEVER, NOBODY
from smplab.kernel.kernel import KernelWorkload
from smplab.kernel.objects import BURIED
from smplab.kernel.rendezvous import OK
from smplab.language import Array, Cpu, Memory, Struct, Word, parameter, routine
from tests.kernel.model import PENDING, RECEIVING, Call, Life
from tests.kernel.words import Words


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


class Row(Struct):
    """Whose life a row of records is."""

    number: Word
    life: Word


@dataclass(eq=False)
class RandomCalls(KernelWorkload):
    """Each thread makes `calls` random system calls and then dies."""

    live: int = parameter(2, "threads that each CPU has", build=True, minimum=1)
    calls: int = parameter(6, "system calls of each thread", minimum=1)
    short_cycles: int = parameter(3_000, "the shorter timeout", unit="cycles", minimum=1)
    pause_cycles: int = parameter(2_000, "longest pause between calls", unit="cycles", minimum=0)
    patience: int = parameter(3, "of four waits, so many are for ever", minimum=0, maximum=4)
    churn: int = parameter(
        0, "of a hundred IPCs, so many follow a call that moves, kills or bears", unit="%",
        minimum=0, maximum=100,
    )  # fmt: skip
    rows: int = parameter(100, "lives that are logged; later ones end at once", minimum=1)

    def layout(self, memory: Memory) -> None:
        """A row of records for each life."""
        self.log: Array[Record] = memory.array(Record, "rows", "calls")
        self.index: Array[Row] = memory.array(Row, "rows")
        self.begun: Array[Word] = memory.array(Word, 1)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's threads, of random priorities."""
        for i in range(self.live):
            number = cpu.id * self.kernel.threads + i
            priority = cpu.random(self.kernel.priorities, "priority")
            self.kernel.create(cpu, number, self.thread, number, priority)
        self.kernel.start(cpu)

    @routine
    def between(self, cpu: Cpu) -> None:
        """What a thread does between two calls, beside waiting: nothing."""

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
    def churn_threads(self, cpu: Cpu, me: Word) -> None:
        """Move somebody, change a priority, end or begin a thread."""
        number = self.somebody(cpu)
        what = cpu.random(8, "what")
        if what < 2:
            self.kernel.migrate(cpu, number, cpu.random(cpu.count, "target"))
        elif what < 4:
            self.kernel.migrate(cpu, me, cpu.random(cpu.count, "target"))
        elif what == 4:
            self.kernel.set_priority(cpu, number, cpu.random(self.kernel.priorities, "priority"))
        elif what == 5:
            self.kernel.delete(cpu, number)
        elif what == 6 or self.kernel.delete(cpu, number) == OK:
            target = cpu.random(cpu.count, "target")
            priority = cpu.random(self.kernel.priorities, "priority")
            self.kernel.spawn(cpu, target, number, self.thread, number, priority)

    @routine
    def thread(self, cpu: Cpu, me: Word) -> None:
        """Make random calls."""
        self.kernel.begin_thread(cpu)
        index = cpu.fetch_add(self.begun[0], 1)
        if index >= self.rows:
            self.kernel.end_thread(cpu)
        self.index[index].number = me
        self.index[index].life = self.kernel.tcbs[me].life
        for i in range(self.calls):
            cpu.delay(cpu.random(self.pause_cycles + 1, "pause"))
            if cpu.random(4, "yield") == 0:
                self.kernel.yield_cpu(cpu)
            if cpu.random(100, "churn") < self.churn:
                self.churn_threads(cpu, me)
            self.between(cpu)
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


def read_log(words: Words, workload: RandomCalls, cpus: int) -> dict[int, list[Life]]:
    """Return the lives of each thread number, with the calls that each has begun."""
    calls: dict[tuple[int, int], list[Call]] = {}
    for row in range(min(words.at(workload.begun, 0), workload.rows)):
        which = words.at(workload.index, row, "number"), words.at(workload.index, row, "life")
        calls[which] = []
        for i in range(row * workload.calls, (row + 1) * workload.calls):
            if words.at(workload.log, i, "begun"):
                fields = [words.at(workload.log, i, f.name) for f in dataclasses.fields(Call)]
                call = Call(*fields)
                calls[which].append(replace(call, received=0) if call.result == PENDING else call)
    log: dict[int, list[Life]] = {}
    for number in range(cpus * workload.kernel.threads):
        lives = words.tcb(number, "life")
        dead = words.tcb(number, "place") == BURIED
        last = calls.get((number, lives), [])
        if not dead and last and last[-1].result == PENDING and words.tcb(number, "expects"):
            last[-1] = replace(last[-1], result=RECEIVING)
        log[number] = [
            Life(calls.get((number, life), []), dead or life < lives)
            for life in range(1, lives + 1)
        ]
    return log
