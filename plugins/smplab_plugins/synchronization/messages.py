"""Synchronization `messages`: only its home CPU operates on a thread; others ask it.

L4Ka::Pistachio, api/v4/ipc.cc, with the lock always disabled: no atomic instruction on the local
path, and requests with interrupts there and back on the remote one.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Cpu, Ref, Synchronization, Tcb, routine


@dataclass(eq=False)
class Messages(Synchronization):
    """No lock; operations on a thread are performed by its home CPU."""

    @routine
    def here(self, cpu: Cpu, thread: Ref[Tcb]) -> bool:
        """At home only, where interrupts are off and nobody else comes."""
        return thread.home == cpu.id
