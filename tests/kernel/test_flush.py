"""Flush requests: awaited ones are done, in order, whatever their targets wait for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.kernel.contracts import Lock
from smplab.kernel.fillings import fillings_of
from smplab.kernel.objects import Tcb
from smplab.kernel.ring import Ring
from smplab.language import NULL, Cpu, Ref, Word, routine
from smplab.machine.errors import Deadlock, SimulationError
from smplab_plugins.locks.clh import ClhLock
from smplab_plugins.locks.mcs import McsLock
from smplab_plugins.locks.tas import TasLock
from smplab_plugins.locks.ticket import TicketLock
from smplab_plugins.locks.ttas import TtasLock
from tests.kernel.flushing import FlushKernel, Stuck, try_flushes
from tests.kernel.model import NotAllowed

LOCKS = [ClhLock, McsLock, TasLock, TicketLock, TtasLock]


def small(kind: type[FlushKernel] = FlushKernel) -> FlushKernel:
    """Return a kernel whose rings have one entry, so that everybody waits for room."""
    return kind(threads=2, priorities=1, message_words=1, mailbox_entries=1, flush_entries=1)


@pytest.mark.parametrize("how", ["locked", "global", "messages"])
@pytest.mark.parametrize("cpus", [2, 4])
def test_flushes_are_done_when_they_were_awaited(how: str, cpus: int) -> None:
    assert try_flushes(how, small(), range(60), cpus=cpus) > 40


@pytest.mark.parametrize("how", ["locked", "global"])
@pytest.mark.parametrize("lock", LOCKS)
def test_every_lock_serves_them_while_it_waits(how: str, lock: type[Lock]) -> None:
    assert try_flushes(how, small(), range(30), lock()) > 20


@dataclass(eq=False)
class DeafLocks(FlushKernel):
    """Locks wait as on the bare machine."""

    def connect(self) -> None:
        """Fill no hook of a lock."""
        super().connect()
        for lock in fillings_of(self, Lock):
            del lock.wait, lock.pause


@dataclass(eq=False)
class DeafPost(FlushKernel):
    """Who waits for room in a mailbox serves its mailbox alone."""

    @routine(call=True)
    def post(self, cpu: Cpu, target: Word, what: Word, thread: Ref[Tcb], partner: Any) -> None:
        """Retry."""
        while not self.try_post(cpu, target, what, thread, partner):
            self.synchronization.end(cpu)
            self.synchronization.begin(cpu)
            self.serve(cpu)


@dataclass(eq=False)
class DeafRequest(FlushKernel):
    """Who waits for room in a ring of flush requests serves nothing."""

    @routine
    def await_room(self, cpu: Cpu, ring: Ring, target: Word) -> None:
        """Retry at once."""


@dataclass(eq=False)
class DeafAwait(FlushKernel):
    """Who awaits a flush serves nothing."""

    @routine
    def await_flush(self, cpu: Cpu, target: Word, ticket: Word) -> None:
        """Sleep."""
        while not self.flushes.was_taken(cpu, target, ticket):
            cpu.wait(self.flushes.at(cpu, target, ticket).turn)


@dataclass(eq=False)
class DeafSleep(FlushKernel):
    """An idle CPU does not look whether it should flush."""

    @routine
    def sleep(self, cpu: Cpu) -> bool:
        """Sleep."""
        if cpu.context < cpu.count:
            cpu.idle(self.processor(cpu).top)
        cpu.take_pending("request")
        return cpu.take_pending("timer")


@dataclass(eq=False)
class AwaitsNothing(FlushKernel):
    """A flush is not awaited."""

    @routine
    def await_flush(self, cpu: Cpu, target: Word, ticket: Word) -> None:
        """Go on."""


@dataclass(eq=False)
class TakesFirst(FlushKernel):
    """A request is given back before it is served."""

    @routine(call=True)
    def serve_flushes(self, cpu: Cpu) -> None:
        """As the mailbox does, where nobody waits for the end."""
        request = self.flushes.first(cpu)
        while request != NULL:
            what, space, page = request.what, request.first, request.second
            self.flushes.take(cpu, request)
            self.tlb.flush(cpu, what, space, page)
            request = self.flushes.first(cpu)


FAULTS = [
    (DeafLocks, "locked"), (DeafLocks, "global"), (DeafPost, "messages"),
    (DeafRequest, "locked"), (DeafAwait, "locked"), (DeafAwait, "messages"),
    (DeafSleep, "locked"), (AwaitsNothing, "locked"), (TakesFirst, "messages"),
]  # fmt: skip


@pytest.mark.parametrize(("kernel", "how"), FAULTS)
def test_a_fault_is_caught(kernel: type[FlushKernel], how: str) -> None:
    with pytest.raises((Stuck, NotAllowed, SimulationError)):
        try_flushes(how, small(kernel), range(100))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_lock_that_does_not_serve_while_it_waits_is_caught(lock: type[Lock]) -> None:
    with pytest.raises((Stuck, Deadlock)):
        try_flushes("locked", small(DeafLocks), range(100), lock())
