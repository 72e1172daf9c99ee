"""Scheduling: which thread a CPU runs, time slices, timeouts, idling.

Invariants:

- Kernel code runs with interrupts off. Interrupts are on at user level only, so a handler always
  finds a thread that is not inside the kernel.
- A thread that blocks has said on whom before it looks for another thread to run; a wake-up that
  comes in between finds it blocked, and `switch_away` then simply returns to it.
- No ready thread is above the priority of the one that enters the kernel: who makes one ready looks
  around, or has the CPU interrupted. So a thread's successor need be compared with it alone.
- An idle CPU sleeps only after it found neither a request, nor a ready thread, nor after that a
  pending interrupt, and one that comes later ends the sleep: no wake-up is lost. Between the last
  look and the sleep nothing waits, since a wait would use up the arrival.
- Between `Synchronization.sleep` and `wake` an idle CPU looks at no object: what it reads and
  writes there, its rings included, is its own or not an object.
- A CPU's ticks are `tick_cycles` apart, however often its timer comes in between to poll.
- A thread is in its CPU's list of timeouts from before it blocks until it runs again, moves or
  dies.

Source: L4Ka::Pistachio, api/v4/sched-rr/schedule.cc: round robin within priorities, a tick of 1.953
ms, timeouts looked at on the tick. The direct switch to a partner: Liedtke, "Improving IPC by
Kernel Design", SOSP'93, section 5.3.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.accounting import Event
from smplab.kernel.mailbox import WAKE, Mailboxes
from smplab.kernel.objects import Tcb
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.isa import Cause
from smplab.language.routines import routine
from smplab.language.struct import NULL, Ref, Word


@dataclass(eq=False)
class Scheduler(Mailboxes):
    """Time slices, timeouts, and the choice of the next thread."""

    tick_cycles: int = parameter(
        4_300_000, "between two ticks of a CPU's timer; 0: none, and timeouts never pass",
        unit="cycles", minimum=0, source="Pistachio's 1,953 us at 2.2 GHz",
    )  # fmt: skip

    # --- what a thread does to itself ---------------------------------------------------------

    @routine
    def block(self, cpu: Cpu, me: Ref[Tcb], timeout_cycles: Word, successor: Ref[Tcb]) -> None:
        """Run others until somebody wakes this thread, or its timeout, if above 0, has passed."""
        if timeout_cycles > 0:
            self.start_timeout(cpu, me, timeout_cycles)
        self.run_next(cpu, me, successor)
        if timeout_cycles > 0:
            self.stop_timeout(cpu, me)

    @routine
    def run_next(self, cpu: Cpu, me: Ref[Tcb], successor: Ref[Tcb]) -> None:
        """Let others run; return when `me` runs again, perhaps on another CPU.

        `successor`, a thread of this CPU that is in no queue, comes first if nobody is above it:
        the direct switch. A marked thread is below all, so that `switch_away` deals with it.
        """
        if successor != NULL and successor.urgency >= me.priority:
            self.dispatch(cpu, successor)
        else:
            self.switch_away(cpu, me, successor)

    @routine(call=True)
    def switch_away(self, cpu: Cpu, me: Ref[Tcb], successor: Ref[Tcb]) -> None:
        """Run what is ready, or nothing; return when `me` runs again."""
        self.check_outside(cpu)
        if successor != NULL:
            self.make_ready(cpu, successor)
        following = self.next_thread(cpu)
        if following == NULL:
            cpu.switch_context(cpu.id)
        elif following != me:
            self.dispatch(cpu, following)

    @routine
    def next_thread(self, cpu: Cpu) -> Ref[Tcb]:
        """Take the thread that is to run next, NULL if there is none."""
        if self.multiprocessor:
            # What the interrupt is for is done now.
            if cpu.take_pending("request"):
                self.synchronization.quiescent(cpu)
            self.serve(cpu)
        return self.take_ready(cpu)

    @routine
    def dispatch(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Run a thread of this CPU; return when the running one, or none, has its turn again."""
        self.switch_space(cpu, thread)
        self.accounting.event(cpu, Event.SWITCH, thread.number, cpu.id)
        cpu.switch_context(cpu.count + thread.number)

    @routine
    def switch_space(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Make the space of a thread the current one: the hook of spaces.py."""

    @routine
    def preempt(self, cpu: Cpu, successor: Ref[Tcb]) -> None:
        """Let the running thread wait for its turn again, and run `successor` or what is ready."""
        me = self.current(cpu)
        self.make_ready(cpu, me)
        self.run_next(cpu, me, successor)

    @routine(call=True)
    def yield_cpu(self, cpu: Cpu) -> None:
        """System call: let the other ready threads of this priority run first."""
        self.enter_kernel(cpu)
        self.look_around(cpu, 0)
        self.exit_kernel(cpu)

    @routine(call=True)
    def look_around(self, cpu: Cpu, above: Word = 1) -> None:
        """Make room for a ready thread so much above the running one, which may have to go, too."""
        if self.highest_ready(cpu) >= self.current(cpu).urgency + above:
            self.preempt(cpu, NULL)

    # --- what is done to a thread -------------------------------------------------------------

    @routine
    def wake(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Make a blocked thread ready, on whichever CPU it lives."""
        if self.is_local(cpu, thread):
            self.make_ready(cpu, thread)
        else:
            self.post(cpu, thread.home, WAKE, thread, NULL)

    @routine(call=True)
    def hand_over(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Wake a thread of this CPU that the caller need not make room for, unless it is above."""
        if thread.urgency > self.current(cpu).urgency:
            self.preempt(cpu, thread)
        else:
            self.make_ready(cpu, thread)

    # --- interrupts ---------------------------------------------------------------------------

    @routine(vector="request")
    def request_interrupt(self, cpu: Cpu) -> None:
        """Another CPU has put something into the mailbox."""
        if self.multiprocessor:
            self.synchronization.begin(cpu)
            self.synchronization.quiescent(cpu)
            cpu.cause(Cause.IPI)
            self.serve(cpu)
            cpu.cause(Cause.KERNEL)
            self.look_around(cpu)
            self.synchronization.end(cpu)

    @routine(vector="timer")
    def timer_interrupt(self, cpu: Cpu) -> None:
        """The running thread's time slice is over, or it is time to poll."""
        cpu.cause(Cause.KERNEL)
        self.synchronization.begin(cpu)
        self.synchronization.quiescent(cpu)
        above = 0
        if not self.tick(cpu):
            above = 1
        self.look_around(cpu, above)
        self.synchronization.end(cpu)

    @routine(call=True)
    def tick(self, cpu: Cpu) -> bool:
        """Ask for the next tick; end what has waited too long. False if the timer came to poll."""
        if self.multiprocessor:
            self.serve(cpu)
        now = cpu.time()
        if self.polls:
            if not self.poll_changes(cpu, now):
                return False
        else:
            cpu.set_timer(now + self.tick_cycles)
        thread = self.processor(cpu).first_timeout
        while thread != NULL:
            after = thread.next_timeout
            if thread.wake_at <= now:
                # Either the thread's wake-up is under way, or the next tick tries again.
                self.expire(cpu, thread)
            thread = after
        return True

    @routine
    def poll_changes(self, cpu: Cpu, now: Word) -> bool:
        """Poll the changes of locks that were asked for here and ask for the next tick or poll.

        Whether the timer came for a tick. The hook of changes.py, where there are such changes.
        """
        return True

    @routine
    def start(self, cpu: Cpu) -> None:
        """Give this CPU to the kernel, for ever: run what is ready, sleep when nothing is."""
        cpu.cause(Cause.KERNEL)
        timer = self.tick_cycles > 0
        self.synchronization.begin(cpu)
        while True:
            if timer:
                self.tick(cpu)
            thread = self.next_thread(cpu)
            if thread != NULL:
                self.dispatch(cpu, thread)
            timer = self.sleep(cpu)

    @routine
    def sleep(self, cpu: Cpu) -> bool:
        """Wait for an interrupt, unless one is pending; whether it is the timer's.

        Looks at no object meanwhile.

        If an answer waits for room in a mailbox, room ends the sleep as well.
        """
        if self.multiprocessor:
            self.synchronization.sleep(cpu)
            # Looked at after this, which may have waited for a lock and used up an arrival's event.
            self.serve_pending_flushes(cpu)
        timer = cpu.take_pending("timer")
        asked = self.multiprocessor and not timer and cpu.take_pending("request")
        if not timer and not asked:
            processor = self.processor(cpu)
            if self.multiprocessor and processor.answers.first != NULL:
                self.await_room(cpu, self.mailboxes, processor.answers.first.home)
            # Nobody else writes this word, never below 0: only an interrupt ends the wait.
            elif processor.top >= 0:
                cpu.idle(processor.top)
            timer = cpu.take_pending("timer")
        if self.multiprocessor:
            self.synchronization.wake(cpu)
            if asked:
                self.synchronization.quiescent(cpu)
        return timer

    # --- timeouts -----------------------------------------------------------------------------

    @routine
    def expire(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """A blocked thread's timeout has passed; rendezvous.py says what follows."""
        cpu.check(False, "nobody ends timeouts")

    @routine(call=True)
    def start_timeout(self, cpu: Cpu, me: Ref[Tcb], timeout_cycles: Word) -> None:
        """Enter this thread into its CPU's list of timeouts."""
        processor = self.processor(cpu)
        me.wake_at = cpu.time() + timeout_cycles
        after = processor.first_timeout
        me.next_timeout = after
        if after != NULL:
            after.previous_timeout = me
        processor.first_timeout = me

    @routine(call=True)
    def stop_timeout(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Take a thread that runs again, or leaves, out of its CPU's list, if it is there."""
        if thread.wake_at != 0:
            thread.wake_at = 0
            processor = self.processor(cpu)
            after = thread.next_timeout
            if processor.first_timeout == thread:
                processor.first_timeout = after
            else:
                thread.previous_timeout.next_timeout = after
            if after != NULL:
                after.previous_timeout = thread.previous_timeout
