"""The contract of the slot `synchronization`: how objects that CPUs share are protected.

Shared objects are threads, that is their rendezvous, and trees of mappings. An *operation* on an
object is a short piece of code on its words; it never blocks. There are two ways to perform one on
an object of another CPU: here, under something that excludes others, or there, by asking the
object's home CPU. A filling says which, and may change its mind while the system runs, as user
level asks it to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from smplab.language.component import Component
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Ref, Struct, Word

ALONE: Final = 0
SHARED: Final = 1
"""What user level says of an object: its home CPU operates on it, or CPUs compete for it."""


@dataclass(eq=False)
class Synchronization(Component):
    """How operations on an object exclude each other; as it stands, for one CPU: not at all.

    Invariants that a filling owes: of two operations on one object, one ends before the other
    begins; what an operation wrote is seen by the next one; `leave` is reached from every `enter`
    without another `enter` in between. The kernel owes that `enter` lies between `begin` and `end`,
    and that it assumes nothing about objects across an `end`.
    """

    asks: ClassVar[bool] = False
    """Whether `here` may be false, so that another CPU is asked."""
    changes: ClassVar[bool] = False
    """Whether its answer, and what `enter` does, may change as `request` asks for."""

    def guard(self) -> type[Struct] | None:
        """Return what each object has of its own for `enter` to use, or None."""
        return None

    def groups_per_cpu(self) -> int:
        """Return how many groups of objects there are for each CPU (`Granularity`)."""
        return 1

    def splits(self) -> bool:
        """Return whether `request_grain` changes anything."""
        return False

    @routine
    def init(self, cpu: Cpu, guard: Ref[Any], home: Word, group: Word) -> None:
        """Prepare the guard of an object of CPU `home` before time begins, on CPU 0."""

    @routine
    def here(self, cpu: Cpu, guard: Ref[Any], home: Word) -> bool:
        """Whether this CPU may operate on an object of CPU `home`; otherwise it asks that CPU.

        The answer holds until this CPU's next `end`.
        """
        return True

    @routine
    def alone(self, cpu: Cpu, guard: Ref[Any]) -> bool:
        """Whether this CPU may operate on an object without `enter` and `leave`, and is its home.

        It may say no where it could say yes. Asked only of a filling that asks and has guards; as
        `here`, it holds until this CPU's next `end`.
        """
        return False

    @routine
    def enter(self, cpu: Cpu, guard: Ref[Any]) -> Any:
        """An operation on the guard's object begins; the value goes to `leave`.

        Without guards, `guard` is NULL.
        """
        return 0

    @routine
    def enter_shared(self, cpu: Cpu, guard: Ref[Any]) -> Any:
        """As `enter`, of an object with which this CPU is not alone, as `alone` has said."""
        return self.enter(cpu, guard)

    @routine
    def leave(self, cpu: Cpu, guard: Ref[Any], node: Any) -> None:
        """The operation has ended."""

    @routine
    def begin(self, cpu: Cpu) -> None:
        """This CPU is in the kernel: a system call, an interrupt other than "flush", or idling."""

    @routine
    def end(self, cpu: Cpu) -> None:
        """This CPU is about to leave the kernel, to sleep, or to wait for room in a mailbox.

        A switch of threads in between does not end anything: it is the CPU that is in the kernel.
        """

    @routine
    def quiescent(self, cpu: Cpu) -> None:
        """This CPU is in the kernel and holds nothing that it has read of objects.

        Called in every interrupt from user level, and wherever one is taken for dealt with.
        """

    @routine
    def sleep(self, cpu: Cpu) -> None:
        """As `quiescent` and `end`; and this CPU looks at no object until it calls `wake`."""
        self.end(cpu)

    @routine
    def wake(self, cpu: Cpu) -> None:
        """As `begin`, after `sleep`."""
        self.begin(cpu)

    @routine
    def moved(self, cpu: Cpu, guard: Ref[Any], home: Word) -> None:
        """The object gets another home: called by the home that it has, just before."""

    # --- sets of CPUs that look at an object, so that changes wait for nobody else ---------------

    @routine
    def track(self, cpu: Cpu, guard: Ref[Any], members: Word, home: Word) -> None:
        """After `init`: the CPUs that look at the object are in set `members`, its home always."""

    @routine
    def involve(self, cpu: Cpu, guard: Ref[Any], member: Word) -> None:
        """Put a CPU into the object's set; a CPU is in it before it becomes the home."""

    @routine
    def involved(self, cpu: Cpu, guard: Ref[Any], member: Word) -> bool:
        """Whether a CPU is in the object's set and can leave it."""
        return False

    @routine
    def forgo(self, cpu: Cpu, guard: Ref[Any]) -> None:
        """Take this CPU out of the object's set; after `quiescent`."""

    # --- what user level says, which may be wrong: that may cost speed and nothing else ---------

    @routine
    def request(self, cpu: Cpu, guard: Ref[Any], want: Word) -> None:
        """Protect the object for `want`, ALONE or SHARED, sooner or later; between begin and end.

        Somebody calls `poll` from time to time until `settled`.
        """

    @routine
    def poll(self, cpu: Cpu, guard: Ref[Any]) -> None:
        """Complete changes that can be completed; waits for nobody; between begin and end."""

    @routine
    def changing(self, cpu: Cpu, guard: Ref[Any]) -> bool:
        """Whether a change is under way, so that `poll` is due."""
        return False

    @routine
    def settled(self, cpu: Cpu, guard: Ref[Any]) -> bool:
        """Whether no change is under way and the object is protected as was last asked for."""
        return True

    # --- groups of objects, as in `Granularity` -------------------------------------------------

    @routine
    def group_of(self, cpu: Cpu, guard: Ref[Any]) -> Word:
        """Which group the object seems to be in."""
        return 0

    @routine
    def enter_all(self, cpu: Cpu, group: Word) -> Any:
        """An operation on all objects of a group begins; the value goes to `leave_all`."""
        return 0

    @routine
    def covers(self, cpu: Cpu, group: Word, guard: Ref[Any]) -> bool:
        """Whether the operation that has begun covers an object of which `here` is true."""
        return True

    @routine
    def leave_all(self, cpu: Cpu, group: Word, node: Any) -> None:
        """The operation has ended."""

    @routine
    def join(self, cpu: Cpu, guard: Ref[Any], group: Word) -> None:
        """Have the object leave its group and come to another one; as `request`."""

    @routine
    def request_grain(self, cpu: Cpu, group: Word, want: Word) -> None:
        """Have the objects of a group share a lock (COARSE), or have one each (FINE).

        Somebody calls `poll_group` from time to time until `settled_group`.
        """

    @routine
    def poll_group(self, cpu: Cpu, group: Word) -> None:
        """Complete a change of the group that can be completed, as `poll`."""

    @routine
    def settled_group(self, cpu: Cpu, group: Word) -> bool:
        """Whether no change of the group is under way and the locks are those last asked for."""
        return True
