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
    def settle(self, cpu: Cpu, number: Word, want: Word) -> bool:
        """Ask for a change, and stay at user level until it is complete; whether it is at once."""
        self.kernel.set_concurrency(cpu, number, want)
        at_once = self.kernel.is_settled(cpu, number)
        while not self.kernel.is_settled(cpu, number):
            cpu.delay(500)
        return at_once

    @routine
    def steps(self, cpu: Cpu) -> None:
        """What a test does."""


def logged(
    one: Combination, workload: Computing, limits: Limits, period: str = "", **values: Any
) -> list[list[int]]:
    """Run a workload; return its log, and each CPU's ticks, polls and kicks.

    Args:
        period: a word of the filling of grace, which becomes the last one in the log.
    """
    kernel = Counting() if one["kernel"] == "multiprocessor" else None
    parts = wired(one, workload, kernel, threads=2, priorities=1)
    program = load(parts, one["cpus"], **{"kernel_tick_cycles": 0, **values})
    memory = run(program, limits).memory
    at = address(program, "workload.log")
    found = [memory[at : at + 64].tolist()]
    if period:
        found[0][-1] = int(memory[address(program, period)])
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
    """CPU 0 turns the lock of an object on, with CPUs from 0 on or the home alone involved."""

    home: int = parameter(0, "CPU whose object it is", build=True)
    involved: int = parameter(0, "CPUs involved from CPU 0 on; 0: whoever comes", build=True)
    both: bool = parameter(False, "turn it off again")

    @routine
    def steps(self, cpu: Cpu) -> None:
        """Say who is involved, then that they compete."""
        number = self.home * self.kernel.threads
        if self.involved > 0:
            self.kernel.set_processors(cpu, number, 0, self.involved)
            cpu.delay(10_000)  # who is asked to leave has done so
        self.log[0] = int(self.settle(cpu, number, SHARED))
        if self.both:
            self.log[1] = int(self.settle(cpu, number, ALONE))


AT_LAST = Limits(operations=1, max_cycles=10**7)
PERIOD = {"epochs": "grace.now", "token_ring": "grace.ring"}
"""A word that is 0 until the first grace period begins, or until a token is passed."""


@pytest.mark.parametrize("grace", PERIOD)
@pytest.mark.parametrize("starts", ["disabled", "enabled"])
def test_who_is_at_home_turns_the_lock_on_at_once(starts: str, grace: str) -> None:
    one = dynamic(grace=grace, cpus=4, starts=starts)
    log, *counts = logged(one, OneChange(involved=4), AT_LAST, PERIOD[grace])
    assert log[0] == 1, "settled at once"
    assert log[-1] == 0, "a grace period"
    assert counts == [[0, 0, 0]] * 4, "ticks, polls, kicks"


@pytest.mark.parametrize("grace", PERIOD)
def test_elsewhere_the_lock_is_turned_on_after_a_grace_period(grace: str) -> None:
    one = dynamic(grace=grace, cpus=4)
    log, *counts = logged(one, OneChange(home=1, involved=4), AT_LAST, PERIOD[grace])
    assert log[0] == 0, "settled at once"
    assert log[-1] > 0, "no grace period"
    assert [count[1:] for count in counts] == [[1, 0]] + [[0, 1]] * 3, "polls, kicks"


@pytest.mark.parametrize("cpus", [2, 7])
@pytest.mark.parametrize("grace", PERIOD)
@pytest.mark.parametrize(("home", "periods"), [(0, 1), (1, 2)])
def test_each_cpu_is_kicked_once_a_period_and_the_next_poll_finds_it_over(
    home: int, periods: int, grace: str, cpus: int
) -> None:
    """The home's own request for a lock takes no period."""
    one = dynamic(grace=grace, cpus=cpus)
    workload = OneChange(home=home, involved=cpus, both=True)
    counts = logged(one, workload, AT_LAST, kernel_poll_cycles=200_000)[1:]
    assert [polls for _, polls, _ in counts] == [periods] + [0] * (cpus - 1), "one poll a period"
    assert [kicks for _, _, kicks in counts] == [0] + [periods] * (cpus - 1), "one kick a period"


@pytest.mark.parametrize("grace", PERIOD)
@pytest.mark.parametrize("home", [0, 1])
def test_idle_cpus_are_not_waited_for(home: int, grace: str) -> None:
    one = dynamic(grace=grace, cpus=4)
    workload = OneChange(busy=False, home=home, involved=4, both=True)
    log, *counts = logged(one, workload, AT_LAST, PERIOD[grace])
    assert log[:2] == [1, 1]
    assert log[-1] > 0, "no grace period"
    assert [count[1:] for count in counts] == [[0, 0]] * 4


@pytest.mark.parametrize(
    ("tracking", "grace", "others"),
    [("bitmap", "epochs", False), ("broadcast", "epochs", True), ("bitmap", "token_ring", True)],
)
@pytest.mark.parametrize("involved", [0, 1])
@pytest.mark.parametrize(("home", "periods"), [(0, 1), (1, 2)])
def test_who_is_not_involved_is_not_waited_for(
    home: int, periods: int, involved: int, tracking: str, grace: str, others: bool
) -> None:
    """But the home is, whatever is said."""
    one = dynamic(tracking=tracking, grace=grace, cpus=4)
    workload = OneChange(home=home, involved=involved, both=True)
    counts = logged(one, workload, AT_LAST)[1:]
    waited_for = [c != 0 and (others or c == home) for c in range(4)]
    assert [count[2] for count in counts] == [periods * waits for waits in waited_for]


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
        workload = OneChange(home=1, involved=2)
        counts = logged(dynamic(), workload, limits, kernel_poll_cycles=5_000)[1]
        assert counts[:2] == [0, 1]


@dataclass(eq=False)
class Flooded(Computing):
    """CPU 0 asks for a change of CPU 1's object; then all but the last CPU give it no rest."""

    @routine
    def thread(self, cpu: Cpu, me: Word) -> None:
        """Ask; see to it if there is time for that."""
        self.kernel.begin_thread(cpu)
        cpu.delay(20_000)
        self.kernel.set_concurrency(cpu, self.kernel.threads, SHARED)
        self.log[0] = 1
        self.compute(cpu)

    @routine
    def other(self, cpu: Cpu, argument: Word) -> None:
        """Request after request; the last CPU looks whether the change is complete."""
        self.kernel.begin_thread(cpu)
        while self.log[0] == 0:
            cpu.wait(self.log[0])
        while cpu.id < cpu.count - 1:
            self.kernel.set_priority(cpu, 0, 0)
        while not self.kernel.is_settled(cpu, self.kernel.threads):
            cpu.delay(500)
        cpu.begin("operation")
        cpu.end("operation")
        self.compute(cpu)


def test_a_cpu_without_rest_from_requests_sees_changes_through() -> None:
    """It takes no timer, so it has to look at the clock between requests."""
    one = dynamic(cpus=16)
    kernel = Counting()
    program = load(wired(one, Flooded(), kernel, threads=2, priorities=1), 16, kernel_tick_cycles=0)
    result = run(program, Limits(operations=1, max_cycles=10**6))
    assert result.operations == 1
    at = address(program, "kernel.counts")
    assert result.memory[at + 1] <= 1  # of its timer, until then
