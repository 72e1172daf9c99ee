"""The contracts of the slots: what a plugin must provide to fill one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from smplab.language import Component, Cpu, Place, Ref, Struct, routine


@dataclass(eq=False)
class Lock(Component):
    """Mutual exclusion (slot `lock`).

    A plugin gives the Struct of one lock as `Shared`, `acquire`, `release`, and says whether every
    waiter gets its turn. Several locks may be held at once by a CPU, in any order of release. A
    lock spins only through `self.wait`, so that a kernel can serve its requests meanwhile.
    """

    Shared: ClassVar[type[Struct]]
    """The words of one lock; all zero is a free lock unless `init` says otherwise."""
    starvation_free: ClassVar[bool]

    @routine
    def init(self, cpu: Cpu, lock: Ref[Any]) -> None:
        """Make `lock` a free lock; runs on CPU 0 before time begins, once for each lock."""

    @routine
    def acquire(self, cpu: Cpu, lock: Ref[Any]) -> Any:
        """Return once this CPU holds the lock; the value goes to `release`."""
        cpu.check(False, "this lock plugin has no acquire()")
        return 0

    @routine
    def release(self, cpu: Cpu, lock: Ref[Any], node: Any) -> None:
        """Give the lock back."""
        cpu.check(False, "this lock plugin has no release()")

    @routine
    def wait(self, cpu: Cpu, place: Place) -> None:
        """Wait until `place`'s line is written by another CPU, or return at once if it was.

        The hook of every spin: the bare machine sleeps, a kernel also serves flush requests.
        """
        cpu.wait(place)


@dataclass(eq=False)
class Workload(Component):
    """What the CPUs do. Every CPU starts in `run` and never returns from it, or halts."""

    @routine
    def run(self, cpu: Cpu) -> None:
        """The life of one CPU; an operation is what lies between begin and end of "operation"."""
        cpu.check(False, "this workload has no run()")
