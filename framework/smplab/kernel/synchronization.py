"""The contract of the slot `synchronization`: how what CPUs share of a thread is protected.

What is shared is the rendezvous: whether the thread receives and from whom, and the queue of those
who want to send to it. An *operation* on a thread is a few dozen instructions on these words; it
never blocks. There are two ways to perform one on a thread of another CPU: here, under something
that excludes others, or there, by asking the thread's home CPU. A filling says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.kernel.objects import Tcb
from smplab.language.component import Component
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Ref, Struct


@dataclass(eq=False)
class Synchronization(Component):
    """How operations on a thread exclude each other; as it stands, for one CPU: not at all.

    Invariants that a filling owes: of two operations on one thread, one ends before the other
    begins; what an operation wrote is seen by the next one; `leave` is reached from every `enter`
    without another `enter` in between.
    """

    def guard(self) -> type[Struct] | None:
        """Return what each thread has of its own for `enter` to use, or None."""
        return None

    @routine
    def init(self, cpu: Cpu, guard: Ref[Any]) -> None:
        """Prepare a guard before time begins, on CPU 0."""

    @routine
    def here(self, cpu: Cpu, thread: Ref[Tcb]) -> bool:
        """Whether this CPU may operate on `thread`; otherwise it asks the thread's home CPU."""
        return True

    @routine
    def enter(self, cpu: Cpu, guard: Ref[Any]) -> Any:
        """An operation on the guard's thread begins; the value goes to `leave`."""
        return 0

    @routine
    def leave(self, cpu: Cpu, guard: Ref[Any], node: Any) -> None:
        """The operation has ended."""
