"""Every lock that ships meets the contract of its slot, and does what its paper says of it."""

from __future__ import annotations

import pytest

from smplab.api import Lock
from smplab.machine.result import Counter
from smplab.testing.locks import LockContract
from smplab_plugins.locks.clh import ClhLock
from smplab_plugins.locks.mcs import McsLock
from smplab_plugins.locks.tas import TasLock
from smplab_plugins.locks.ticket import TicketLock
from smplab_plugins.locks.ttas import TtasLock


class TestTas(LockContract):
    def make_lock(self) -> Lock:
        return TasLock()

    def test_never_waits(self) -> None:
        assert self.run_exclusion(8).counters[:, Counter.WAITS].sum() == 0


class TestTtas(LockContract):
    def make_lock(self) -> Lock:
        return TtasLock()

    def test_spins_in_its_own_cache(self) -> None:
        assert self.run_exclusion(8).counters[:, Counter.WAITS].sum() > 0


class TestTtasWithBackoff(LockContract):
    def make_lock(self) -> Lock:
        return TtasLock(backoff_min_cycles=100, backoff_max_cycles=2000)

    def test_backoff_saves_transfers(self) -> None:
        impatient = TestTtas().run_exclusion(16).counters
        patient = self.run_exclusion(16).counters
        assert patient[:, Counter.ATOMICS].sum() < impatient[:, Counter.ATOMICS].sum()


class TestTicket(LockContract):
    def make_lock(self) -> Lock:
        return TicketLock()

    def test_one_atomic_for_an_acquisition(self) -> None:
        result = self.run_exclusion(8)
        assert result.counters[:, Counter.ATOMICS].sum() <= result.operations + 8


class TestTicketWithBackoff(LockContract):
    def make_lock(self) -> Lock:
        return TicketLock(backoff_cycles=200)

    def test_looks_again_less_often(self) -> None:
        eager = TestTicket().run_exclusion(16).counters
        patient = self.run_exclusion(16).counters
        assert patient[:, Counter.TRANSFERS].sum() < eager[:, Counter.TRANSFERS].sum()


class TestMcs(LockContract):
    def make_lock(self) -> Lock:
        return McsLock()

    def test_a_release_disturbs_one_cpu(self) -> None:
        """Transfers for an acquisition do not grow with the number of waiters."""
        few, many = self.run_exclusion(4), self.run_exclusion(64)
        per_few = few.counters[:, Counter.TRANSFERS].sum() / few.operations
        per_many = many.counters[:, Counter.TRANSFERS].sum() / many.operations
        assert per_many < 1.5 * per_few


class TestClh(LockContract):
    def make_lock(self) -> Lock:
        return ClhLock()

    def test_a_release_disturbs_one_cpu(self) -> None:
        """Transfers for an acquisition do not grow with the number of waiters."""
        few, many = self.run_exclusion(4), self.run_exclusion(64)
        per_few = few.counters[:, Counter.TRANSFERS].sum() / few.operations
        per_many = many.counters[:, Counter.TRANSFERS].sum() / many.operations
        assert per_many < 1.5 * per_few


@pytest.mark.parametrize("make", [TicketLock, McsLock, ClhLock])
def test_queue_locks_serve_everybody(make: type[Lock]) -> None:
    assert make.starvation_free


@pytest.mark.parametrize("make", [TasLock, TtasLock])
def test_test_and_set_locks_may_starve(make: type[Lock]) -> None:
    assert not make.starvation_free
