"""Ticket lock, optionally with proportional backoff.

J. M. Mellor-Crummey and M. L. Scott, "Algorithms for Scalable Synchronization on Shared-Memory
Multiprocessors", ACM TOCS 9(1), 1991, section 2.2. First come, first served; every release makes
all waiters read the line again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import Cpu, Lock, Mutant, Ref, Struct, Word, parameter, routine


class Ticket(Struct):
    """One lock: two words in one line, as in the paper."""

    next: Word  # the ticket that the next arrival draws
    serving: Word  # the ticket that holds the lock


@dataclass(eq=False)
class TicketLock(Lock):
    """Ticket lock: draw a ticket, wait until it is served."""

    Shared = Ticket
    starvation_free = True
    mutants: ClassVar[dict[str, Mutant]] = {
        "not_atomic": Mutant("a ticket is drawn by a load and a store"),
        "one_early": Mutant("the next in turn enters as well"),
        "not_passed_on": Mutant("a release serves the ticket that was served"),
        "deaf": Mutant("the wait sleeps and serves no requests"),
    }

    backoff_cycles: int = parameter(
        0,
        "pause before looking again, for each waiter in front; 0: look at every change",
        unit="cycles",
        minimum=0,
        source="proportional backoff, section 2.2 of the paper",
    )

    @routine
    def acquire(self, cpu: Cpu, lock: Ref[Ticket]) -> Word:
        """Two instructions when free; otherwise wait for the turn."""
        if self.mutant == "not_atomic":
            ticket = lock.next
            lock.next = ticket + 1
        else:
            ticket = cpu.fetch_add(lock.next, 1)
        while True:
            ahead = ticket - lock.serving
            if ahead == 0 or (self.mutant == "one_early" and ahead == 1):
                return ticket
            if self.backoff_cycles > 0:
                self.pause(cpu)
                cpu.delay(ahead * self.backoff_cycles)
            elif self.mutant == "deaf":
                cpu.wait(lock.serving)
            else:
                self.wait(cpu, lock.serving)

    @routine
    def release(self, cpu: Cpu, lock: Ref[Ticket], node: Word) -> None:
        """Only the holder writes `serving`, so a plain store is enough."""
        if self.mutant != "not_passed_on":
            lock.serving = node + 1
