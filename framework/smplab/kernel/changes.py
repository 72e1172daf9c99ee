"""Changes of protection that user level has asked for: who sees them through, and who is involved.

Objects have one numbering: threads have their own numbers, the trees of mappings those behind; see
`tree_object`. The CPU on which a change is asked for polls until it is complete. It keeps such
changes as bits, and while there are any its timer comes every `poll_cycles`, between two ticks or
where there are none. A CPU that is asked faster than it answers takes no timer, so it looks at the
clock between two requests, too.

Invariants:

- What is asked for is polled, by the CPU on which it was asked for, until it is settled.
- A CPU kicked for a grace period passes a quiescent point afterwards: whoever takes the interrupt,
  or takes it for dealt with, passes one before it returns to user level.
- The home of an object is in the object's set of CPUs whenever it operates: who makes it the home
  announces that first, and a CPU that leaves the set looks for that afterwards.

Source: ours; grace periods over sets of CPUs, and polling: V. Uhlig, "Scalability of Microkernel-
Based Systems", PhD thesis, University of Karlsruhe, 2005.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from smplab.kernel.contracts import Grace
from smplab.kernel.faults import Faults
from smplab.kernel.fillings import fillings_of
from smplab.kernel.objects import Tcb
from smplab.kernel.tracking import Tracking
from smplab.kernel.trees import UNMAP
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import Array, Ref, Struct, Word, aligned

FORGO = UNMAP + 1
"""The request to a CPU to leave an object's set."""
BITS: Final = 62
"""In a word, which is signed."""


class Clock(Struct):
    """What a CPU's timer is for, where it comes for more than ticks; the CPU's own."""

    next_tick: Word = aligned()
    next_poll: Word
    open: Word  # changes that are to be polled


@dataclass(eq=False)
class Changes(Faults):
    """Objects by number, their sets of CPUs, polls and kicks."""

    poll_cycles: int = parameter(
        10_000, "between two looks at changes of locks that were asked for on a CPU", minimum=1,
        unit="cycles",
        source="estimated: an interrupt of 500 cycles and some loads cost that CPU under a tenth of"
        " its time, and a change takes an interrupt to another CPU, about 1,500, in any case",
    )  # fmt: skip

    # --- before time begins -----------------------------------------------------------------------

    def connect(self) -> None:
        """Have grace periods kick CPUs, and a set of CPUs for each object."""
        super().connect()
        self.changes = self.multiprocessor and self.synchronization.changes
        self.objects = self.threads + (self.regions if self.spaces > 0 else 0)
        self.groups = self.synchronization.groups_per_cpu()
        self.first_set = self.tlb.tracking.sets
        if self.multiprocessor:
            for grace in fillings_of(self.synchronization, Grace):
                self.polls = True
                setattr(grace, "kick", self.kick)  # noqa: B010 - a method's name, to mypy
        if self.changes:
            for tracking in (self.tlb.tracking, *fillings_of(self, Tracking)):
                tracking.sets = self.first_set + self.objects

    def layout(self, memory: Memory) -> None:
        """For each CPU and each other one a row of bits: the latter's objects, then groups."""
        super().layout(memory)
        if self.polls:
            self.row_words = -(-(self.objects + self.groups) // BITS)
            self.clocks: Array[Clock] = memory.per_cpu(Clock)
            self.asked: Array[Word] = memory.array(Word, "cpus", "cpus", self.row_words)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Objects' sets contain their homes."""
        super().boot(cpu)
        if self.changes:
            for n in range(cpu.count * self.threads):
                self.tcbs[n].coming = self.tcbs[n].home
            for c in range(cpu.count):
                for i in range(self.objects):
                    members = c * (self.first_set + self.objects) + self.first_set + i
                    guard = self.guard_of_object(cpu, self.number_of(cpu, c, i))
                    self.synchronization.track(cpu, guard, members, c)

    # --- objects ----------------------------------------------------------------------------------

    @routine
    def tree_object(self, cpu: Cpu, region: Word) -> Word:
        """The number of the object that the tree of a region is."""
        return cpu.count * self.threads + region

    @routine
    def number_of(self, cpu: Cpu, home: Word, i: Word) -> Word:
        """The number of an object by the CPU in whose memory it is: threads first, then trees."""
        if i < self.threads:
            return home * self.threads + i
        return self.tree_object(cpu, home * self.regions + i - self.threads)

    @routine
    def thread_group(self, cpu: Cpu, home: Word) -> Word:
        """The group to which the threads of a CPU belong at first."""
        return home * self.groups

    @routine
    def tree_group(self, cpu: Cpu, home: Word) -> Word:
        """The group to which the trees of a CPU's memory belong at first."""
        return home * self.groups + 1 % self.groups

    @routine
    def place_of(self, cpu: Cpu, number: Word) -> Word:
        """Where the bits of an object are: the inverse of `number_of`, as a bit's number."""
        count = cpu.count * self.threads
        home = number // self.threads
        i = number % self.threads
        if number >= count:
            home = (number - count) // self.regions
            i = self.threads + (number - count) % self.regions
        return home * self.row_words * BITS + i

    @routine
    def guard_of_object(self, cpu: Cpu, number: Word) -> Ref[Any]:
        """What protects an object that exists."""
        tree = number - cpu.count * self.threads
        if self.spaces > 0 and tree >= 0:
            return self.guard_of_tree(cpu, self.trees[tree])
        return self.guard_of(cpu, self.tcbs[number])

    # --- sets of CPUs -----------------------------------------------------------------------------

    @routine
    def perform_control(self, cpu: Cpu, request: Word, caller: Ref[Tcb], thread: Any) -> None:
        """Leave an object's set; or what mapping.py says."""
        if self.changes and request == FORGO:
            self.forgo(cpu, thread)
        else:
            super().perform_control(cpu, request, caller, thread)

    @routine(call=True)
    def forgo(self, cpu: Cpu, number: Word) -> None:
        """Take this CPU out of an object's set, unless it is the home, or about to be."""
        guard = self.guard_of_object(cpu, number)
        if not self.comes_home(cpu, number):
            self.synchronization.quiescent(cpu)
            self.synchronization.forgo(cpu, guard)
            cpu.fence()
            # If `set_home` added this CPU before, its announcement is seen now; otherwise it will.
            if self.comes_home(cpu, number):
                self.synchronization.involve(cpu, guard, cpu.id)

    @routine
    def comes_home(self, cpu: Cpu, number: Word) -> bool:
        """Whether this CPU is an object's home, or announced; `set_home` writes the other way."""
        tree = number - cpu.count * self.threads
        if self.spaces > 0 and tree >= 0:
            return self.trees[tree].home == cpu.id
        return self.tcbs[number].coming == cpu.id or self.tcbs[number].home == cpu.id

    @routine
    def set_home(self, cpu: Cpu, thread: Ref[Tcb], home: Word) -> None:
        """Announce a home, and put it into the set, before it is one."""
        if self.changes:
            thread.coming = home
            cpu.fence()
            self.synchronization.involve(cpu, self.guard_of(cpu, thread), home)
        super().set_home(cpu, thread, home)

    # --- seeing changes through -------------------------------------------------------------------

    @routine
    def kick(self, cpu: Cpu, target: Word) -> None:
        """Make another CPU pass a quiescent point, even if it stays in user mode."""
        cpu.send_ipi(target, "request")

    @routine
    def see_through(self, cpu: Cpu, bit: Word) -> None:
        """Poll what was asked for here, now and until it is settled."""
        at = cpu.id * cpu.count * self.row_words + bit // BITS
        asked = self.asked[at]
        clock = self.clocks[cpu.id]
        before = clock.open
        if asked >> bit % BITS & 1 == 0:
            self.asked[at] = asked | 1 << bit % BITS
            clock.open += 1
        # What holds nothing may pass quiescent points: one before, one that drives others after.
        self.synchronization.quiescent(cpu)
        self.poll_word(cpu, bit // BITS)
        self.synchronization.quiescent(cpu)
        # If the timer comes to poll already, it is not put off.
        if before == 0 and clock.open > 0:
            self.set_clock(cpu)

    @routine(call=True)
    def poll_changes(self, cpu: Cpu, now: Word) -> bool:
        """Poll all that was asked for here, and set the timer; whether it came for a tick."""
        clock = self.clocks[cpu.id]
        if clock.open > 0:
            self.poll_all(cpu)
        ticks = self.tick_cycles > 0 and now >= clock.next_tick
        if ticks:
            clock.next_tick = now + self.tick_cycles
        self.set_clock(cpu)
        return ticks

    @routine(call=True)
    def poll_all(self, cpu: Cpu) -> None:
        """Poll all that was asked for here."""
        for which in range(cpu.count * self.row_words):
            self.poll_word(cpu, which)
        self.synchronization.quiescent(cpu)

    @routine(call=True)
    def look_up(self, cpu: Cpu) -> None:
        """Poll if it is time to, between two requests.

        While an object's lock is being turned on, other CPUs still ask its home. If they ask faster
        than it can answer, it sees no timer, and this alone ends the flood.
        """
        clock = self.clocks[cpu.id]
        if clock.open > 0 and cpu.time() >= clock.next_poll:
            self.poll_all(cpu)
            self.set_clock(cpu)

    @routine
    def set_clock(self, cpu: Cpu) -> None:
        """Have the timer come for the next tick, if there are ticks, or before it to poll."""
        clock = self.clocks[cpu.id]
        at = clock.next_tick
        if clock.open > 0:
            at = cpu.time() + self.poll_cycles
            clock.next_poll = at
            if self.tick_cycles > 0:
                at = min(at, clock.next_tick)
        cpu.set_timer(at)

    @routine(call=True)
    def poll_word(self, cpu: Cpu, which: Word) -> None:
        """Poll what a word of bits names; strike out what is settled."""
        at = cpu.id * cpu.count * self.row_words + which
        left = self.asked[at]
        home = which // self.row_words
        i = which % self.row_words * BITS
        bit = 1
        while left != 0:
            if left & 1 != 0 and self.poll_one(cpu, home, i):
                self.asked[at] -= bit
                self.clocks[cpu.id].open -= 1
            left >>= 1
            bit <<= 1
            i += 1

    @routine
    def poll_one(self, cpu: Cpu, home: Word, i: Word) -> bool:
        """Poll an object or a group; whether it is settled."""
        if i >= self.objects:
            group = home * self.groups + i - self.objects
            self.synchronization.poll_group(cpu, group)
            return self.synchronization.settled_group(cpu, group)
        guard = self.guard_of_object(cpu, self.number_of(cpu, home, i))
        self.synchronization.poll(cpu, guard)
        return self.synchronization.settled(cpu, guard)
