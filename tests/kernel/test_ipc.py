"""What single system calls do: words, order, priorities, timeouts, time slices, refusals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.kernel.ipc import ANYBODY, NEVER
from smplab.kernel.kernel import Kernel, KernelWorkload
from smplab.kernel.rendezvous import NO_PARTNER, TIMEOUT
from smplab.language import Array, Cpu, Memory, Word, parameter, routine
from smplab.language.image import LINE_WORDS
from smplab.language.isa import Op
from smplab.machine.errors import CheckFailed, Deadlock
from smplab.machine.result import Limits
from smplab_plugins.kernels.uniprocessor import Uniprocessor
from smplab_plugins.workloads.ipc_pairs import IpcPairs
from tests.kernel.systems import KERNELS, AnyKernel, address, components, load, run

CPUS = {"uniprocessor": 1, "locked": 2, "global": 2, "messages": 2}


@dataclass(eq=False)
class Notes(KernelWorkload):
    """Threads that note what happens, in the order in which it does."""

    def layout(self, memory: Memory) -> None:
        """A list and its length."""
        self.length: Array[Word] = memory.array(Word, 1)
        self.notes: Array[Word] = memory.array(Word, 64)

    @routine
    def note(self, cpu: Cpu, value: Word) -> None:
        """Append to the list; every note is an operation."""
        self.notes[cpu.fetch_add(self.length[0], 1)] = value
        cpu.begin("operation")
        cpu.end("operation")

    @routine
    def other(self, cpu: Cpu) -> Word:
        """Number of a thread that is not the first: of another CPU, if there is one."""
        if cpu.count == 1:
            return 1
        return self.kernel.threads

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create the thread `first` on CPU 0 and `second` where `other` says."""
        other = self.other(cpu)
        if cpu.id == 0:
            self.kernel.create(cpu, 0, self.first, other, 0)
        if cpu.id == other // self.kernel.threads:
            self.kernel.create(cpu, other, self.second, other, 0)
        self.kernel.start(cpu)

    @routine
    def first(self, cpu: Cpu, other: Word) -> None:
        """Until overridden, end."""
        self.kernel.begin_thread(cpu)
        self.kernel.end_thread(cpu)

    @routine
    def second(self, cpu: Cpu, me: Word) -> None:
        """Until overridden, end."""
        self.kernel.begin_thread(cpu)
        self.kernel.end_thread(cpu)


def kernel(how: str, **capacities: Any) -> Kernel:
    return Uniprocessor(**capacities) if how == "uniprocessor" else AnyKernel(**capacities)


def notes(
    how: str, workload: Notes, count: int, tick_cycles: int = 10_000, **capacities: Any
) -> list[int]:
    """Run until there are `count` notes, and return them."""
    parts = components(how, workload, kernel=kernel(how, **capacities))
    program = load(parts, CPUS[how], kernel_tick_cycles=tick_cycles)
    result = run(program, Limits(operations=count, max_cycles=10**7))
    at = address(program, "workload.notes")
    found: list[int] = result.memory[at : at + count].tolist()
    return found


@dataclass(eq=False)
class Words(Notes):
    """Sends words there and back."""

    @routine
    def first(self, cpu: Cpu, other: Word) -> None:
        """Send 3 and 4, note the answer."""
        self.kernel.begin_thread(cpu)
        self.kernel.set_length(cpu, 0, 2)
        self.kernel.set_word(cpu, 0, 0, 3)
        self.kernel.set_word(cpu, 0, 1, 4)
        self.note(cpu, self.kernel.call(cpu, other, NEVER) - other)
        self.note(cpu, self.kernel.word(cpu, 0, 0))
        self.note(cpu, self.kernel.word(cpu, 0, 1))
        self.kernel.end_thread(cpu)

    @routine
    def second(self, cpu: Cpu, me: Word) -> None:
        """Answer with the sum, in the first of two words."""
        self.kernel.begin_thread(cpu)
        client = self.kernel.receive(cpu, ANYBODY, NEVER)
        total = self.kernel.word(cpu, me, 0) + self.kernel.word(cpu, me, 1)
        self.kernel.set_word(cpu, me, 0, total)
        self.kernel.reply_and_wait(cpu, client, ANYBODY)


@pytest.mark.parametrize("how", KERNELS)
def test_words_arrive(how: str) -> None:
    assert notes(how, Words(), 3) == [0, 7, 4]
    assert notes(how, Words(), 3, message_words=2, threads=2, priorities=1) == [0, 7, 4]


@pytest.mark.parametrize("how", KERNELS)
def test_a_message_that_is_too_long_is_refused(how: str) -> None:
    with pytest.raises(CheckFailed, match="a message is longer than the kernel allows"):
        notes(how, Words(), 3, message_words=1)


@dataclass(eq=False)
class Impatient(Notes):
    """Meets nobody."""

    @routine
    def first(self, cpu: Cpu, other: Word) -> None:
        """Note what comes of calls that cannot succeed, and how long one of them took."""
        self.kernel.begin_thread(cpu)
        self.note(cpu, self.kernel.send(cpu, other, 0))
        self.note(cpu, self.kernel.receive(cpu, other, 0))
        begun = cpu.time()
        self.note(cpu, self.kernel.send(cpu, other, 30_000))
        self.note(cpu, (cpu.time() - begun) // 1_000)
        self.note(cpu, self.kernel.receive(cpu, ANYBODY, 30_000))
        self.note(cpu, self.kernel.send(cpu, 0, NEVER))
        self.note(cpu, self.kernel.send(cpu, 1_000_000, NEVER))
        self.note(cpu, self.kernel.receive(cpu, 1_000_000, NEVER))

    @routine
    def second(self, cpu: Cpu, me: Word) -> None:
        """Wait for somebody else."""
        self.kernel.begin_thread(cpu)
        self.kernel.receive(cpu, me + 1, NEVER)


@pytest.mark.parametrize("how", KERNELS)
def test_waiting_ends_with_the_timeout(how: str) -> None:
    *found, took = sorted(notes(how, Impatient(), 8))
    assert found == [NO_PARTNER] * 3 + [TIMEOUT] * 4
    # Timeouts pass at the ticks, every 10,000 cycles.
    assert 30 <= took <= 30 + 10 + 10


@dataclass(eq=False)
class Forever(Notes):
    """Waits for what never comes."""

    @routine
    def first(self, cpu: Cpu, other: Word) -> None:
        """Receive."""
        self.kernel.begin_thread(cpu)
        self.kernel.receive(cpu, other, NEVER)


@pytest.mark.parametrize("how", KERNELS)
def test_without_ticks_a_system_that_waits_for_itself_is_a_deadlock(how: str) -> None:
    program = load(components(how, Forever()), CPUS[how], kernel_tick_cycles=0)
    with pytest.raises(Deadlock):
        run(program, Limits(operations=1, max_cycles=10**7))


@dataclass(eq=False)
class Priorities(Notes):
    """Three threads of one CPU, of which the last one is the most urgent."""

    spin: str = parameter("forever", "", choices=("forever", "yield"))

    @routine
    def run(self, cpu: Cpu) -> None:
        """Two equal threads that compute, and one above them that sleeps."""
        if cpu.id == 0:
            self.kernel.create(cpu, 0, self.compute, 0, 0)
            self.kernel.create(cpu, 1, self.compute, 1, 0)
            self.kernel.create(cpu, 2, self.sleep, 2, 1)
        self.kernel.start(cpu)

    @routine
    def compute(self, cpu: Cpu, me: Word) -> None:
        """Never block."""
        self.kernel.begin_thread(cpu)
        while True:
            self.note(cpu, me)
            if self.spin == "yield":
                self.kernel.yield_cpu(cpu)
            else:
                cpu.delay(8_000)

    @routine
    def sleep(self, cpu: Cpu, me: Word) -> None:
        """Sleep and wake up again."""
        self.kernel.begin_thread(cpu)
        while True:
            self.note(cpu, me)
            self.kernel.receive(cpu, ANYBODY, 40_000)


@pytest.mark.parametrize("how", KERNELS)
def test_the_tick_shares_a_cpu_between_equals_and_favours_the_urgent(how: str) -> None:
    found = notes(how, Priorities(), 40)
    assert found[0] == 2
    assert found.count(2) >= 3
    assert abs(found.count(0) - found.count(1)) <= 4


@pytest.mark.parametrize("how", KERNELS)
def test_yield_lets_equals_alternate(how: str) -> None:
    found = notes(how, Priorities(spin="yield"), 21, tick_cycles=0)
    assert found == [2] + [0, 1] * 10


def test_one_cpu_needs_no_atomics_no_requests_and_less_memory() -> None:
    up, locked = (load(components(how, IpcPairs()), 1) for how in ("uniprocessor", "global"))
    assert {Op.SEND, Op.CAS, Op.SWAP} <= set(locked.image.code[:, 0].tolist())
    multiprocessor = {Op.SEND, Op.CAS, Op.SWAP, Op.FADD, Op.FOR, Op.FAND, Op.FENCE}
    assert not multiprocessor & set(up.image.code[:, 0].tolist())
    modules = {"ring.py", "mailbox.py", "synchronization.py", "granularity.py", "coherency.py"}
    assert not modules & {site.file.rsplit("/")[-1] for site in up.image.sites}
    # A handler that returns at once: nobody sends this CPU an interrupt.
    code = zip(up.image.sites, up.image.code[:, 0].tolist(), strict=True)
    assert [op for site, op in code if site.file.endswith("/flush.py")] == [Op.IRET]
    assert len(up.image.code) < len(locked.image.code)
    assert up.memory_words < locked.memory_words


def test_a_scenario_of_three_cpus_is_small() -> None:
    small = AnyKernel(threads=1, priorities=1, message_words=1, mailbox_entries=1, flush_entries=1)
    program = load(components("messages", Forever(), kernel=small), 3)
    # Line 0 belongs to nobody.
    assert address(program, "workload.length") - LINE_WORDS < 300
