"""The contracts of the slots: what a plugin must provide to fill one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from smplab.language.component import Component
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Place, Ref, Struct, Word

EVERYBODY: Final = -1
"""Of a grace period: it concerns all CPUs."""


@dataclass(eq=False)
class Lock(Component):
    """Mutual exclusion (slot `lock`).

    A plugin gives the Struct of one lock as `Shared`, `acquire`, `release`, and says whether every
    waiter gets its turn. A CPU may hold several locks at once and release them in any order. A lock
    spins only through `self.wait` or `self.pause`, so that a kernel can serve its requests there.
    """

    Shared: ClassVar[type[Struct]]
    """The words of one lock."""
    starvation_free: ClassVar[bool]
    """Whether every CPU that waits gets the lock in the end."""

    @routine
    def init(self, cpu: Cpu, lock: Ref[Any]) -> None:
        """Make `lock` free before time begins, on CPU 0. Unless overridden, all zero is free."""

    @routine
    def acquire(self, cpu: Cpu, lock: Ref[Any]) -> Any:
        """Return once this CPU holds the lock; the value goes to `release`."""
        cpu.check(False, "this lock has no acquire()")
        return 0

    @routine
    def release(self, cpu: Cpu, lock: Ref[Any], node: Any) -> None:
        """Give the lock back; `node` is what `acquire` returned."""
        cpu.check(False, "this lock has no release()")

    @routine
    def wait(self, cpu: Cpu, place: Place) -> None:
        """Wait until another CPU has written `place`'s line since this CPU last read it.

        The hook of spinning on a value. The bare machine sleeps; a kernel also serves requests.
        """
        cpu.wait(place)

    @routine
    def pause(self, cpu: Cpu) -> None:
        """Stand between two tries that write: nothing on the bare machine, requests in a kernel."""


@dataclass(eq=False)
class Grace(Component):
    """Grace periods (slot `grace`): when has everybody let go of what was read before?

    A CPU passes a *quiescent point* wherever it holds nothing that it has read from the kernel: on
    its way out to user mode, and before it idles. A grace period is over when every CPU has passed
    one since it began, or was idle.

    A period may concern a set of CPUs alone. Who is not in the set does not look at what the period
    protects: a CPU joins, fences, and only then looks; it leaves the set after a quiescent point.
    """

    sets: ClassVar[bool] = False
    """Whether a period over a set waits for its members alone."""

    @routine
    def quiescent(self, cpu: Cpu) -> None:
        """Pass a quiescent point of this CPU."""
        cpu.check(False, "this filling of grace has no quiescent()")

    @routine
    def begin(self, cpu: Cpu) -> Word:
        """Begin a grace period after all that this CPU has stored; the value goes to `over`."""
        cpu.check(False, "this filling of grace has no begin()")
        return 0

    @routine
    def over(self, cpu: Cpu, period: Word, members: Word) -> bool:
        """Whether the period is over for a set of CPUs; if not, kick those that it waits for.

        `members` is EVERYBODY, or a number that `member` understands. A filling may wait for more.
        """
        cpu.check(False, "this filling of grace has no over()")
        return False

    @routine
    def idle_enter(self, cpu: Cpu) -> None:
        """This CPU passes a quiescent point, and reads no word of the kernel until it leaves."""
        cpu.check(False, "this filling of grace has no idle_enter()")

    @routine
    def idle_leave(self, cpu: Cpu) -> None:
        """This CPU counts again; only after this may it read words of the kernel."""
        cpu.check(False, "this filling of grace has no idle_leave()")

    @routine
    def member(self, cpu: Cpu, members: Word, candidate: Word) -> bool:
        """Whether a CPU is in a set: the hook of who has sets. As it stands, there are none."""
        return True

    @routine
    def next_member(self, cpu: Cpu, members: Word, after: Word) -> Word:
        """The lowest CPU above `after` that may be in a set, or -1: as `member`, a hook."""
        return after + 1

    @routine
    def concerns(self, cpu: Cpu, members: Word, candidate: Word) -> bool:
        """Whether a period over a set of CPUs, or over all, waits for a CPU."""
        return members == EVERYBODY or self.member(cpu, members, candidate)

    @routine
    def kick(self, cpu: Cpu, target: Word) -> None:
        """Make CPU `target` enter the kernel, and so pass a quiescent point: the kernel's hook.

        The bare machine has no interrupts: there nobody is kicked.
        """


@dataclass(eq=False)
class Workload(Component):
    """What the CPUs do."""

    @routine
    def run(self, cpu: Cpu) -> None:
        """The life of one CPU, usually without end: the run stops at its limit.

        What lies between `cpu.begin("operation")` and `cpu.end("operation")` is an operation:
        throughput counts them, latency is theirs.
        """
        cpu.check(False, "this workload has no run()")


@dataclass(eq=False)
class Scenario(Workload):
    """A small closed system whose interleavings the checker explores, all of them.

    It belongs to the contracts of the slots that it declares: whoever fills them is tried in it.
    One without slots stands for itself. Its operations must complete, as `progress` asks.
    """

    def progress(self) -> str:
        """Who must complete: "every" CPU, "some" CPU, or "none" is asked to."""
        return "none"
