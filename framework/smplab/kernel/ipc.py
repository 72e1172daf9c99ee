"""Synchronous IPC: a send phase, then a receive phase, in one system call.

A message passes when a sender and a receiver meet; whoever comes second copies it. Who comes first
blocks: a sender in the queue of the receiver, a receiver with `receiving` set. Three operations on
the receiver are all there is: `offer`, `accept`, `withdraw`.

Invariants:

- A message is copied once, while its sender cannot run: it calls the kernel, or it blocks.
- A delivered receiver has `receiving` cleared, a delivered sender has left the queue, both within
  the operation that copied; so nobody delivers twice, and who withdraws later finds nothing to do.
- A thread that blocked is woken exactly once: by its delivery, or by its withdrawal.
- A remote sender blocks before its request can be answered, since its CPU serves no requests until
  it has switched away from it.

Source: L4Ka::Pistachio, api/v4/ipc.cc. The remote send by messages costs two requests here
(offer, wake), where Pistachio needs three (send, reply, done): its sender's CPU copies, ours is the
receiver's. Where its transitional states would hold a lock while blocking, ours cannot: no
operation blocks. Combined call and reply, direct switch: Liedtke, SOSP'93, sections 5.2.1 and 5.3.

A caller that had to queue is woken between its two phases, so a reply from another CPU may find it
not yet receiving and queue in turn: remote calls pay for a wake-up more than they need to.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.mailbox import OFFER, WAKE, WITHDRAW
from smplab.kernel.objects import Tcb
from smplab.kernel.scheduler import Scheduler
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import NULL, Ref, Word

OK = 0
TIMEOUT = -1
"""The partner did not come in time; nothing was sent, or nothing received."""
NO_PARTNER = -2
"""There is no such thread, or it is the caller itself."""

NEVER = -1
"""As a timeout: wait for ever. 0: do not wait."""
ANYBODY = -1
"""As the source of a receive phase."""
NOBODY = -2
"""As a destination or source: leave the phase out."""


@dataclass(eq=False)
class Ipc(Scheduler):
    """The system call `ipc`."""

    # --- operations: within `enter` and `leave` on the receiver, or by its home CPU ---------------

    @routine
    def transfer(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> None:
        """Copy a message."""
        length = sender.length
        origin = sender.number * self.row
        target = receiver.number * self.row
        for i in range(length):
            self.words[target + i] = self.words[origin + i]
        receiver.length = length
        receiver.source = sender
        receiver.result = OK

    @routine(call=True)
    def offer(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> bool:
        """Deliver if the receiver waits for this sender; otherwise queue a sender that may wait."""
        if receiver.receiving != 0:
            expected = receiver.source
            if expected == NULL:
                expected = sender
            if expected == sender:
                receiver.receiving = 0
                self.transfer(cpu, sender, receiver)
                return True
        if sender.patience != 0:
            self.append_sender(cpu, receiver, sender)
        return False

    @routine(call=True)
    def accept(self, cpu: Cpu, receiver: Ref[Tcb], source: Ref[Tcb]) -> Ref[Tcb]:
        """Take the message of a queued sender and return the sender; NULL: from now on receive."""
        sender = source
        if source == NULL:
            sender = receiver.first_sender
        elif source.polling != receiver:
            sender = NULL
        if sender != NULL:
            self.unlink_sender(cpu, receiver, sender)
            self.transfer(cpu, sender, receiver)
            sender.result = OK
        elif receiver.patience != 0:
            receiver.source = source
            receiver.receiving = 1
        return sender

    @routine(call=True)
    def withdraw(self, cpu: Cpu, thread: Ref[Tcb], partner: Ref[Tcb]) -> bool:
        """End a wait whose time has passed; False if the partner came first."""
        if thread == partner:
            if thread.receiving == 0:
                return False
            thread.receiving = 0
        elif thread.polling == partner:
            self.unlink_sender(cpu, partner, thread)
        else:
            return False
        thread.result = TIMEOUT
        return True

    # --- requests and timeouts --------------------------------------------------------------------

    @routine(call=True)
    def perform(self, cpu: Cpu, request: Word, thread: Ref[Tcb], partner: Ref[Tcb]) -> None:
        """Do what another CPU asks for; `partner` lives here."""
        if request == WAKE:
            self.make_ready(cpu, thread)
        elif request == OFFER:
            if self.offer(cpu, thread, partner):
                self.make_ready(cpu, partner)
                thread.result = OK
                self.answer(cpu, thread)
            elif thread.polling == NULL:
                thread.result = TIMEOUT
                self.answer(cpu, thread)
        elif request == WITHDRAW and self.withdraw(cpu, thread, partner):
            self.answer(cpu, thread)

    @routine
    def expire(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Withdraw, here or by asking; if the partner was faster, its wake-up is under way."""
        partner = thread.partner
        if self.synchronization.here(cpu, partner):
            node = self.enter(cpu, partner)
            withdrawn = self.withdraw(cpu, thread, partner)
            self.leave(cpu, partner, node)
            if withdrawn:
                self.make_ready(cpu, thread)
        else:
            self.post(cpu, partner.home, WITHDRAW, thread, partner)

    # --- the system call --------------------------------------------------------------------------

    @routine(call=True)
    def ipc(
        self, cpu: Cpu, to: Word, send_timeout: Word, source: Word, receive_timeout: Word
    ) -> Word:
        """System call: send to thread `to`, then receive from thread `source`.

        Either phase may be left out (NOBODY). Timeouts are in cycles, or NEVER. The message is in
        the caller's message words, `set_length` of them. Returns the sender's number, or OK without
        a receive phase; TIMEOUT or NO_PARTNER if a phase failed, the receive phase then not begun.
        """
        cpu.enter_kernel()
        me = self.current(cpu)
        result = OK
        woken: Ref[Tcb] = NULL  # a receiver of this CPU, ready but in no queue
        if to != NOBODY:
            if to < 0 or to >= cpu.count * self.threads or to == me.number:
                result = NO_PARTNER
            else:
                receiver = self.tcbs[to]
                if self.send_phase(cpu, me, receiver, send_timeout):
                    woken = receiver
                else:
                    result = me.result
        if source != NOBODY and result == OK:
            if source >= cpu.count * self.threads or source == me.number:
                result = NO_PARTNER
            else:
                expected: Ref[Tcb] = NULL
                if source >= 0:
                    expected = self.tcbs[source]
                woken = self.receive_phase(cpu, me, expected, receive_timeout, woken)
                result = me.result
                if result == OK:
                    result = me.source.number
        if woken != NULL:
            self.hand_over(cpu, woken)
        cpu.exit_kernel()
        return result

    @routine
    def send_phase(self, cpu: Cpu, me: Ref[Tcb], receiver: Ref[Tcb], timeout_cycles: Word) -> bool:
        """Send; True if the receiver is of this CPU, has the message, and is in no queue yet.

        Otherwise the phase is over, and `me.result` says how.
        """
        me.patience = timeout_cycles
        me.partner = receiver
        if self.synchronization.here(cpu, receiver):
            node = self.enter(cpu, receiver)
            delivered = self.offer(cpu, me, receiver)
            self.leave(cpu, receiver, node)
            if delivered:
                me.result = OK
                if not self.multiprocessor or receiver.home == cpu.id:
                    return True
                self.wake(cpu, receiver)
                return False
            if timeout_cycles == 0:
                me.result = TIMEOUT
                return False
        else:
            self.post(cpu, receiver.home, OFFER, me, receiver)
        self.block(cpu, me, timeout_cycles, NULL)
        return False

    @routine
    def receive_phase(
        self, cpu: Cpu, me: Ref[Tcb], source: Ref[Tcb], timeout_cycles: Word, woken: Ref[Tcb]
    ) -> Ref[Tcb]:
        """Receive; `me.result` says how that ended.

        `woken`, whom the send phase woke, runs at once if this thread has to block: the direct
        switch. Returns a thread of this CPU that is still to be put somewhere.
        """
        me.patience = timeout_cycles
        me.partner = me
        me.result = TIMEOUT
        node = self.enter(cpu, me)
        sender = self.accept(cpu, me, source)
        self.leave(cpu, me, node)
        if sender != NULL:
            self.wake(cpu, sender)
        elif timeout_cycles != 0:
            self.block(cpu, me, timeout_cycles, woken)
            woken = NULL
        return woken
