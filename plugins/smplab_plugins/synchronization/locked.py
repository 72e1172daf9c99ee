"""Synchronization `locked`: operations are performed under a lock, by whoever wants them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.api import Cpu, Granularity, Ref, Struct, Synchronization, routine, slot


@dataclass(eq=False)
class Locked(Synchronization):
    """Locks; the slot `granularity` says how many, and when they are taken."""

    granularity: Granularity = slot()

    def guard(self) -> type[Struct] | None:
        """Return what the granularity wants each object to have."""
        return self.granularity.guard()

    @routine
    def init(self, cpu: Cpu, guard: Ref[Any]) -> None:
        """As the granularity does."""
        self.granularity.init(cpu, guard)

    @routine
    def enter(self, cpu: Cpu, guard: Ref[Any]) -> Any:
        """As the granularity does."""
        return self.granularity.enter(cpu, guard)

    @routine
    def leave(self, cpu: Cpu, guard: Ref[Any], node: Any) -> None:
        """As the granularity does."""
        self.granularity.leave(cpu, guard, node)

    @routine
    def begin(self, cpu: Cpu) -> None:
        """As the granularity does."""
        self.granularity.begin(cpu)

    @routine
    def end(self, cpu: Cpu) -> None:
        """As the granularity does."""
        self.granularity.end(cpu)
