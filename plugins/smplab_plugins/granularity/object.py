"""Granularity `object`: each object has a lock of its own.

L4Ka::Pistachio, api/v4/ipc.cc, with the locks of the thread control blocks always enabled: a remote
IPC costs the lock of the receiver, taken from another CPU's cache, and one interrupt to have it
scheduled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.api import Cpu, Granularity, Lock, Ref, Struct, Word, routine, slot


@dataclass(eq=False)
class ObjectLocks(Granularity):
    """A lock for each object; operations on different objects overlap."""

    lock: Lock = slot()

    def guard(self) -> type[Struct] | None:
        """Return one lock of the slot `lock`."""
        return self.lock.Shared

    @routine
    def init(self, cpu: Cpu, guard: Ref[Any], group: Word) -> None:
        """The lock is free."""
        self.lock.init(cpu, guard)

    @routine
    def enter(self, cpu: Cpu, guard: Ref[Any]) -> Any:
        """Take the object's lock."""
        return self.lock.acquire(cpu, guard)

    @routine
    def leave(self, cpu: Cpu, guard: Ref[Any], node: Any) -> None:
        """Give it back."""
        self.lock.release(cpu, guard, node)
