"""Kernel `uniprocessor`: the same source, with all that serves several CPUs compiled away."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Kernel, Synchronization


@dataclass(eq=False)
class Uniprocessor(Kernel):
    """The microkernel for one CPU: no guards, no requests, one TLB."""

    multiprocessor = False

    def __post_init__(self) -> None:
        """Leave threads unprotected: interrupts are off in the kernel, and nobody else is there."""
        self.synchronization = Synchronization()
