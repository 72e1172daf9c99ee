"""The contract refuses locks that are none."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from smplab.api import Cpu, Lock, Ref, Struct, Word, routine
from smplab.machine.errors import CheckFailed, Deadlock
from smplab.testing.locks import LockContract


class Flag(Struct):
    """One lock."""

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
class NotAtomic(Open):
    """Tests, and sets in a second step."""

    @routine
    def acquire(self, cpu: Cpu, lock: Ref[Flag]) -> Word:
        while lock.held != 0:
            self.wait(cpu, lock.held)
        lock.held = 1
        return 0


@dataclass(eq=False)
class Closed(Open):
    """Never gives the lock back."""

    @routine
    def acquire(self, cpu: Cpu, lock: Ref[Flag]) -> Word:
        while not cpu.cas(lock.held, 0, 1):
            while lock.held != 0:
                self.wait(cpu, lock.held)
        return 0

    @routine
    def release(self, cpu: Cpu, lock: Ref[Flag], node: Word) -> None:
        cpu.fence()


class Contract(LockContract):
    """The contract, for a lock that is given."""

    __test__ = False

    def __init__(self, lock: Lock) -> None:
        self.lock = lock

    def make_lock(self) -> Lock:
        return self.lock


@pytest.mark.parametrize("lock", [Open(), NotAtomic()])
def test_two_in_the_critical_section_are_found(lock: Lock) -> None:
    with pytest.raises(CheckFailed, match="two CPUs hold the lock"):
        Contract(lock).test_the_holder_is_alone()


def test_a_lock_that_stays_taken_is_a_deadlock() -> None:
    with pytest.raises(Deadlock):
        Contract(Closed()).test_the_holder_is_alone()


def test_a_contract_needs_a_lock() -> None:
    with pytest.raises(NotImplementedError, match="how to make the lock"):
        LockContract().make_lock()
