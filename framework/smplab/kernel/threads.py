"""The life of threads: birth at run time, migration, priorities, death; on whichever CPU they are.

What is asked of a thread is done by its home CPU, in `obey`, where nobody else runs or wakes it. A
caller on another CPU posts a request and blocks; a request that finds the thread gone is refused,
and the caller asks its new home. So no CPU ever operates on a thread of another one.

A fate is seen to only while the thread is in no queue and its context does not run: at once if it
is ready; otherwise it is *marked*, and when it would next become ready it goes to the list of its
CPU's departing threads instead, from where `depart` moves or buries it. A marked thread's urgency
is below all priorities, so that the direct switch, which makes nothing ready, refuses it too.

Invariants:

- `home` changes in two places: in `move`, when the thread is blocked with its wake-up under way,
  and when it is claimed. The wake-up goes on to the new home; nothing else is owed to it then.
- A claimed thread is its spawner's alone until it is born; if the spawner is buried first, it goes
  back to the dead.
- What waits in the queue of a thread that moves stays there; who asks its old home is refused.
- A thread is buried when nothing is owed to it any more: no wake-up is under way, no request of its
  own unanswered. So no stale answer reaches who has its number next. But a number has no version,
  as the global ids of L4 have: who sends to it afterwards sends to the new thread.
- Who waited to send to a thread that dies gets NO_PARTNER. Who waits to receive from it, or for its
  answer, waits for its timeout: nobody keeps a list of those.

Source: L4Ka::Pistachio, api/v4/thread.cc (migrate_to_processor; deletion by request; "forward or
NAK"). There the old CPU keeps its list of wake-ups locked meanwhile; ours, as nothing else is owed
to a thread when it moves, needs no lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.kernel.ipc import Ipc
from smplab.kernel.objects import BLOCKED, BURIED, CLAIMED, DEAD, DIES, MARKED, QUEUED, STAYS, Tcb
from smplab.kernel.rendezvous import NO_PARTNER, OK, RETRY
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import NULL, Ref, Word

MIGRATE = 4  # requests
PRIORITY = 5
DELETE = 6
CLAIM = 7

REFUSED = -3
"""The thread that is to be born lives."""


@dataclass(eq=False)
class Threads(Ipc):
    """System calls on threads."""

    # --- the fate of threads that would be ready --------------------------------------------------

    @routine
    def dismiss(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Put a marked thread, which belongs to nobody now, on the list, to be seen to soon."""
        if self.multiprocessor:
            self.append(cpu, self.processor(cpu).departing, thread)
            cpu.send_ipi(cpu.id, "request")
        else:
            self.bury(cpu, thread)

    @routine
    def depart(self, cpu: Cpu) -> None:
        """See to the fate of all on the list, but to that of the current one soon.

        Its context still runs, and who takes its interrupt for dealt with calls this.
        """
        departing = self.processor(cpu).departing
        while departing.first != NULL:
            thread = departing.first
            if thread == self.current(cpu):
                cpu.send_ipi(cpu.id, "request")
                return
            departing.first = thread.next
            if thread.fate == DIES:
                self.bury(cpu, thread)
            else:
                self.move(cpu, thread)

    @routine(call=True)
    def move(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Send a thread, and with it its wake-up, to the CPU that its fate names.

        Once that is its home, it may be decided over there anew. Before the wake-up nobody makes it
        ready, so that it may lose its mark first.
        """
        self.stop_timeout(cpu, thread)
        home = thread.fate
        thread.fate = STAYS
        thread.urgency = thread.priority
        self.set_home(cpu, thread, home)
        self.answer(cpu, thread)

    @routine
    def set_home(self, cpu: Cpu, thread: Ref[Tcb], home: Word) -> None:
        """Give a thread that is nowhere another home."""
        if self.guarded:
            self.synchronization.moved(cpu, thread.guard, home)
        thread.home = home

    @routine(call=True)
    def bury(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """End a thread, and the wait of those who want to send to it."""
        self.stop_timeout(cpu, thread)
        node = self.enter(cpu, thread)
        thread.expects = DEAD
        while thread.senders.first != NULL:
            sender = thread.senders.first
            self.unlink_sender(cpu, thread, sender)
            self.leave(cpu, thread, node)
            sender.result = NO_PARTNER
            if self.multiprocessor:
                self.answer(cpu, sender)
            else:
                self.enqueue(cpu, sender)
            node = self.enter(cpu, thread)
        self.leave(cpu, thread, node)
        claimed = thread.partner
        if claimed != NULL and claimed.place == CLAIMED and claimed.partner == thread:
            claimed.place = BURIED
        thread.partner = NULL
        self.leave_space(cpu, thread.space)
        thread.place = BURIED

    # --- what is asked of a thread, at its home ---------------------------------------------------

    @routine(call=True)
    def obey(self, cpu: Cpu, request: Word, caller: Ref[Tcb], thread: Ref[Tcb]) -> Word:
        """Do what is asked of a thread of this CPU; the result is that of the system call."""
        value = caller.patience
        if request == CLAIM:
            if thread.place != BURIED:
                return REFUSED
            thread.place = CLAIMED
            thread.partner = caller
            thread.priority = value % self.priorities
            self.set_home(cpu, thread, value // self.priorities)
            return OK
        if thread.place >= BURIED:
            return NO_PARTNER
        if request == DELETE and value > 0 and value != thread.life:
            return OK
        loose = thread.place == QUEUED
        if loose:
            self.unqueue(cpu, thread)
        if request == PRIORITY:
            thread.priority = value
            if thread.urgency != MARKED:
                thread.urgency = value
        elif request == DELETE:
            thread.fate = DIES
            thread.urgency = MARKED
            if not loose:
                loose = self.cancel(cpu, thread)
            if loose and thread != self.current(cpu):
                self.bury(cpu, thread)
                return OK
        elif thread.fate != DIES and (thread.fate != STAYS or value != cpu.id):
            thread.fate = value
            thread.urgency = MARKED
        if loose:
            self.make_ready(cpu, thread)
        if request == DELETE:
            return thread.life
        return OK

    @routine
    def perform_control(self, cpu: Cpu, request: Word, caller: Ref[Tcb], thread: Ref[Tcb]) -> None:
        """Do what a caller on another CPU asks of a thread, if it is here."""
        result = RETRY
        if thread.home == cpu.id:
            result = self.obey(cpu, request, caller, thread)
            if thread == self.current(cpu):
                # Once out of the kernel, it may have to make room.
                cpu.send_ipi(cpu.id, "request")
        caller.result = result
        self.answer(cpu, caller)

    @routine
    def enter_space(self, cpu: Cpu, number: Word) -> bool:
        """Count a thread of a space, if there is such a space: the hook of spaces.py."""
        return True

    @routine
    def leave_space(self, cpu: Cpu, number: Word) -> None:
        """Count a thread of a space no more: the hook of spaces.py."""

    # --- system calls -----------------------------------------------------------------------------

    @routine(call=True)
    def ask(self, cpu: Cpu, request: Word, number: Word, value: Word) -> Word:
        """Have a thread's home do something; the result is that of `obey`, or NO_PARTNER."""
        if number < 0 or number >= cpu.count * self.threads:
            return NO_PARTNER
        me = self.current(cpu)
        me.patience = value
        thread = self.tcbs[number]
        result = RETRY
        while result == RETRY:
            if self.is_local(cpu, thread):
                result = self.obey(cpu, request, me, thread)
            else:
                self.post(cpu, thread.home, request, me, thread)
                result = self.wait_for(cpu, me, thread, 0)
        return result

    @routine
    def control(self, cpu: Cpu, request: Word, number: Word, value: Word) -> Word:
        """System call: ask something of a thread, wherever it is."""
        self.enter_kernel(cpu)
        result = self.ask(cpu, request, number, value)
        self.look_around(cpu)
        self.exit_kernel(cpu)
        return result

    @routine
    def migrate(self, cpu: Cpu, number: Word, target: Word) -> Word:
        """System call: let a thread go on at CPU `target`; OK or NO_PARTNER.

        A blocked thread moves when it is woken.
        """
        self.check_place(cpu, target, 0)
        return self.control(cpu, MIGRATE, number, target)

    @routine
    def set_priority(self, cpu: Cpu, number: Word, priority: Word) -> Word:
        """System call: change a thread's priority; OK or NO_PARTNER."""
        self.check_place(cpu, cpu.id, priority)
        return self.control(cpu, PRIORITY, number, priority)

    @routine
    def delete(self, cpu: Cpu, number: Word) -> Word:
        """System call: end a thread, the caller itself perhaps; once OK or NO_PARTNER, it is dead.

        Asks again as long as the thread has to be woken, or to stop running, first.
        """
        result = self.control(cpu, DELETE, number, 0)
        while result > 0:
            self.yield_cpu(cpu)
            result = self.control(cpu, DELETE, number, result)
        return result

    @routine
    def spawn(
        self, cpu: Cpu, target: Word, number: Word, body: Any, argument: Word, priority: Word,
        space: Word = 0,
    ) -> Word:  # fmt: skip
        """System call: let a new thread with the number of a dead one start at CPU `target`.

        `body` is as in `create`. OK; REFUSED if that thread lives; NO_PARTNER if there is no such
        number, or no such space.
        """
        self.check_place(cpu, target, priority)
        self.enter_kernel(cpu)
        result = self.ask(cpu, CLAIM, number, target * self.priorities + priority)
        if result == OK:
            if self.enter_space(cpu, space):
                self.tcbs[number].space = space
                self.bear(cpu, number, body, argument)
                self.wake(cpu, self.tcbs[number])
            else:
                self.tcbs[number].place = BURIED
                result = NO_PARTNER
        self.look_around(cpu)
        self.exit_kernel(cpu)
        return result

    @routine
    def bear(self, cpu: Cpu, number: Word, body: Any, argument: Word) -> None:
        """Let a thread live that is this CPU's own, or claimed; it is blocked then."""
        thread = self.tcbs[number]
        thread.life += 1
        thread.length = 0
        thread.urgency = thread.priority
        thread.fate = STAYS
        thread.partner = NULL
        thread.place = BLOCKED
        thread.expects = NULL
        cpu.new_context(cpu.count + number, body, argument)

    @routine(call=True)
    def end_thread(self, cpu: Cpu) -> None:
        """System call: the caller dies."""
        self.enter_kernel(cpu)
        self.ask(cpu, DELETE, self.current(cpu).number, 0)
        self.look_around(cpu)
        cpu.check(False, "a thread runs after its end")

    @routine
    def check_place(self, cpu: Cpu, target: Word, priority: Word) -> None:
        """Where a thread is to run, and how: these are what workloads compute."""
        cpu.check(0 <= target < cpu.count, "a thread is to run on a CPU that does not exist")
        cpu.check(0 <= priority < self.priorities, "a thread has a priority that does not exist")
