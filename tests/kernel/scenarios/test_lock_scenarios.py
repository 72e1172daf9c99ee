"""Each scenario of the lock slot refutes the locks that it is there to refute."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from smplab.api import Cpu, Lock, Ref, Struct, Word, routine
from smplab.kernel.scenarios.locks import Exclusion, LockProgress, TwoLocks
from smplab.kernel.scenarios.waiting import HandOver, KernelWait
from smplab_plugins.locks.mcs import McsLock
from smplab_plugins.locks.tas import TasLock
from smplab_plugins.locks.ticket import TicketLock
from smplab_plugins.locks.ttas import Flag as Held
from smplab_plugins.locks.ttas import TtasLock
from tests.kernel.exploring import explore, holds


class Flag(Struct):
    held: Word


@dataclass(eq=False)
class Open(Lock):
    """Lets everybody in."""

    Shared = Flag
    starvation_free = True

    @routine
    def acquire(self, cpu: Cpu, lock: Ref[Flag]) -> Word:
        return 0

    @routine
    def release(self, cpu: Cpu, lock: Ref[Flag], node: Word) -> None:
        lock.held = 0


@dataclass(eq=False)
class NeverFree(TtasLock):
    """Forgets to release."""

    @routine
    def release(self, cpu: Cpu, lock: Ref[Held], node: Word) -> None:
        pass


@dataclass(eq=False)
class Boastful(TasLock):
    """Test-and-set, and says that nobody starves."""

    starvation_free = True


@dataclass(eq=False)
class Unfair(TtasLock):
    """Test-and-test-and-set, and says that nobody starves."""

    starvation_free = True


@dataclass(eq=False)
class Sleeper(TtasLock):
    """Sleeps instead of waiting through the hook."""

    @routine
    def acquire(self, cpu: Cpu, lock: Ref[Held]) -> Word:
        while cpu.swap(lock.held, 1) != 0:
            cpu.wait(lock.held)
        return 0


def test_a_lock_that_lets_everybody_in_excludes_nobody() -> None:
    verdict = explore(Exclusion(), Open())
    assert verdict.kind == "check"
    assert "two CPUs hold the lock" in verdict.violation


def test_a_release_that_does_nothing_ends_in_a_deadlock() -> None:
    assert explore(LockProgress(), NeverFree()).kind == "deadlock"
    assert explore(HandOver(), NeverFree()).kind == "deadlock"


def test_without_end_a_lock_that_may_starve_shows_it() -> None:
    verdict = explore(LockProgress(rounds=0), Boastful())
    assert verdict.kind == "livelock"
    assert verdict.trace is not None
    assert verdict.trace.cycle is not None
    assert holds(explore(LockProgress(rounds=0), TasLock())), "some CPU always completes"


@pytest.mark.parametrize("model", ["sc", "tso"])
def test_a_queue_lock_starves_nobody_without_end(model: str) -> None:
    assert holds(explore(LockProgress(rounds=0), McsLock(), model=model))


def test_who_came_later_may_not_enter_first() -> None:
    verdict = explore(HandOver(), Unfair())
    assert "a CPU that came later entered first" in verdict.violation
    assert holds(explore(HandOver(), TtasLock())), "it does not say that it is fair"


def test_a_cpu_that_comes_again_is_no_overtaker() -> None:
    assert holds(explore(HandOver(rounds=3), TicketLock()))


def test_two_locks_take_two_queue_nodes() -> None:
    verdict = explore(TwoLocks(), McsLock(nodes=1))
    assert "raise `nodes`" in verdict.violation
    assert holds(explore(TwoLocks(), McsLock(nodes=2)))


def test_a_lock_that_sleeps_serves_no_requests() -> None:
    assert explore(KernelWait(), Sleeper()).kind == "deadlock"


def test_backoff_leaves_time_for_requests() -> None:
    assert holds(explore(KernelWait(), TicketLock(backoff_cycles=10)))


@pytest.mark.parametrize("scenario", [Exclusion, LockProgress, TwoLocks, HandOver, KernelWait])
def test_one_cpu_alone_passes(scenario: type[Exclusion]) -> None:
    assert holds(explore(scenario(), McsLock(), cpus=1))
