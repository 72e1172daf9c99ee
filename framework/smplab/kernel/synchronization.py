"""The contract of the slot `synchronization`: how objects that CPUs share are protected.

Shared objects are threads, that is their rendezvous, and trees of mappings. An *operation* on an
object is a short piece of code on its words; it never blocks. There are two ways to perform one on
an object of another CPU: here, under something that excludes others, or there, by asking the
object's home CPU. A filling says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.language.component import Component
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Ref, Struct, Word


@dataclass(eq=False)
class Synchronization(Component):
    """How operations on an object exclude each other; as it stands, for one CPU: not at all.

    Invariants that a filling owes: of two operations on one object, one ends before the other
    begins; what an operation wrote is seen by the next one; `leave` is reached from every `enter`
    without another `enter` in between. The kernel owes that `enter` lies between `begin` and `end`,
    and that it assumes nothing about objects across an `end`.
    """

    def guard(self) -> type[Struct] | None:
        """Return what each object has of its own for `enter` to use, or None."""
        return None

    @routine
    def init(self, cpu: Cpu, guard: Ref[Any]) -> None:
        """Prepare a guard before time begins, on CPU 0."""

    @routine
    def here(self, cpu: Cpu, home: Word) -> bool:
        """Whether this CPU may operate on an object of CPU `home`; otherwise it asks that CPU."""
        return True

    @routine
    def enter(self, cpu: Cpu, guard: Ref[Any]) -> Any:
        """An operation on the guard's object begins; the value goes to `leave`.

        Without guards, `guard` is NULL.
        """
        return 0

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
