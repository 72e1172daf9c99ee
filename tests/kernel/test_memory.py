"""What the system calls on memory return, and page faults, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.kernel.accounting import Accounting, Event
from smplab.kernel.faults import FAULT
from smplab.kernel.ipc import ANYBODY, NEVER
from smplab.kernel.kernel import KernelWorkload
from smplab.kernel.rendezvous import NO_PARTNER, OK
from smplab.kernel.spaces import BUSY, INVALID, NO_MAPPING, NO_SPACE, OCCUPIED
from smplab.kernel.trees import GRANT, OWN, RESTRICT
from smplab.language import Array, Cpu, Memory, Word, routine
from smplab.language.errors import LanguageError
from smplab.language.paging import WRITABLE
from smplab.machine.result import Limits
from smplab_plugins.kernels.uniprocessor import Uniprocessor
from tests.kernel.combinations import Combination, wired
from tests.kernel.memory_calls import LoggingMultiprocessor
from tests.kernel.memory_systems import ONE, SMALL, filled, run, system
from tests.kernel.systems import address, load
from tests.kernel.test_ipc import Forever

SYSTEMS = [ONE, filled(cpus=2), filled(cpus=2, synchronization="messages", tags=True)]


@dataclass(eq=False)
class Steps(KernelWorkload):
    """A thread in space 1, on the last CPU, takes steps; its pager is in space 0, on CPU 0.

    The pager maps frame 2 wherever a fault is, to be written if that was the fault.
    """

    def layout(self, memory: Memory) -> None:
        """What came of each step."""
        self.log: Array[Word] = memory.array(Word, 64)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Make the thread's space."""
        self.kernel.make_space(cpu, 1)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create both threads."""
        last = cpu.count * self.kernel.threads - 1
        if cpu.id == 0:
            self.kernel.create(cpu, 0, self.pager, 0, 0)
        if cpu.id == cpu.count - 1:
            self.kernel.create(cpu, last, self.thread, last, 0)
            self.kernel.settle(cpu, last, 1)
            self.kernel.set_pager(cpu, last, 0)
        self.kernel.start(cpu)

    @routine
    def pager(self, cpu: Cpu, argument: Word) -> None:
        """Answer page faults."""
        self.kernel.begin_thread(cpu)
        client = self.kernel.receive(cpu, ANYBODY, NEVER)
        while True:
            cpu.check(self.kernel.word(cpu, 0, 0) == FAULT, "this is no page fault")
            page = self.kernel.word(cpu, 0, 1)
            write = self.kernel.word(cpu, 0, 2)
            self.log[60] += 1
            if page < 8:
                self.kernel.map(cpu, 2, 0, 1, page, write * WRITABLE)
            else:
                self.kernel.set_pager(cpu, client, -1)
            self.kernel.set_length(cpu, 0, 0)
            client = self.kernel.reply_and_wait(cpu, client, ANYBODY)

    @routine
    def thread(self, cpu: Cpu, me: Word) -> None:
        """Take the steps."""
        self.kernel.begin_thread(cpu)
        self.steps(cpu, me)
        self.log[63] = 1
        cpu.begin("operation")
        cpu.end("operation")
        self.kernel.end_thread(cpu)

    @routine
    def steps(self, cpu: Cpu, me: Word) -> None:
        """What a test does."""


@dataclass(eq=False)
class Sharing(Steps):
    """Map, restrict, grant, unmap."""

    @routine
    def steps(self, cpu: Cpu, me: Word) -> None:
        """One call after the other."""
        kernel, log = self.kernel, self.log
        log[0] = kernel.access(cpu, 5, 1)  # a fault
        log[1] = kernel.map(cpu, 5, 0, 1, 6, WRITABLE)
        log[2] = kernel.access(cpu, 6, 1)
        log[3] = kernel.unmap(cpu, 5, 0, RESTRICT)
        log[4] = kernel.access(cpu, 6, 0)
        log[5] = kernel.map(cpu, 5, 0, 1, 6, WRITABLE)  # to give the right back it must go first
        log[6] = kernel.unmap(cpu, 5, 0, 0)
        log[7] = kernel.map(cpu, 5, 0, 1, 6, WRITABLE)
        log[8] = kernel.access(cpu, 6, 1)
        log[9] = kernel.map(cpu, 6, 0, 1, 7, GRANT)
        log[10] = kernel.unmap(cpu, 6, 0, 0)  # it is not there any more
        log[11] = kernel.access(cpu, 7, 1)
        log[12] = kernel.unmap(cpu, 5, 0, OWN)  # both
        log[13] = kernel.unmap(cpu, 7, 0, 0)


@dataclass(eq=False)
class Refused(Steps):
    """Calls that are refused."""

    @routine
    def steps(self, cpu: Cpu, me: Word) -> None:
        """One call after the other."""
        kernel, log = self.kernel, self.log
        kernel.access(cpu, 4, 1)
        log[0] = kernel.map(cpu, 3, 0, 1, 6, WRITABLE)
        log[1] = kernel.map(cpu, 4, 0, 1, 4, WRITABLE)
        log[2] = kernel.map(cpu, 4, 0, 2, 4, WRITABLE)
        log[3] = kernel.map(cpu, 4, 0, 99, 4, WRITABLE)
        log[4] = kernel.map(cpu, 4, 1, 1, 8, WRITABLE)
        log[5] = kernel.map(cpu, 5, 1, 1, 8, WRITABLE)
        log[6] = kernel.map(cpu, 4, 2, 1, 8, WRITABLE)
        log[7] = kernel.map(cpu, 4, 0, 1, 1 << 20, WRITABLE)
        log[8] = kernel.unmap(cpu, -1, 0, 0)
        log[9] = kernel.delete_space(cpu, 1)
        log[10] = kernel.delete_space(cpu, 0)
        log[11] = kernel.delete_space(cpu, 2)
        log[12] = kernel.create_space(cpu, 1)
        log[13] = kernel.create_space(cpu, -1)


@dataclass(eq=False)
class Deleting(Steps):
    """A space is deleted with what was mapped from it, and can be made again."""

    @routine
    def steps(self, cpu: Cpu, me: Word) -> None:
        """Map to and fro."""
        kernel, log = self.kernel, self.log
        kernel.access(cpu, 4, 1)
        log[0] = kernel.create_space(cpu, 2)
        log[1] = kernel.map(cpu, 4, 0, 2, 0, WRITABLE)
        log[2] = kernel.delete_space(cpu, 2)
        log[3] = kernel.map(cpu, 4, 0, 2, 0, WRITABLE)
        log[4] = kernel.create_space(cpu, 2)
        log[5] = kernel.map(cpu, 4, 0, 2, 0, WRITABLE)
        log[6] = kernel.unmap(cpu, 4, 0, 0)


@dataclass(eq=False)
class Faulting(Steps):
    """A page fault leaves message words alone, and ends where there is no pager."""

    @routine
    def steps(self, cpu: Cpu, me: Word) -> None:
        """Two faults."""
        kernel, log = self.kernel, self.log
        for i in range(3):
            kernel.set_word(cpu, me, i, 70 + i)
        kernel.access(cpu, 4, 1)
        for i in range(3):
            log[i] = kernel.word(cpu, me, i)
        log[3] = kernel.access(cpu, 9, 1)  # the pager takes itself away


@pytest.mark.parametrize("one", SYSTEMS, ids=["one", "locked", "messages"])
@pytest.mark.parametrize(
    ("steps", "expected", "faults"),
    [
        (Sharing, [2, OK, 2, 1, 2, OCCUPIED, 1, OK, 2, OK, NO_MAPPING, 2, 2, NO_MAPPING], 1),
        (Refused, [
            NO_MAPPING, OCCUPIED, NO_SPACE, NO_SPACE, NO_MAPPING, INVALID, INVALID, INVALID,
            INVALID, BUSY, NO_SPACE, NO_SPACE, OCCUPIED, NO_SPACE,
        ], 1),
        (Deleting, [OK, OK, OK, NO_SPACE, OK, OK, 1], 1),
        (Faulting, [70, 71, 72, NO_PARTNER], 2),
    ],
)  # fmt: skip
def test_results(one: Combination, steps: Any, expected: list[int], faults: int) -> None:
    program, _ = system(one, steps(), message_words=3)
    memory = run(one, program, 1, Limits(run_cycles=300_000)).memory
    at = address(program, "workload.log")
    assert memory[at : at + len(expected)].tolist() == expected
    assert memory[[at + 60, at + 63]].tolist() == [faults, 1]


@dataclass(eq=False)
class LeavesItsMessage(Uniprocessor):
    """faults: the message words of the thread are not as they were."""

    @routine(call=True)
    def page_fault(self, cpu: Cpu, page: Word, write: Word) -> Word:
        """Send, and leave it at that."""
        me = self.tcbs[cpu.context - cpu.count]
        pager = self.pagers[me.number] - 1
        if pager < 0:
            return NO_PARTNER
        at = me.number * self.row
        self.words[at] = FAULT
        self.words[at + 1] = page
        self.words[at + 2] = write
        me.length = 3
        return self.ipc(cpu, pager, NEVER, pager, NEVER)


@dataclass(eq=False)
class HidesWrites(Uniprocessor):
    """faults: the pager is not told that the page was to be written."""

    @routine
    def access(self, cpu: Cpu, page: Word, write: Word) -> Word:
        """Ask for the right to read, and try once more."""
        frame = cpu.touch(page, write != 0)
        if frame < 0:
            result = self.page_fault(cpu, page, 0)
            if result < OK:
                return result
            frame = cpu.touch(page, write != 0)
        return frame


@pytest.mark.parametrize(
    ("kernel", "steps", "expected"),
    [
        (LeavesItsMessage, Faulting, [70, 71, 72, NO_PARTNER]),
        (HidesWrites, Sharing, [2, OK, 2, 1, 2, OCCUPIED, 1]),
    ],
)
def test_a_fault_in_page_faults_is_seen(
    kernel: type[Uniprocessor], steps: type[Steps], expected: list[int]
) -> None:
    for tried, right in ((Uniprocessor(), True), (kernel(), False)):
        program, _ = system(ONE, steps(), tried, message_words=3)
        memory = run(ONE, program, 1, Limits(run_cycles=300_000)).memory
        at = address(program, "workload.log")
        assert (memory[at : at + len(expected)].tolist() == expected) is right


def test_without_spaces_nothing_of_this_is_compiled() -> None:
    with_spaces, _ = system(ONE, Forever())
    without, _ = system(ONE, Forever(), spaces=0)
    assert without.image.page_levels == 0
    assert without.frames == 0
    assert without.memory_words < with_spaces.memory_words
    assert len(without.image.code) < len(with_spaces.image.code)


def test_a_workload_that_needs_spaces_says_so() -> None:
    with pytest.raises(LanguageError, match=r"needs kernel.spaces=2 or more: it is 1"):
        Uniprocessor(spaces=1).need_spaces(2)


@dataclass(eq=False)
class Counting(Accounting):
    """Counts events of each kind."""

    told = True

    def layout(self, memory: Memory) -> None:
        """A counter for each kind."""
        self.counts: Array[Word] = memory.array(Word, len(Event))

    @routine
    def event(self, cpu: Cpu, kind: Word, subject: Word, other: Word) -> None:
        """One more."""
        self.counts[kind] += 1


def test_accounting_is_told_what_happens() -> None:
    kernel = LoggingMultiprocessor()
    steps = Sharing()
    accounting = Counting()
    one = filled(cpus=2)
    parts = dict(wired(one, steps, kernel, **SMALL, tags=False))
    kernel.accounting = parts["accounting"] = accounting
    program = load(parts, 2)
    memory = run(one, program, 1, Limits(run_cycles=300_000)).memory
    at = address(program, "accounting.counts")
    message, switch, mapped, unmapped, fault = memory[at : at + len(Event)].tolist()
    assert (message, mapped, unmapped, fault) == (2, 5, 3, 1)
    assert switch >= 2
