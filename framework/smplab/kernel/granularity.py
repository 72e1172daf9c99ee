"""The contract of the slot `granularity`: how much of the kernel one lock protects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.language.component import Component
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Ref, Struct


@dataclass(eq=False)
class Granularity(Component):
    """Which locks an operation on an object is performed under.

    What it owes is what `Synchronization` owes; this much of it is handed on.
    """

    def guard(self) -> type[Struct] | None:
        """Return what each object has of its own, or None."""
        return None

    @routine
    def init(self, cpu: Cpu, guard: Ref[Any]) -> None:
        """Prepare a guard before time begins, on CPU 0."""

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
