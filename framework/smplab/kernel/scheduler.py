"""Scheduling: which thread a CPU runs, time slices, timeouts, idling.

Invariants:

- Kernel code runs with interrupts off. Interrupts are on at user level only, so a handler always
  finds a thread that is not inside the kernel.
- A thread that blocks has said on whom before it looks for another thread to run; a wake-up that
  comes in between finds it blocked, and `dispatch` then simply returns to it.
- An idle CPU sleeps only after it found neither a request nor a ready thread, with interrupts off,
  and an interrupt that came since then ends the sleep: no wake-up is lost.
- A thread is in its CPU's list of timeouts from before it blocks until it runs again.

Source: L4Ka::Pistachio, api/v4/sched-rr/schedule.cc: round robin within priorities, a tick of 1.953
ms, timeouts looked at on the tick. The direct switch to a partner: Liedtke, "Improving IPC by
Kernel Design", SOSP'93, section 5.3.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.mailbox import WAKE, Mailboxes
from smplab.kernel.objects import Tcb
from smplab.kernel.ready import BLOCKED, RUNNING
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.isa import Cause
from smplab.language.routines import routine
from smplab.language.struct import NULL, Ref, Word

FAR = 2**62
"""A cycle that never comes."""


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
        """Run others until somebody wakes this thread: `successor` first, if there is one."""
        self.check_outside(cpu)
        if timeout_cycles > 0:
            self.start_timeout(cpu, me, timeout_cycles)
        self.place[me.number] = BLOCKED
        self.switch_away(cpu, me, successor)
        if timeout_cycles > 0:
            self.stop_timeout(cpu, me)

    @routine(call=True)
    def switch_away(self, cpu: Cpu, me: Ref[Tcb], successor: Ref[Tcb]) -> None:
        """Run `successor`, or what is ready, or nothing; return when `me` runs again."""
        following = successor
        if following == NULL:
            if self.multiprocessor:
                self.serve(cpu)
            following = self.take_ready(cpu)
        self.processors[cpu.id].current = following
        if following == NULL:
            cpu.switch_context(cpu.id)
        else:
            self.place[following.number] = RUNNING
            if following != me:
                cpu.switch_context(cpu.count + following.number)

    @routine
    def preempt(self, cpu: Cpu, successor: Ref[Tcb]) -> None:
        """Let the running thread wait for its turn again, and run `successor` or what is ready."""
        me = self.current(cpu)
        self.place[me.number] = BLOCKED
        self.make_ready(cpu, me)
        self.switch_away(cpu, me, successor)

    @routine(call=True)
    def yield_cpu(self, cpu: Cpu) -> None:
        """System call: let the other ready threads of this priority run first."""
        cpu.enter_kernel()
        if self.multiprocessor:
            self.serve(cpu)
        if self.highest_ready(cpu) >= self.current(cpu).priority:
            self.preempt(cpu, NULL)
        cpu.exit_kernel()

    # --- what is done to a thread -------------------------------------------------------------

    @routine
    def wake(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Make a blocked thread ready, on whichever CPU it lives."""
        if not self.multiprocessor or thread.home == cpu.id:
            self.make_ready(cpu, thread)
        else:
            self.post(cpu, thread.home, WAKE, thread, NULL)

    @routine
    def hand_over(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Wake a thread of this CPU that the caller need not make room for, unless it is above."""
        if thread.priority > self.current(cpu).priority:
            self.preempt(cpu, thread)
        else:
            self.make_ready(cpu, thread)

    # --- interrupts ---------------------------------------------------------------------------

    @routine(vector="request")
    def request_interrupt(self, cpu: Cpu) -> None:
        """Another CPU has put something into the mailbox."""
        if self.multiprocessor:
            cpu.cause(Cause.IPI)
            self.serve(cpu)
            cpu.cause(Cause.KERNEL)
            if self.highest_ready(cpu) > self.current(cpu).priority:
                self.preempt(cpu, NULL)

    @routine(vector="timer")
    def timer_interrupt(self, cpu: Cpu) -> None:
        """The running thread's time slice is over."""
        cpu.cause(Cause.KERNEL)
        self.tick(cpu)
        if self.highest_ready(cpu) >= self.current(cpu).priority:
            self.preempt(cpu, NULL)

    @routine(call=True)
    def tick(self, cpu: Cpu) -> None:
        """Ask for the next tick; end what has waited too long."""
        if self.multiprocessor:
            self.serve(cpu)
        now = cpu.time()
        cpu.set_timer(now + self.tick_cycles)
        thread = self.processors[cpu.id].first_timeout
        while thread != NULL:
            if thread.wake_at <= now:
                # Once is enough: it wakes the thread, or the thread's wake-up is under way.
                thread.wake_at = FAR
                self.expire(cpu, thread)
            thread = thread.next_timeout

    @routine
    def idle_loop(self, cpu: Cpu) -> None:
        """The life of a CPU: run what is ready, sleep when nothing is."""
        cpu.cause(Cause.KERNEL)
        if self.tick_cycles > 0:
            cpu.set_timer(cpu.time() + self.tick_cycles)
        while True:
            if cpu.take_pending("timer"):
                self.tick(cpu)
            if self.multiprocessor:
                cpu.take_pending("request")
                self.serve(cpu)
            thread = self.take_ready(cpu)
            if thread != NULL:
                self.place[thread.number] = RUNNING
                self.processors[cpu.id].current = thread
                cpu.switch_context(cpu.count + thread.number)
            else:
                self.sleep(cpu)

    @routine
    def sleep(self, cpu: Cpu) -> None:
        """Wait for an interrupt; or for room in a mailbox, if an answer waits for that."""
        if self.multiprocessor:
            owed = self.processors[cpu.id].first_answer
            if owed != NULL:
                target = self.boxes[owed.home]
                slot = target.drawn % self.mailbox_entries
                entry = self.entries[owed.home * self.mailbox_entries + slot]
                if entry.turn % 2 == 1:
                    cpu.idle(entry.turn)
                return
        # Nobody else writes this word: only an interrupt ends the wait.
        if self.processors[cpu.id].current == NULL:
            cpu.idle(self.processors[cpu.id].current)

    # --- timeouts -----------------------------------------------------------------------------

    @routine
    def expire(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """A blocked thread's timeout has passed; ipc.py says what follows."""
        cpu.check(False, "nobody ends timeouts")

    @routine
    def start_timeout(self, cpu: Cpu, me: Ref[Tcb], timeout_cycles: Word) -> None:
        """Enter this thread into its CPU's list of timeouts."""
        processor = self.processors[cpu.id]
        me.wake_at = cpu.time() + timeout_cycles
        after = processor.first_timeout
        me.next_timeout = after
        me.previous_timeout = NULL
        if after != NULL:
            after.previous_timeout = me
        processor.first_timeout = me

    @routine
    def stop_timeout(self, cpu: Cpu, me: Ref[Tcb]) -> None:
        """Take this thread, which runs again, out of the list."""
        before = me.previous_timeout
        after = me.next_timeout
        if before == NULL:
            self.processors[cpu.id].first_timeout = after
        else:
            before.next_timeout = after
        if after != NULL:
            after.previous_timeout = before
