"""The contract of the slot `granularity`: how much of the kernel one lock protects.

Objects may form groups, numbered from 0, as many for each CPU. Then an operation may span a group,
and the group's objects may share a lock or have one each. User level says which, and which objects
form a group. A number that is out of range never comes here: system calls refuse it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from smplab.language.component import Component
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Ref, Struct, Word

COARSE: Final = 0
FINE: Final = 1
"""One lock for a group, or one for each of its objects."""


@dataclass(eq=False)
class Granularity(Component):
    """Which locks an operation on an object is performed under.

    What it owes is what `Synchronization` owes; this much of it is handed on.
    """

    splits: ClassVar[bool] = False
    """Whether `request` changes anything."""

    def guard(self) -> type[Struct] | None:
        """Return what each object has of its own, or None."""
        return None

    def groups_per_cpu(self) -> int:
        """Return how many groups there are for each CPU; without groups, all have one number."""
        return 1

    @routine
    def init(self, cpu: Cpu, guard: Ref[Any], group: Word) -> None:
        """Prepare the guard of an object of a group before time begins, on CPU 0."""

    @routine
    def enter(self, cpu: Cpu, guard: Ref[Any]) -> Any:
        """An operation on the guard's object begins; the value goes to `leave`."""
        cpu.check(False, "this granularity has no enter()")
        return 0

    @routine
    def leave(self, cpu: Cpu, guard: Ref[Any], node: Any) -> None:
        """The operation has ended."""
        cpu.check(False, "this granularity has no leave()")

    @routine
    def begin(self, cpu: Cpu) -> None:
        """This CPU is in the kernel."""

    @routine
    def end(self, cpu: Cpu) -> None:
        """This CPU is about to leave the kernel, to sleep, or to wait for room in a mailbox."""

    @routine
    def quiescent(self, cpu: Cpu) -> None:
        """This CPU is in the kernel and holds nothing that it has read of objects."""

    @routine
    def sleep(self, cpu: Cpu) -> None:
        """As `quiescent` and `end`; and this CPU looks at no object until it calls `wake`."""
        self.end(cpu)

    @routine
    def wake(self, cpu: Cpu) -> None:
        """As `begin`, after `sleep`."""
        self.begin(cpu)

    # --- operations on a whole group, between begin and end -------------------------------------

    @routine
    def group_of(self, cpu: Cpu, guard: Ref[Any]) -> Word:
        """Which group the object seems to be in: it may have moved by now; `covers` knows."""
        return 0

    @routine
    def enter_all(self, cpu: Cpu, group: Word) -> Any:
        """An operation on all objects of a group begins; the value goes to `leave_all`.

        It excludes operations on those objects that it covers, and on others need not.
        """
        return 0

    @routine
    def covers(self, cpu: Cpu, group: Word, guard: Ref[Any]) -> bool:
        """Whether the operation that has begun covers an object; it does so until it ends."""
        return False

    @routine
    def leave_all(self, cpu: Cpu, group: Word, node: Any) -> None:
        """The operation has ended."""

    # --- what user level says; as in `Synchronization` ------------------------------------------

    @routine
    def join(self, cpu: Cpu, guard: Ref[Any], group: Word) -> None:
        """Have the object leave its group and come to another one."""

    @routine
    def request(self, cpu: Cpu, group: Word, want: Word) -> None:
        """Have the objects of a group share a lock (COARSE), or have one each (FINE)."""

    @routine
    def poll(self, cpu: Cpu, guard: Ref[Any]) -> None:
        """Take what `join` asked for a step further if one is due; waits for no grace period."""

    @routine
    def poll_group(self, cpu: Cpu, group: Word) -> None:
        """The same for `request`."""

    @routine
    def settled(self, cpu: Cpu, guard: Ref[Any]) -> bool:
        """Whether the object is in the group last asked for, and on no way to another one."""
        return True

    @routine
    def settled_group(self, cpu: Cpu, group: Word) -> bool:
        """Whether no change of the group is under way and the locks are those last asked for."""
        return True
