"""Operation requests: what one CPU asks of another, through a bounded mailbox and an interrupt.

Each CPU has a mailbox, a ring (ring.py) of `mailbox_entries` entries. There is no lock, so that
nothing can be held while a CPU waits.

Invariants:

- A CPU serves operation requests only with interrupts off and outside operations on threads.
- A full mailbox stops nobody for good: `post` serves this CPU's own requests, of both classes,
  until there is room, and waits outside the kernel (`Synchronization.end`). What serving itself has
  to send, the answers, never waits: an answer that finds a mailbox full goes to a backlog of this
  CPU, linked through the thread that it wakes, and is retried. A thread has at most one answer
  under way, so the backlog needs no bound.
- What one CPU sends to another arrives in the order in which it was sent, answers aside.

Source: the mailbox of L4Ka::Pistachio (api/v4/smp.{h,cc}): 32 entries under a spin lock, an
interrupt a request, and a panic when one is full.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from smplab.kernel.flush import Flushes
from smplab.kernel.objects import Tcb
from smplab.kernel.ring import Ring
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import NULL, Ref, Word

WAKE = 1  # make the thread ready
OFFER = 2  # the thread wants to send to its partner
WITHDRAW = 3  # the thread's time to send to its partner has passed
# From 4 on: what threads.py asks for.
REQUESTS = 8
"""How many there are; a WITHDRAW carries the number of the phase that ends, times this."""


@dataclass(eq=False)
class Mailboxes(Flushes):
    """Requests between CPUs."""

    mailbox_entries: int = parameter(
        32, "requests that a CPU's mailbox holds", build=True, minimum=1,
        source="L4Ka::Pistachio, MAX_MAILBOX_ENTRIES",
    )  # fmt: skip

    polls: bool = field(default=False, init=False, repr=False)
    """Whether there are changes that `look_up` sees to."""

    def layout(self, memory: Memory) -> None:
        """Mailboxes, each on the node of its CPU."""
        super().layout(memory)
        if self.multiprocessor:
            self.mailboxes = Ring(self.mailbox_entries)
            self.mailboxes.layout(memory)

    @routine
    def perform(self, cpu: Cpu, what: Word, thread: Ref[Tcb], partner: Ref[Tcb]) -> None:
        """Do what a request asks for; rendezvous.py says how."""
        cpu.check(False, "nobody performs requests")

    @routine
    def look_up(self, cpu: Cpu) -> None:
        """Do what must not wait until no request is left: the hook of changes.py."""

    @routine
    def depart(self, cpu: Cpu) -> None:
        """See to the threads that die or move; threads.py says how."""

    @routine
    def try_post(self, cpu: Cpu, target: Word, what: Word, thread: Ref[Tcb], partner: Any) -> bool:
        """Put a request into the mailbox of CPU `target` and interrupt it; False if it is full."""
        posted = self.mailboxes.put(cpu, target, what, thread, partner) >= 0
        if posted:
            self.fence_request(cpu)
            cpu.send_ipi(target, "request")
        return posted

    @routine(call=True)
    def post(self, cpu: Cpu, target: Word, what: Word, thread: Ref[Tcb], partner: Any) -> None:
        """Send a request, serving this CPU's own as long as the other mailbox is full."""
        self.check_outside(cpu)
        waited = False
        while not self.try_post(cpu, target, what, thread, partner):
            cpu.tally("mailbox_full")
            waited = True
            self.synchronization.end(cpu)
            if not cpu.take_pending("request"):
                self.await_room(cpu, self.mailboxes, target)
            self.synchronization.begin(cpu)
            # Behind the look at interrupts: one of them may have come for this.
            self.synchronization.quiescent(cpu)
            self.serve(cpu)
        if waited and self.highest_ready(cpu) > self.current(cpu).urgency:
            # Once out of the kernel, the caller makes room for who was woken meanwhile.
            cpu.send_ipi(cpu.id, "request")

    @routine
    def answer(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Wake a thread of another CPU; never waits, so that serving a request may do it."""
        if not self.try_post(cpu, thread.home, WAKE, thread, NULL):
            self.append(cpu, self.processor(cpu).answers, thread)

    @routine
    def send_backlog(self, cpu: Cpu) -> None:
        """Retry the answers that found a mailbox full, until one still does."""
        answers = self.processor(cpu).answers
        while answers.first != NULL:
            thread = answers.first
            after = thread.next
            # Once it is posted the thread may run, and be answered for again.
            if not self.try_post(cpu, thread.home, WAKE, thread, NULL):
                return
            answers.first = after

    @routine(call=True)
    def serve(self, cpu: Cpu) -> None:
        """Perform all requests that have come for this CPU, and see to what they lead to."""
        self.check_outside(cpu)
        self.send_backlog(cpu)
        entry = self.mailboxes.first(cpu)
        while entry != NULL:
            # Given back before it is performed, so that producers need not wait for that.
            what, thread, partner = entry.what, entry.first, entry.second
            self.mailboxes.take(cpu, entry)
            self.perform(cpu, what, thread, partner)
            entry = self.mailboxes.first(cpu)
            if self.polls and entry != NULL:
                self.look_up(cpu)
        self.depart(cpu)
