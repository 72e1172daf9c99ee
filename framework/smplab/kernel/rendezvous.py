"""The rendezvous: what happens to a message between its sender and its receiver.

A message passes when a sender and a receiver meet; whoever comes second copies it. Who comes first
blocks: a sender in the queue of the receiver, a receiver with `expects` set. The operations on the
receiver are `deliver`, `queue`, `accept` and `withdraw`.

Invariants:

- A message is copied once, while its sender cannot run: it calls the kernel, or it blocks.
- A delivered receiver expects nobody any more, a delivered sender has left the queue, both within
  the operation that copied; so nobody delivers twice, and who withdraws later finds nothing to do.
- A thread that blocked is woken exactly once: by its delivery, or by its withdrawal.
- A remote sender blocks before its request can be answered, since its CPU serves no requests until
  it has switched away from it. Its home does not change until then, so answers find it; its
  partner's may, and then the request is refused (RETRY), or, a withdrawal, repeated at a tick.
- A caller that blocked in its send phase is woken once, by the answer: whoever takes its message
  makes it expect the answer (CALLS). That is one store, to a word that only the caller's own
  receive phases write otherwise, and it is in none; so it needs no operation on the caller. Another
  sender sees either nobody or somebody else expected, and queues either way.

Source: L4Ka::Pistachio, api/v4/ipc.cc. The remote send by messages costs two requests here
(offer, wake), where Pistachio needs three (send, reply, done): its sender's CPU copies, ours is the
receiver's. Where its transitional states would hold a lock while blocking, ours cannot: no
operation blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.accounting import Event
from smplab.kernel.mailbox import OFFER, REQUESTS, WAKE, WITHDRAW
from smplab.kernel.objects import ANYONE, DEAD, Tcb
from smplab.kernel.scheduler import Scheduler
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import NULL, Ref, Word

OK = 0
TIMEOUT = -1
"""The partner did not come in time; nothing was sent, or nothing received."""
NO_PARTNER = -2
"""There is no such thread, it is dead, or it is the caller itself."""

PENDING = -10  # results of the kernel's own: the sender goes on waiting
RETRY = -11  # the request found its thread gone to another CPU

WAITS = 1
CALLS = 2
"""As a sender's patience; 0: it does not wait."""


@dataclass(eq=False)
class Rendezvous(Scheduler):
    """Operations on receivers, requests for them, the end of waits."""

    # --- operations: within `enter` and `leave` on the receiver -----------------------------------

    @routine
    def transfer(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> None:
        """Copy a message."""
        number = sender.number
        length = sender.length
        receiver.result = number
        receiver.length = length
        if self.accounting.told:
            self.accounting.event(cpu, Event.MESSAGE, number, receiver.number)
        if length > 0:
            origin = number * self.row
            target = receiver.number * self.row
            for i in range(length):
                self.words[target + i] = self.words[origin + i]

    @routine
    def deliver(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> bool:
        """Give a receiver that waits for this sender its message; False if it does not wait."""
        expected = receiver.expects
        if expected != sender and expected != ANYONE:  # noqa: PLR1714 - routines have no `in`
            return False
        receiver.expects = NULL
        self.transfer(cpu, sender, receiver)
        return True

    @routine(call=True)
    def queue(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> Word:
        """Let a sender wait in the queue; PENDING, or why it cannot."""
        if receiver.expects == DEAD:
            return NO_PARTNER
        if sender.patience == 0:
            return TIMEOUT
        sender.polling = receiver
        self.append(cpu, receiver.senders, sender)
        return PENDING

    @routine
    def accept(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> bool:
        """Take the message of a queued sender; whether it is to be woken."""
        self.unlink_sender(cpu, receiver, sender)
        self.transfer(cpu, sender, receiver)
        if sender.patience == CALLS:
            sender.expects = receiver
            return False
        sender.result = OK
        return True

    @routine
    def withdraw(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> bool:
        """Take a sender out of the queue; False if it is not there any more."""
        if sender.polling != receiver:
            return False
        self.unlink_sender(cpu, receiver, sender)
        return True

    # --- requests and timeouts --------------------------------------------------------------------

    @routine(call=True)
    def perform(self, cpu: Cpu, what: Word, thread: Ref[Tcb], partner: Ref[Tcb]) -> None:
        """Do what another CPU asks for."""
        if what == WAKE:
            self.make_ready(cpu, thread)
        elif what == OFFER:
            self.perform_offer(cpu, thread, partner)
        elif what % REQUESTS != WITHDRAW:
            self.perform_control(cpu, what, thread, partner)
        # The phase tells the wait that is meant from a later one with the same partner.
        elif partner.home == cpu.id and thread.phase == what // REQUESTS:
            node = self.enter(cpu, partner)
            withdrawn = self.withdraw(cpu, thread, partner)
            self.leave(cpu, partner, node)
            if withdrawn:
                thread.result = TIMEOUT
                self.answer(cpu, thread)

    @routine
    def perform_offer(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> None:
        """Deliver the message of a remote sender, or let it wait; answer if its wait is over."""
        result = RETRY
        if receiver.home == cpu.id:
            # The sender's CPU found the lock off; it may be on by now.
            node = self.enter(cpu, receiver)
            delivered = self.deliver(cpu, sender, receiver)
            if not delivered:
                result = self.queue(cpu, sender, receiver)
            self.leave(cpu, receiver, node)
            if delivered:
                self.make_ready(cpu, receiver)
                result = OK
                if sender.patience == CALLS:
                    sender.expects = receiver
                    result = PENDING
        if result != PENDING:
            sender.result = result
            self.answer(cpu, sender)

    @routine
    def perform_control(self, cpu: Cpu, what: Word, caller: Ref[Tcb], thread: Ref[Tcb]) -> None:
        """Do what another CPU asks of a thread as such; threads.py says how."""
        cpu.check(False, "nobody controls threads")

    @routine(call=True)
    def cancel(self, cpu: Cpu, thread: Ref[Tcb]) -> bool:
        """End the wait of a blocked thread of this CPU in a phase of IPC; False: not, or not yet.

        Not if its wake-up is under way. Not yet if its partner's CPU was asked; then the wake-up
        comes, or, if the partner has moved or the mailbox was full, somebody has to try again.
        """
        partner = thread.partner
        if partner != NULL and not self.here(cpu, partner):
            withdrawal = WITHDRAW + REQUESTS * thread.phase
            self.try_post(cpu, partner.home, withdrawal, thread, partner)
        elif partner != NULL:
            node = self.enter(cpu, partner)
            withdrawn = self.withdraw(cpu, thread, partner)
            self.leave(cpu, partner, node)
            if withdrawn:
                return True
        # A caller may have come from the queue to this in the meantime, but never goes back.
        node = self.enter(cpu, thread)
        expected = thread.expects
        if expected != NULL:
            thread.expects = NULL
        self.leave(cpu, thread, node)
        cancelled: bool = expected != NULL
        return cancelled

    @routine
    def expire(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """End a wait whose time has passed."""
        if self.cancel(cpu, thread):
            thread.result = TIMEOUT
            self.make_ready(cpu, thread)
