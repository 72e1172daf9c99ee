"""Groups of objects, and how an object moves from one to another while CPUs operate on it.

A group has a lock, which is coarse, and a list of its objects; each object has a lock too, which is
fine. Which of them an operation takes is the regime of the object's group (dynamic.py). An object
moves from group 1 to group 2, whose coarse locks are C1 and C2; F is its own lock:

    before      under C1 if group 1 is coarse, otherwise under F
    the move    under C1 and C2 both: F goes on, the lists change
    ARRIVING    under F, and C2, for a grace period: some still act by C1 and F; only if group 2 is
                coarse, otherwise the move is over
    after       under C2, F is off; or under F, if group 2 is fine

So whoever meet at the object share a lock. No grace period is needed before the lists change:
whether F is on is read after C1 was taken, so who did not find it on is gone when the move has C1.
After it one is needed, which is over all CPUs. Nobody waits for it: whoever polls ends the move.

Invariants:

- Lists, and `group` of an object, change under the coarse locks of both groups, taken by ascending
  number. So who holds a group's coarse lock knows its objects.
- A move claims both groups, by MOVING in `transition`, so that neither splits or merges, nor loses
  or gets another object: group 1 until the lists have changed, group 2 to the end. It claims by
  ascending number, and gives up if it cannot: the next poll tries again.
- The CPU that sets BUSY in `step` alone ends the move, and looks whether the grace period is over
  after that: it may have seen an earlier move.
- Whoever asks or polls polls on until he finds settled what he asked for. So who ends a change need
  not look what else is wanted.

The protocol is smplab's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from smplab.api import (
    EVERYBODY,
    FINE,
    NULL,
    Array,
    Cpu,
    Grace,
    Granularity,
    Lock,
    Memory,
    Mutant,
    Opaque,
    Ref,
    Struct,
    Word,
    aligned,
    ending_in,
    parameter,
    routine,
    slot,
)

RESTING: Final = 0
MOVING: Final = 1
SPLITTING: Final = 2
MERGING: Final = 3
"""What a group is doing: nothing, losing or getting an object, becoming fine, becoming coarse."""

ARRIVING: Final = 1
"""The step of an object that has moved to a coarse group; RESTING if it is not moving."""

BUSY: Final = 4
"""Added to what a group or an object is doing by the CPU that begins or ends it."""

NOT_TAKEN: Final = -1
"""In the place of what a lock gives, which is 0 or more."""


class Member(Struct):
    """What an object has. Read often and rarely written, so its lock is in another line."""

    active: Word = aligned()  # whether the object's lock is to be taken
    group: Ref[Group]
    wanted: Ref[Group]  # as was asked for last
    step: Word  # of a move that is under way
    epoch: Word  # the grace period of that move
    next: Ref[Member]  # in the group
    previous: Ref[Member]
    node: Word  # what the object's lock gave to an operation on the whole group
    lock: Opaque = aligned()


class Group(Struct):
    """What a group has."""

    active: Word = aligned()  # whether the group's lock is to be taken
    number: Word  # constant
    transition: Word
    epoch: Word  # the grace period of the change that is under way
    want: Word  # COARSE or FINE, as was asked for last
    first: Ref[Member]
    lock: Opaque = aligned()


@dataclass(eq=False)
class Groups(Granularity):
    """Which objects form which group; user level may change it at any time."""

    splits = True

    mutants: ClassVar[dict[str, Mutant]] = {
        "covered_late": Mutant("an object's own lock goes on after the lists have changed"),
        "no_grace_after_move": Mutant("an object's own lock goes off as soon as it has moved"),
        "looked_before_busy": Mutant(
            "the grace period that is found over is that of an earlier move", cpus=3
        ),
        "lists_unlocked": Mutant("lists change under no lock"),
        "one_list_locked": Mutant("lists change under the lock of one of the groups only"),
        "claimed_by_store": Mutant("groups are claimed by a load and a store"),
        "old_not_claimed": Mutant("the group that an object leaves may merge meanwhile"),
        "new_not_claimed": Mutant("the group that an object comes to may split meanwhile"),
        "not_looked_again": Mutant("an object moves from where it was before it was claimed"),
        "no_fence_after_join": Mutant("`group` is read while `wanted` is still buffered", "tso"),
    }

    lock: Lock = slot()
    fine_lock: Lock = slot()
    grace: Grace = slot()

    groups: int = parameter(2, "groups of each CPU", build=True, minimum=1)
    starts: str = parameter(
        "coarse", "locks in the beginning; mixed: group 0 coarse, group 1 fine, in turn",
        choices=("coarse", "fine", "mixed"),
    )  # fmt: skip

    def guard(self) -> type[Struct] | None:
        """Return an object's place in its group, and its lock."""
        return ending_in(Member, lock=self.fine_lock.Shared)

    def groups_per_cpu(self) -> int:
        """Return how many groups each CPU has; group g has its place at CPU g // groups."""
        return self.groups

    def layout(self, memory: Memory) -> None:
        """The groups, each in lines of its own."""
        group = ending_in(Group, lock=self.lock.Shared)
        self.table: Array[Group] = memory.per_cpu(group, self.groups, aligned=True)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """All groups are empty, their locks free."""
        for number in range(cpu.count * self.groups):
            group = self.table[number]
            group.number = number
            self.lock.init(cpu, group.lock)
            if self.starts == "coarse" or (self.starts == "mixed" and number % 2 == 0):
                group.active = 1
            else:
                group.want = FINE

    @routine
    def init(self, cpu: Cpu, guard: Ref[Member], group: Word) -> None:
        """The object's lock is free, and it belongs to a group."""
        self.fine_lock.init(cpu, guard.lock)
        guard.node = NOT_TAKEN
        guard.active = 1 - self.table[group].active
        guard.wanted = self.table[group]
        self.link(cpu, self.table[group], guard)

    @routine
    def group_of(self, cpu: Cpu, guard: Ref[Member]) -> Word:
        """The group's number, which may be another one already."""
        return guard.group.number

    @routine
    def covers(self, cpu: Cpu, group: Word, guard: Ref[Member]) -> bool:
        """Whether the object is in the group, whose coarse lock this CPU holds, and its own held.

        Its own lock need not be held if it is not active: then the coarse one is enough.
        """
        if guard.group != self.table[group]:
            return False
        return guard.active == 0 or guard.node != NOT_TAKEN or self.mutant == "first_only"

    # --- lists ----------------------------------------------------------------------------------

    @routine
    def link(self, cpu: Cpu, group: Ref[Group], member: Ref[Member]) -> None:
        """Put an object into a group."""
        after = group.first
        member.next = after
        member.previous = NULL
        if after != NULL:
            after.previous = member
        group.first = member
        member.group = group

    @routine
    def unlink(self, cpu: Cpu, member: Ref[Member]) -> None:
        """Take an object out of its group."""
        after = member.next
        before = member.previous
        if before == NULL:
            member.group.first = after
        else:
            before.next = after
        if after != NULL:
            after.previous = before

    # --- moves ----------------------------------------------------------------------------------

    @routine
    def join(self, cpu: Cpu, guard: Ref[Member], group: Word) -> None:
        """Leave word where the object is to be, and start if nothing is in the way."""
        guard.wanted = self.table[group]
        if self.mutant != "no_fence_after_join":
            cpu.fence()
        self.start_move(cpu, guard)

    @routine
    def poll(self, cpu: Cpu, guard: Ref[Member]) -> None:
        """End the object's move if its grace period is over; start the one that is due."""
        if guard.step == ARRIVING:
            early = self.mutant == "looked_before_busy" and self.over(cpu, guard)
            if cpu.cas(guard.step, ARRIVING, ARRIVING + BUSY):
                if early or self.over(cpu, guard):
                    self.end_move(cpu, guard)
                else:
                    guard.step = ARRIVING
        self.start_move(cpu, guard)

    @routine
    def over(self, cpu: Cpu, guard: Ref[Member]) -> bool:
        """Whether nobody is left who acts by the group before."""
        return self.grace.over(cpu, guard.epoch, EVERYBODY)

    @routine
    def settled(self, cpu: Cpu, guard: Ref[Member]) -> bool:
        """Whether the object is where it is to be, not moving, and under one lock alone."""
        group = guard.group
        one = guard.active + group.active == 1
        return one and group == guard.wanted and guard.step == RESTING

    @routine(call=True)
    def start_move(self, cpu: Cpu, guard: Ref[Member]) -> None:
        """Move the object if it is to be elsewhere, and both groups are at rest."""
        old = guard.group
        new = guard.wanted
        if guard.step != RESTING or old == new or not self.claim_both(cpu, old, new):
            return
        if guard.group != old and self.mutant != "not_looked_again":
            old.transition = RESTING
            new.transition = RESTING
            return
        self.change_lists(cpu, guard, old, new)
        old.transition = RESTING
        if self.mutant == "covered_late":
            guard.active = 1
        if new.active == 0:
            new.transition = RESTING
        elif self.mutant == "no_grace_after_move":
            self.end_move(cpu, guard)
        else:
            guard.epoch = self.grace.begin(cpu)
            guard.step = ARRIVING

    @routine
    def end_move(self, cpu: Cpu, guard: Ref[Member]) -> None:
        """The lock of the group, which is coarse, is enough."""
        guard.active = 0
        guard.step = RESTING
        guard.group.transition = RESTING

    @routine
    def change_lists(self, cpu: Cpu, guard: Ref[Member], old: Ref[Group], new: Ref[Group]) -> None:
        """Under both coarse locks, have the object's own one taken, and bring it over."""
        low = old
        high = new
        if new.number < old.number:
            low = new
            high = old
        if self.mutant != "lists_unlocked":
            low_node = self.lock.acquire(cpu, low.lock)
            if self.mutant != "one_list_locked":
                high_node = self.lock.acquire(cpu, high.lock)
        if self.mutant != "covered_late":
            guard.active = 1
        self.unlink(cpu, guard)
        self.link(cpu, new, guard)
        if self.mutant != "lists_unlocked":
            if self.mutant != "one_list_locked":
                self.lock.release(cpu, high.lock, high_node)
            self.lock.release(cpu, low.lock, low_node)

    @routine
    def claim_both(self, cpu: Cpu, old: Ref[Group], new: Ref[Group]) -> bool:
        """Claim two groups, or none."""
        low = old
        high = new
        if new.number < old.number:
            low = new
            high = old
        if not self.claim(cpu, low, old):
            return False
        if self.claim(cpu, high, old):
            return True
        low.transition = RESTING
        return False

    @routine
    def claim(self, cpu: Cpu, group: Ref[Group], old: Ref[Group]) -> bool:
        """Keep a group from changing, if it is at rest, for an object that leaves `old`."""
        if self.mutant == "old_not_claimed" and group == old:
            return True
        if self.mutant == "new_not_claimed" and group != old:
            return True
        if self.mutant == "claimed_by_store":
            if group.transition != RESTING:
                return False
            group.transition = MOVING
            return True
        return cpu.cas(group.transition, RESTING, MOVING)
