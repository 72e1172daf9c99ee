"""A lock that is watched: no CPU gives back what it has not taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.kernel.contracts import Lock
from smplab.language.component import Component
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import Array, Ref, Word


@dataclass(eq=False)
class Watched(Lock):
    """The lock `inner`, and how many such locks each CPU holds, in ghost memory."""

    inner: Lock

    def __post_init__(self) -> None:
        """Be what the inner lock is."""
        self.Shared = self.inner.Shared  # type: ignore[misc]  # of a class to whoever uses it
        self.starvation_free = self.inner.starvation_free  # type: ignore[misc]  # as above

    def watch(self, memory: Memory) -> None:
        """Place what is known of the CPUs, in the memory of the scenario that watches."""
        self.held: Array[Word] = memory.ghost(Word, "cpus")

    @routine
    def init(self, cpu: Cpu, lock: Ref[Any]) -> None:
        """As the inner lock does."""
        self.inner.init(cpu, lock)

    @routine
    def acquire(self, cpu: Cpu, lock: Ref[Any]) -> Any:
        """As the inner lock does."""
        node = self.inner.acquire(cpu, lock)
        self.held[cpu.id] += 1
        return node

    @routine
    def release(self, cpu: Cpu, lock: Ref[Any], node: Any) -> None:
        """As the inner lock does."""
        cpu.check(self.held[cpu.id] > 0, "a CPU gives back a lock that it does not hold")
        self.held[cpu.id] -= 1
        self.inner.release(cpu, lock, node)


def watch_locks(user: Component) -> list[Watched]:
    """Put watched locks in the place of those that a component, and in turn its fillings, use."""
    found: list[Watched] = []
    for name in user.slots():
        filling = getattr(user, name)
        if isinstance(filling, Lock):
            found.append(Watched(filling))
            setattr(user, name, found[-1])
        else:
            found += watch_locks(filling)
    return found
