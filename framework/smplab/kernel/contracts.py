"""The contracts of the slots: what a plugin must provide to fill one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from smplab.language.component import Component
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Place, Ref, Struct


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
class Workload(Component):
    """What the CPUs do."""

    @routine
    def run(self, cpu: Cpu) -> None:
        """The life of one CPU, usually without end: the run stops at its limit.

        What lies between `cpu.begin("operation")` and `cpu.end("operation")` is an operation:
        throughput counts them, latency is theirs.
        """
        cpu.check(False, "this workload has no run()")
