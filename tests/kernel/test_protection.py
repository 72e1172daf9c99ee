"""System calls on protection: what they refuse, who is waited for, how changes are seen through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.kernel.granularity import FINE
from smplab.kernel.ipc import NEVER
from smplab.kernel.kernel import KernelWorkload
from smplab.kernel.rendezvous import OK
from smplab.kernel.spaces import INVALID
from smplab.kernel.synchronization import ALONE, SHARED
from smplab.language import Array, Cpu, Memory, Word, parameter, routine
from smplab.machine.result import Limits
from smplab_plugins.kernels.multiprocessor import Multiprocessor
from tests.kernel.combinations import Combination, wired
from tests.kernel.hinting import dynamic
from tests.kernel.memory_systems import ONE
from tests.kernel.systems import address, load, run

SMALLEST = -(2**63)


@dataclass(eq=False)
class Counting(Multiprocessor):
    """Counts, for each CPU, ticks, polls and kicks."""

    def layout(self, memory: Memory) -> None:
        """Also, the counters."""
        super().layout(memory)
        self.counts: Array[Word] = memory.array(Word, "cpus", 3)

    @routine(call=True)
    def tick(self, cpu: Cpu) -> bool:
        """Count ticks."""
        ticks = super().tick(cpu)
        self.counts[cpu.id * 3] += int(ticks)
        return ticks

    @routine(call=True)
    def poll_changes(self, cpu: Cpu, now: Word) -> bool:
        """Count polls."""
        self.counts[cpu.id * 3 + 1] += 1
        return super().poll_changes(cpu, now)

    @routine
    def kick(self, cpu: Cpu, target: Word) -> None:
        """Count kicks, with the CPU that is kicked."""
        cpu.fetch_add(self.counts[target * 3 + 2], 1)
        super().kick(cpu, target)


@dataclass(eq=False)
class Computing(KernelWorkload):
    """A thread on CPU 0 takes steps; the other CPUs' threads stay at user level, or there are none.

    Object 0 is that thread; object n * threads is the one of CPU n.
    """

    busy: bool = parameter(True, "other CPUs have threads")

    def layout(self, memory: Memory) -> None:
        """What came of each step."""
        self.log: Array[Word] = memory.array(Word, 64)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's thread."""
        if cpu.id == 0:
            self.kernel.create(cpu, 0, self.thread, 0, 0)
        elif self.busy:
            self.kernel.create(cpu, cpu.id * self.kernel.threads, self.other, 0, 0)
        self.kernel.start(cpu)

    @routine
    def thread(self, cpu: Cpu, me: Word) -> None:
        """Take the steps, late enough for the others to be where they stay."""
        self.kernel.begin_thread(cpu)
        cpu.delay(20_000)
        self.steps(cpu)
        cpu.begin("operation")
        cpu.end("operation")
        self.compute(cpu)

    @routine
    def other(self, cpu: Cpu, argument: Word) -> None:
        """What the others do."""
        self.kernel.begin_thread(cpu)
        self.compute(cpu)

    @routine
    def compute(self, cpu: Cpu) -> None:
        """Stay at user level."""
        while True:
            cpu.delay(500)

    @routine
    def settle(self, cpu: Cpu, number: Word, want: Word) -> None:
        """Ask for a change, and stay at user level until it is complete."""
        self.kernel.set_concurrency(cpu, number, want)
        while not self.kernel.is_settled(cpu, number):
            cpu.delay(500)

    @routine
    def steps(self, cpu: Cpu) -> None:
        """What a test does."""


def logged(one: Combination, workload: Computing, limits: Limits, **values: Any) -> list[list[int]]:
    """Run a workload; return its log, and each CPU's ticks, polls and kicks."""
    kernel = Counting() if one["kernel"] == "multiprocessor" else None
    parts = wired(one, workload, kernel, threads=2, priorities=1)
    program = load(parts, one["cpus"], **{"kernel_tick_cycles": 0, **values})
    memory = run(program, limits).memory
    at = address(program, "workload.log")
    found = [memory[at : at + 64].tolist()]
    if kernel is not None:
        at = address(program, "kernel.counts")
        found += [memory[at + 3 * c : at + 3 * c + 3].tolist() for c in range(one["cpus"])]
    return found


@dataclass(eq=False)
class Wrong(Computing):
    """Numbers that do not exist, and such that do."""

    @routine
    def steps(self, cpu: Cpu) -> None:
        """One call after the other; there are 4 objects, 2 CPUs."""
        kernel, log = self.kernel, self.log
        log[0] = kernel.set_concurrency(cpu, -1, SHARED)
        log[1] = kernel.set_concurrency(cpu, 4, SHARED)
        log[2] = kernel.set_concurrency(cpu, 3, 2)
        log[3] = kernel.set_concurrency(cpu, 3, SHARED)  # dead, but a number
        log[4] = kernel.set_processors(cpu, 0, -1, 1)
        log[5] = kernel.set_processors(cpu, 0, 1, 2)
        log[6] = kernel.set_processors(cpu, 0, 0, 0)
        log[7] = kernel.set_processors(cpu, 0, 1, 1)
        log[8] = kernel.set_group(cpu, 0, -1)
        log[9] = kernel.set_group(cpu, 0, cpu.count * kernel.groups)
        log[10] = kernel.set_group(cpu, 0, cpu.count * kernel.groups - 1)
        log[11] = kernel.set_grain(cpu, -1, FINE)
        log[12] = kernel.set_grain(cpu, 0, 2)
        log[13] = kernel.set_grain(cpu, 0, FINE)
        log[14] = kernel.set_processors(cpu, 0, 0, SMALLEST)
        log[15] = kernel.tree_object(cpu, 1)
        log[16] = kernel.thread_group(cpu, 1) - kernel.groups
        log[17] = kernel.tree_group(cpu, 1) - kernel.groups
        log[18] = kernel.groups


RESULTS = [
    INVALID, INVALID, INVALID, OK, INVALID, INVALID, INVALID, OK, INVALID, INVALID, OK, INVALID,
    INVALID, OK, INVALID,
]  # fmt: skip


@pytest.mark.parametrize(
    "one",
    [
        dynamic(),
        dynamic(granularity="dynamic"),
        dynamic(synchronization="locked", granularity="dynamic"),
        dynamic(synchronization="locked"),
        dynamic(synchronization="locked", granularity="global"),
        dynamic(synchronization="messages"),
    ],
    ids=lambda one: f"{one['synchronization']}-{one['granularity']}",
)
def test_what_does_not_exist_is_refused_and_nothing_else(one: Combination) -> None:
    log = logged(one, Wrong(), Limits(operations=1, max_cycles=10**6))[0]
    assert log[: len(RESULTS)] == RESULTS
    assert log[15] == 5
    assert log[16:18] == [0, 1 % log[18]]


def test_one_cpu_says_yes_to_everything() -> None:
    log = logged(ONE, Wrong(), Limits(operations=1, max_cycles=10**6))[0]
    assert log[: len(RESULTS)] == [OK] * len(RESULTS)


@dataclass(eq=False)
class OneChange(Computing):
    """Turn the lock of object 0 on, with all CPUs or the home alone involved; then off."""

    involved: int = parameter(0, "CPUs involved from CPU 0 on; 0: whoever comes", build=True)
    both: bool = parameter(False, "turn it off again")

    @routine
    def steps(self, cpu: Cpu) -> None:
        """Say who is involved, then that they compete."""
        if self.involved > 0:
            self.kernel.set_processors(cpu, 0, 0, self.involved)
        self.settle(cpu, 0, SHARED)
        if self.both:
            self.settle(cpu, 0, ALONE)


AT_LAST = Limits(operations=1, max_cycles=10**7)


@pytest.mark.parametrize("cpus", [2, 7])
@pytest.mark.parametrize("grace", ["epochs", "token_ring"])
def test_each_cpu_is_kicked_once_a_period_and_the_next_poll_finds_it_over(
    grace: str, cpus: int
) -> None:
    one = dynamic(grace=grace, cpus=cpus)
    workload = OneChange(involved=cpus, both=True)
    counts = logged(one, workload, AT_LAST, kernel_poll_cycles=200_000)[1:]
    assert [polls for _, polls, _ in counts] == [2] + [0] * (cpus - 1), "one poll a change"
    assert [kicks for _, _, kicks in counts] == [0] + [2] * (cpus - 1), "one kick a change"


@pytest.mark.parametrize("grace", ["epochs", "token_ring"])
def test_idle_cpus_are_not_waited_for(grace: str) -> None:
    one = dynamic(grace=grace, cpus=4)
    counts = logged(one, OneChange(busy=False, involved=4, both=True), AT_LAST)[1:]
    assert [count[1:] for count in counts] == [[0, 0]] * 4


@pytest.mark.parametrize(
    ("tracking", "grace", "kicks"),
    [("bitmap", "epochs", 0), ("broadcast", "epochs", 1), ("bitmap", "token_ring", 1)],
)
@pytest.mark.parametrize("involved", [0, 1])
def test_who_is_not_involved_is_not_waited_for(
    tracking: str, grace: str, kicks: int, involved: int
) -> None:
    one = dynamic(tracking=tracking, grace=grace, cpus=3)
    counts = logged(one, OneChange(involved=involved), AT_LAST)[1:]
    assert [count[2] for count in counts] == [0, kicks, kicks]


@dataclass(eq=False)
class Coming(Computing):
    """CPU 1 sends to thread 0, and so is involved until it is told that it is not; then again."""

    @routine
    def steps(self, cpu: Cpu) -> None:
        """Look who is in the set."""
        kernel, log = self.kernel, self.log
        guard = kernel.guard_of_object(cpu, 0)
        log[0] = int(kernel.synchronization.involved(cpu, guard, 1))
        kernel.receive(cpu, kernel.threads, NEVER)
        log[1] = int(kernel.synchronization.involved(cpu, guard, 1))
        kernel.set_processors(cpu, 0, 0, 1)
        cpu.delay(10_000)
        log[2] = int(kernel.synchronization.involved(cpu, guard, 1))
        log[3] = int(kernel.synchronization.involved(cpu, guard, 0))
        kernel.receive(cpu, kernel.threads, NEVER)
        log[4] = int(kernel.synchronization.involved(cpu, guard, 1))
        kernel.set_processors(cpu, kernel.threads, 0, 1)  # not the home of thread 0
        cpu.delay(10_000)
        theirs = kernel.guard_of_object(cpu, kernel.threads)
        log[5] = int(kernel.synchronization.involved(cpu, theirs, 1))
        kernel.migrate(cpu, kernel.threads, 2)
        cpu.delay(50_000)
        log[6] = int(kernel.synchronization.involved(cpu, theirs, 2))

    @routine
    def other(self, cpu: Cpu, argument: Word) -> None:
        """CPU 1 sends."""
        self.kernel.begin_thread(cpu)
        if cpu.id == 1:
            cpu.delay(40_000)
            self.kernel.send(cpu, 0, NEVER)
            cpu.delay(60_000)
            self.kernel.send(cpu, 0, NEVER)
            for _ in range(100):
                cpu.delay(1_000)
                self.kernel.yield_cpu(cpu)
        self.compute(cpu)


def test_a_cpu_joins_by_coming_and_leaves_when_told() -> None:
    log = logged(dynamic(cpus=3), Coming(), AT_LAST)[0]
    assert log[:7] == [0, 1, 0, 1, 1, 1, 1]


@dataclass(eq=False)
class Flickering(Computing):
    """CPU 0 asks for changes for ever, so that it always polls."""

    asks: bool = parameter(True, "it does")

    @routine
    def steps(self, cpu: Cpu) -> None:
        """Ask, and ask again before that is complete."""
        while True:
            if self.asks:
                self.kernel.set_concurrency(cpu, self.kernel.threads, SHARED)
            cpu.delay(1_000)
            if self.asks:
                self.kernel.set_concurrency(cpu, self.kernel.threads, ALONE)
            cpu.delay(1_000)


def test_ticks_keep_their_period_while_a_cpu_polls() -> None:
    busy, quiet = (
        logged(
            dynamic(), Flickering(asks=asks), Limits(run_cycles=2_000_000),
            kernel_tick_cycles=50_000, kernel_poll_cycles=3_000,
        )[1]
        for asks in (True, False)
    )  # fmt: skip
    assert busy[1] > 3 * quiet[1]
    assert abs(busy[0] - quiet[0]) <= 1


def test_the_timer_rests_when_everything_is_complete() -> None:
    for limits in (Limits(run_cycles=200_000), Limits(run_cycles=2_000_000)):
        counts = logged(dynamic(), OneChange(involved=2), limits, kernel_poll_cycles=5_000)[1]
        assert counts[:2] == [0, 1]
