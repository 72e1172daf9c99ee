"""Synchronization `messages`: only its home CPU operates on an object; others ask it.

L4Ka::Pistachio, api/v4/ipc.cc, with the lock always disabled: no atomic instruction on the local
path, and requests with interrupts there and back on the remote one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.api import Cpu, Ref, Synchronization, Word, routine


@dataclass(eq=False)
class Messages(Synchronization):
    """No lock; operations on an object are performed by its home CPU."""

    asks = True

    @routine
    def here(self, cpu: Cpu, guard: Ref[Any], home: Word) -> bool:
        """At home only, where interrupts are off and nobody else comes."""
        return home == cpu.id
