"""Synchronous IPC: a send phase, then a receive phase, in one system call.

The path of a call or an answer to a thread of this CPU that waits for it is what counts: it touches
no queue, no timer and no word that the message does not need, and switches to the receiver without
looking at who else is ready, as nobody above the receiver is.

Invariants:

- A receive phase begins only after the send phase has succeeded.
- Who was woken on the way is running, in a ready queue or posted for when the system call ends.

Source: Liedtke, "Improving IPC by Kernel Design", SOSP'93: one system call for an answer and the
next receive (section 5.2.1), direct switch (5.3), one entry a message.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.mailbox import OFFER, WAKE
from smplab.kernel.objects import ANYONE, DEAD, Tcb
from smplab.kernel.rendezvous import (
    CALLS,
    NO_PARTNER,
    OK,
    PENDING,
    RETRY,
    TIMEOUT,
    WAITS,
    Rendezvous,
)
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import NULL, Ref, Word

NEVER = -1
"""As a timeout: wait for ever. 0: do not wait."""
ANYBODY = -1
"""As the source of a receive phase."""
NOBODY = -2
"""As a destination or source: leave the phase out."""

DELIVERED = 1  # of a send phase: to a receiver of this CPU


@dataclass(eq=False)
class Ipc(Rendezvous):
    """The system call `ipc`."""

    @routine(call=True)
    def ipc(
        self, cpu: Cpu, to: Word, send_timeout: Word, source: Word, receive_timeout: Word
    ) -> Word:
        """System call: send to thread `to`, then receive from thread `source`.

        Either phase may be left out (NOBODY). Timeouts are in cycles, or NEVER. The message is in
        the caller's message words, `set_length` of them. Returns the sender's number, or OK without
        a receive phase; TIMEOUT or NO_PARTNER if a phase failed, the receive phase then not begun.
        A partner that is dead when a phase begins, or dies while a sender waits for it, is no
        partner; who waits to receive from a thread that dies then, waits for its timeout.
        """
        self.enter_kernel(cpu)
        me = self.current(cpu)
        count = cpu.count * self.threads
        result = OK
        woken: Ref[Tcb] = NULL  # a receiver of this CPU, ready but in no queue
        if to != NOBODY:
            receiver = self.tcbs[to]
            result = RETRY
            if to < 0 or to >= count or receiver == me:
                result = NO_PARTNER
            while result == RETRY:
                if self.alone(cpu, receiver):
                    if self.deliver(cpu, me, receiver):
                        result = OK
                        woken = receiver
                        break
                    me.patience = self.patience(cpu, send_timeout, source == to, receive_timeout)
                    result = self.queue(cpu, me, receiver)
                else:
                    result = self.send_shared(
                        cpu, me, receiver, send_timeout, source == to, receive_timeout
                    )
                    if result == DELIVERED:
                        result = OK
                        woken = receiver
                if result == PENDING:
                    result = self.wait_for(cpu, me, receiver, send_timeout)
                    if result != RETRY and me.patience == CALLS:
                        source = NOBODY
        if source != NOBODY and result == OK:
            expected: Ref[Tcb] = ANYONE
            if source != ANYBODY:
                expected = self.tcbs[source]
            if source >= count or expected == me:
                result = NO_PARTNER
            else:
                woken = self.receive_phase(cpu, me, expected, receive_timeout, woken)
                result = me.result
        if woken != NULL:
            self.hand_over(cpu, woken)
        self.exit_kernel(cpu)
        return result

    @routine
    def patience(self, cpu: Cpu, send_timeout: Word, calls: bool, receive_timeout: Word) -> Word:
        """What a sender that cannot deliver may do."""
        if send_timeout == 0:
            return 0
        if calls and send_timeout == NEVER and receive_timeout == NEVER:
            return CALLS
        return WAITS

    @routine(call=True)
    def send_shared(
        self, cpu: Cpu, me: Ref[Tcb], receiver: Ref[Tcb], send_timeout: Word, calls: bool,
        receive_timeout: Word,
    ) -> Word:  # fmt: skip
        """Send where this CPU is not alone with the receiver: under its protection, or by request.

        DELIVERED: the receiver is on this CPU and still to be put somewhere; otherwise OK, PENDING,
        or why it cannot.
        """
        if not self.here(cpu, receiver):
            me.patience = self.patience(cpu, send_timeout, calls, receive_timeout)
            self.post(cpu, receiver.home, OFFER, me, receiver)
            return PENDING
        node = self.enter_shared(cpu, receiver)
        if self.deliver(cpu, me, receiver):
            self.leave(cpu, receiver, node)
            # The receiver is blocked, so that its home stays what it is.
            if self.is_local(cpu, receiver):
                return DELIVERED
            self.post(cpu, receiver.home, WAKE, receiver, NULL)
            return OK
        me.patience = self.patience(cpu, send_timeout, calls, receive_timeout)
        result = self.queue(cpu, me, receiver)
        self.leave(cpu, receiver, node)
        return result

    @routine(call=True)
    def wait_for(self, cpu: Cpu, me: Ref[Tcb], receiver: Ref[Tcb], timeout_cycles: Word) -> Word:
        """Block in a send phase; how that ended."""
        me.partner = receiver
        me.phase += 1
        self.block(cpu, me, timeout_cycles, NULL)
        me.partner = NULL
        return me.result

    @routine
    def receive_phase(
        self, cpu: Cpu, me: Ref[Tcb], source: Ref[Tcb], timeout: Word, woken: Ref[Tcb]
    ) -> Ref[Tcb]:
        """Receive; `me.result` says how that ended.

        `woken`, whom the send phase woke, runs at once if this thread has to block. Returns a
        thread of this CPU that is still to be put somewhere.
        """
        if self.alone(cpu, me):
            other = self.meet(cpu, me, source, timeout, woken)
        else:
            other = self.meet_shared(cpu, me, source, timeout, woken)
        if other == me:
            self.block(cpu, me, timeout, woken)
            woken = NULL
        elif other != NULL:
            self.wake(cpu, other)
        return woken

    @routine
    def meet(
        self, cpu: Cpu, me: Ref[Tcb], source: Ref[Tcb], timeout: Word, woken: Ref[Tcb]
    ) -> Ref[Tcb]:
        """Take a waiting message, or expect one: the operation on the receiver itself.

        Returns the sender if it is to be woken, `me` if this thread is to block, or NULL.
        """
        sender = me.senders.first
        if source != ANYONE:
            sender = NULL
            if source.polling == me:
                sender = source
        other: Ref[Tcb] = NULL
        if sender != NULL:
            if self.accept(cpu, sender, me):
                other = sender
        elif timeout == 0:
            me.result = TIMEOUT
        elif woken != source != ANYONE and source.expects == DEAD:
            me.result = NO_PARTNER
        else:
            me.expects = source
            other = me
        return other

    @routine(call=True)
    def meet_shared(
        self, cpu: Cpu, me: Ref[Tcb], source: Ref[Tcb], timeout: Word, woken: Ref[Tcb]
    ) -> Ref[Tcb]:
        """As `meet`, where other CPUs may operate on this thread."""
        node = self.enter_shared(cpu, me)
        other = self.meet(cpu, me, source, timeout, woken)
        self.leave(cpu, me, node)
        return other
