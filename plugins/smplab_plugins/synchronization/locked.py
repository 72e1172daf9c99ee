"""Synchronization `locked`: operations are performed under a lock, by whoever wants them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.api import Cpu, Granularity, Ref, Struct, Synchronization, Word, routine, slot


@dataclass(eq=False)
class Locked(Synchronization):
    """Locks; the slot `granularity` says how many, and when they are taken."""

    granularity: Granularity = slot()

    def guard(self) -> type[Struct] | None:
        """Return what the granularity wants each object to have."""
        return self.granularity.guard()

    def groups_per_cpu(self) -> int:
        """Return what the granularity returns."""
        return self.granularity.groups_per_cpu()

    def splits(self) -> bool:
        """Return what the granularity says."""
        return self.granularity.splits

    @routine
    def init(self, cpu: Cpu, guard: Ref[Any], home: Word, group: Word) -> None:
        """As the granularity does."""
        self.granularity.init(cpu, guard, group)

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

    @routine
    def quiescent(self, cpu: Cpu) -> None:
        """As the granularity does."""
        self.granularity.quiescent(cpu)

    @routine
    def sleep(self, cpu: Cpu) -> None:
        """As the granularity does."""
        self.granularity.sleep(cpu)

    @routine
    def wake(self, cpu: Cpu) -> None:
        """As the granularity does."""
        self.granularity.wake(cpu)

    @routine
    def poll(self, cpu: Cpu, guard: Ref[Any]) -> None:
        """As the granularity does."""
        self.granularity.poll(cpu, guard)

    @routine
    def changing(self, cpu: Cpu, guard: Ref[Any]) -> bool:
        """Whether the granularity wants to be polled."""
        return not self.granularity.settled(cpu, guard)

    @routine
    def settled(self, cpu: Cpu, guard: Ref[Any]) -> bool:
        """As the granularity does."""
        return self.granularity.settled(cpu, guard)

    # --- groups ---------------------------------------------------------------------------------

    @routine
    def group_of(self, cpu: Cpu, guard: Ref[Any]) -> Word:
        """As the granularity does."""
        return self.granularity.group_of(cpu, guard)

    @routine
    def enter_all(self, cpu: Cpu, group: Word) -> Any:
        """As the granularity does."""
        return self.granularity.enter_all(cpu, group)

    @routine
    def covers(self, cpu: Cpu, group: Word, guard: Ref[Any]) -> bool:
        """As the granularity does."""
        return self.granularity.covers(cpu, group, guard)

    @routine
    def leave_all(self, cpu: Cpu, group: Word, node: Any) -> None:
        """As the granularity does."""
        self.granularity.leave_all(cpu, group, node)

    @routine
    def join(self, cpu: Cpu, guard: Ref[Any], group: Word) -> None:
        """As the granularity does."""
        self.granularity.join(cpu, guard, group)

    @routine
    def request_grain(self, cpu: Cpu, group: Word, want: Word) -> None:
        """As the granularity does."""
        self.granularity.request(cpu, group, want)

    @routine
    def poll_group(self, cpu: Cpu, group: Word) -> None:
        """As the granularity does."""
        self.granularity.poll_group(cpu, group)

    @routine
    def settled_group(self, cpu: Cpu, group: Word) -> bool:
        """As the granularity does."""
        return self.granularity.settled_group(cpu, group)
