"""Granularity `dynamic`: a group's objects share a lock, or have one each, as user level asks.

Two locks in cascade: the group's, which is coarse, and the object's, which is fine. Each is
*active* or not, and an operation takes those that it finds active, the coarse one first. While the
coarse one alone is active, it excludes all others in the group; while the fine ones alone are, only
those at the same object. In between both are, for a grace period: then nobody is left who looked
before both were. So after it the other kind can go, and a lock once taken need not be questioned.

An operation on all objects of a group takes the coarse lock, active or not, and then those fine
locks that are active, as many as it may hold (`spanned`); it covers no other objects. So of two
such operations one has to wait, whatever is active.

Which objects form which group changes at run time, too: groups.py. With one object to a group, a
change exchanges the primitive: slot `lock` fills the coarse lock, slot `fine_lock` the fine one,
say a spin lock and a queue lock.

Invariants, beside those of groups.py:

- The CPU that sets BUSY in `transition` alone writes `active` and `epoch`, until it takes it away.
- Locks are taken in one order: coarse ones by ascending number, then fine ones. Several fine ones
  are taken by who holds the coarse lock of their group, and so by one CPU at a time.
- What was taken is given back, whatever is active, and wherever the object is, by then.
- A CPU holds one coarse lock, two while it moves an object, and one fine lock, or `spanned` of them
  for a whole group, however many objects user level puts into one.

V. Uhlig, "Scalability of Microkernel-Based Systems", PhD thesis, University of Karlsruhe, 2005,
describes locks in cascade whose members are turned on and off; the protocol's steps are smplab's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from smplab.api import (
    EVERYBODY,
    FINE,
    NULL,
    Array,
    Cpu,
    LanguageError,
    Memory,
    Mutant,
    Ref,
    Struct,
    Word,
    aligned,
    parameter,
    routine,
)
from smplab_plugins.granularity.groups import (
    BUSY,
    MERGING,
    NOT_TAKEN,
    RESTING,
    SPLITTING,
    Group,
    Groups,
    Member,
)

TOOK_COARSE: Final = 1
TOOK_FINE: Final = 2
"""What `enter` gives: which locks were taken, added up."""


class Taken(Struct):
    """The group whose lock a CPU holds, and what locks gave to it."""

    group: Ref[Group] = aligned()
    coarse: Word
    fine: Word


@dataclass(eq=False)
class DynamicLocks(Groups):
    """A coarse and a fine lock in cascade; which of them are in use changes at run time.

    An operation takes one lock, and for the time of a change two. Objects form groups, which an
    operation may also span, and move between them. The coarse lock fills the slot lock, the fine
    one the slot fine_lock: with different fillings, a change exchanges the primitive.

    Verify it with what it is built on, best from groups of both kinds: smplab verify
    mechanism/granularity=dynamic mechanism.granularity.starts=mixed mechanism/lock=ttas
    mechanism/fine_lock=mcs mechanism/grace=epochs
    """

    source: ClassVar[str] = "V. Uhlig, PhD thesis, Karlsruhe 2005; the protocol's steps: smplab"
    mutants: ClassVar[dict[str, Mutant]] = {
        **Groups.mutants,
        "no_overlap": Mutant("one kind of lock goes as the other comes"),
        "no_grace": Mutant("the old kind of lock goes without a grace period"),
        "grace_before_locks": Mutant(
            "the grace period begins before the new kind of lock is active"
        ),
        "fine_first": Mutant("an operation on the group takes fine locks before the coarse one"),
        "coarse_if_active": Mutant("an operation on the group skips a coarse lock that is off"),
        "first_only": Mutant("an operation on the group takes the lock of the first object only"),
        "active_released": Mutant("what is given back is what is active, not what was taken"),
        "new_group_released": Mutant("what is given back is the lock of the group by then"),
    }

    spanned: int = parameter(
        4, "fine locks that an operation on a group holds at once; it treats other objects one by"
        " one. 0: none, nor the coarse lock of a fine group", build=True, minimum=0,
        source="as many as a CPU has nodes of a queue lock",
    )  # fmt: skip

    def connect(self) -> None:
        """A queue lock has a node for each fine lock that a CPU holds.

        Raises:
            LanguageError: it has less.
        """
        nodes = getattr(self.fine_lock, "nodes", self.spanned)
        if nodes < self.spanned:
            raise LanguageError(
                f"granularity.spanned={self.spanned} locks held at once need fine_lock.nodes="
                f"{self.spanned} or more: it is {nodes}"
            )

    def layout(self, memory: Memory) -> None:
        """The groups, and for each CPU what it holds."""
        super().layout(memory)
        self.taken: Array[Taken] = memory.per_cpu(Taken)

    # --- operations -----------------------------------------------------------------------------

    @routine
    def enter(self, cpu: Cpu, guard: Ref[Member]) -> Any:
        """Take the group's lock if it is active, then the object's if it is."""
        group = guard.group
        took = 0
        if group.active == 1:
            self.taken[cpu.id].coarse = self.lock.acquire(cpu, group.lock)
            self.taken[cpu.id].group = group
            took = TOOK_COARSE
        if guard.active == 1:
            self.taken[cpu.id].fine = self.fine_lock.acquire(cpu, guard.lock)
            took += TOOK_FINE
        return took

    @routine
    def leave(self, cpu: Cpu, guard: Ref[Member], node: Any) -> None:
        """Give back what was taken."""
        took_fine = node >= TOOK_FINE
        took_coarse = node % TOOK_FINE == TOOK_COARSE
        if self.mutant == "active_released":
            took_fine = guard.active == 1
            took_coarse = guard.group.active == 1
        if took_fine:
            fine: Any = self.taken[cpu.id].fine
            self.fine_lock.release(cpu, guard.lock, fine)
        if took_coarse:
            group = self.taken[cpu.id].group
            if self.mutant == "new_group_released":
                group = guard.group
            coarse: Any = self.taken[cpu.id].coarse
            self.lock.release(cpu, group.lock, coarse)

    @routine
    def enter_all(self, cpu: Cpu, group: Word) -> Any:
        """Take the group's lock, then those of its objects that are active.

        A group that is found fine while no fine lock may be held is left as it is. Its objects then
        stay active, so that it covers none of them: a change needs this CPU's quiescent point.
        """
        whole = self.table[group]
        node: Any = NOT_TAKEN
        if self.spanned == 0 and whole.active == 0:
            return node
        if self.mutant == "fine_first":
            self.take_fine(cpu, whole)
        if self.mutant != "coarse_if_active" or whole.active == 1:
            node = self.lock.acquire(cpu, whole.lock)
        if self.mutant != "fine_first":
            self.take_fine(cpu, whole)
        return node

    @routine
    def take_fine(self, cpu: Cpu, group: Ref[Group]) -> None:
        """Take the locks of a group's objects that are active, up to as many as may be held."""
        member = group.first
        left = self.spanned
        while member != NULL and left > 0:
            if member.active == 1:
                node = self.fine_lock.acquire(cpu, member.lock)
                member.node = node
                left -= 1
            member = member.next
            if self.mutant == "first_only":
                member = NULL

    @routine
    def leave_all(self, cpu: Cpu, group: Word, node: Any) -> None:
        """Give back what was taken, the lock that keeps the list as it is last."""
        whole = self.table[group]
        if self.spanned > 0:
            self.leave_fine(cpu, whole)
        if node != NOT_TAKEN or (self.spanned > 0 and self.mutant != "coarse_if_active"):
            self.lock.release(cpu, whole.lock, node)

    @routine
    def leave_fine(self, cpu: Cpu, group: Ref[Group]) -> None:
        """Give the locks of a group's objects back that `take_fine` took."""
        member = group.first
        while member != NULL:
            fine: Any = member.node
            if fine != NOT_TAKEN:
                member.node = NOT_TAKEN
                self.fine_lock.release(cpu, member.lock, fine)
            member = member.next

    @routine
    def quiescent(self, cpu: Cpu) -> None:
        """Tell it the grace periods."""
        self.grace.quiescent(cpu)

    @routine
    def sleep(self, cpu: Cpu) -> None:
        """A quiescent point that lasts until this CPU wakes."""
        self.grace.idle_enter(cpu)

    @routine
    def wake(self, cpu: Cpu) -> None:
        """From now on this CPU is waited for."""
        self.grace.idle_leave(cpu)

    # --- splitting and merging ------------------------------------------------------------------

    @routine
    def request(self, cpu: Cpu, group: Word, want: Word) -> None:
        """Leave word what is wanted, and start if no change is under way.

        No fence: a change that does not know of this takes a grace period, for which this CPU has
        to let its store go.
        """
        whole = self.table[group]
        whole.want = want
        self.start(cpu, whole)

    @routine(call=True)
    def start(self, cpu: Cpu, group: Ref[Group]) -> None:
        """Turn on the locks that are wanted unless a change is under way; begin a grace period."""
        if group.transition != RESTING:
            return
        kind = SPLITTING if group.active == 1 else MERGING
        wanted = SPLITTING if group.want == FINE else MERGING
        if kind != wanted or not cpu.cas(group.transition, RESTING, kind + BUSY):
            return
        if self.mutant == "grace_before_locks":
            group.epoch = self.grace.begin(cpu)
        self.turn(cpu, group, kind, 1)
        if self.mutant == "no_overlap":
            self.turn(cpu, group, SPLITTING + MERGING - kind, 0)
        if self.mutant != "grace_before_locks":
            group.epoch = self.grace.begin(cpu)
        group.transition = kind

    @routine
    def turn(self, cpu: Cpu, group: Ref[Group], kind: Word, active: Word) -> None:
        """Turn the locks that a change of this kind leads to on or off."""
        if kind == MERGING:
            group.active = active
        else:
            member = group.first
            while member != NULL:
                member.active = active
                member = member.next

    @routine
    def poll_group(self, cpu: Cpu, group: Word) -> None:
        """Turn the old locks off if the grace period is over; start the change that is due."""
        whole = self.table[group]
        kind = whole.transition
        if SPLITTING <= kind < BUSY:
            if not self.grace.over(cpu, whole.epoch, EVERYBODY) and self.mutant != "no_grace":
                return
            if cpu.cas(whole.transition, kind, kind + BUSY):
                self.turn(cpu, whole, SPLITTING + MERGING - kind, 0)
                whole.transition = RESTING
        self.start(cpu, whole)

    @routine
    def settled_group(self, cpu: Cpu, group: Word) -> bool:
        """Whether the locks that were asked for last are active, and no others."""
        whole = self.table[group]
        coarse = 0 if whole.want == FINE else 1
        return whole.transition == RESTING and whole.active == coarse
