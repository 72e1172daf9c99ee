"""Operation requests: what one CPU asks of another, through a bounded mailbox and an interrupt.

Each CPU has a mailbox, a ring of `mailbox_entries` entries. Producers draw tickets; an entry's turn
says whose it is: 2k free for the k-th time, 2k + 1 filled for the k-th time. There is no lock, so
that nothing can be held while a CPU waits.

Invariants:

- A CPU serves operation requests only with interrupts off and outside operations on threads.
- A full mailbox stops nobody for good: `post` serves this CPU's own requests while it retries. What
  serving itself has to send, the answers, never waits: an answer that finds a mailbox full goes to
  a backlog of this CPU, linked through the thread that it wakes, and is retried. A thread has at
  most one answer under way, so the backlog needs no bound.
- What one CPU sends to another arrives in the order in which it was sent, answers aside.

Source: the mailbox of L4Ka::Pistachio (api/v4/smp.{h,cc}): 32 entries under a spin lock, an
interrupt a request, and a panic when one is full. The ring is D. Vyukov's bounded queue (2010), its
turns counted in twos so that one entry is enough.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.objects import Tcb
from smplab.kernel.ready import ReadyQueues
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import NULL, Array, Ref, Struct, Word, aligned

WAKE = 1  # make the thread ready
OFFER = 2  # the thread wants to send to its partner
WITHDRAW = 3  # the thread's time to send to its partner has passed


class Entry(Struct):
    """One request."""

    turn: Word = aligned()
    request: Word
    thread: Ref[Tcb]
    partner: Ref[Tcb]


class Box(Struct):
    """A CPU's mailbox, as those see it who fill it."""

    drawn: Word = aligned()  # tickets for entries


@dataclass(eq=False)
class Mailboxes(ReadyQueues):
    """Requests between CPUs."""

    mailbox_entries: int = parameter(
        32, "requests that a CPU's mailbox holds", build=True, minimum=1,
        source="L4Ka::Pistachio, MAX_MAILBOX_ENTRIES",
    )  # fmt: skip

    def layout(self, memory: Memory) -> None:
        """Mailboxes, each on the node of its CPU."""
        super().layout(memory)
        if self.multiprocessor:
            self.entries: Array[Entry] = memory.per_cpu(Entry, self.mailbox_entries)
            self.boxes: Array[Box] = memory.per_cpu(Box)

    @routine
    def perform(self, cpu: Cpu, request: Word, thread: Ref[Tcb], partner: Ref[Tcb]) -> None:
        """Do what a request asks for; ipc.py says how."""
        cpu.check(False, "nobody performs requests")

    @routine
    def try_post(
        self, cpu: Cpu, target: Word, request: Word, thread: Ref[Tcb], partner: Ref[Tcb]
    ) -> bool:
        """Put a request into the mailbox of CPU `target` and interrupt it; False if it is full."""
        box = self.boxes[target]
        while True:
            ticket = box.drawn
            entry = self.entries[target * self.mailbox_entries + ticket % self.mailbox_entries]
            turn = 2 * (ticket // self.mailbox_entries)
            if entry.turn == turn:
                if cpu.cas(box.drawn, ticket, ticket + 1):
                    break
            elif box.drawn == ticket:
                return False
        entry.request = request
        entry.thread = thread
        entry.partner = partner
        entry.turn = turn + 1
        cpu.send_ipi(target, "request")
        return True

    @routine(call=True)
    def post(
        self, cpu: Cpu, target: Word, request: Word, thread: Ref[Tcb], partner: Ref[Tcb]
    ) -> None:
        """Send a request, serving this CPU's own as long as the other mailbox is full."""
        self.check_outside(cpu)
        while not self.try_post(cpu, target, request, thread, partner):
            cpu.tally("mailbox_full")
            self.serve(cpu)

    @routine
    def answer(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Wake a thread of another CPU from within a request; never waits."""
        if not self.try_post(cpu, thread.home, WAKE, thread, NULL):
            thread.next_answer = self.processors[cpu.id].first_answer
            self.processors[cpu.id].first_answer = thread

    @routine
    def send_backlog(self, cpu: Cpu) -> None:
        """Retry the answers that found a mailbox full, until one still does."""
        processor = self.processors[cpu.id]
        while processor.first_answer != NULL:
            thread = processor.first_answer
            after = thread.next_answer
            # Once it is posted the thread may run, and be answered for again.
            if not self.try_post(cpu, thread.home, WAKE, thread, NULL):
                return
            processor.first_answer = after

    @routine(call=True)
    def serve(self, cpu: Cpu) -> None:
        """Perform all requests that have come for this CPU."""
        self.check_outside(cpu)
        self.send_backlog(cpu)
        processor = self.processors[cpu.id]
        while True:
            served = processor.served
            entry = self.entries[cpu.id * self.mailbox_entries + served % self.mailbox_entries]
            turn = 2 * (served // self.mailbox_entries) + 1
            if entry.turn != turn:
                return
            request = entry.request
            thread = entry.thread
            partner = entry.partner
            # Given back before it is performed, so that producers need not wait for that.
            processor.served = served + 1
            entry.turn = turn + 1
            self.perform(cpu, request, thread, partner)
