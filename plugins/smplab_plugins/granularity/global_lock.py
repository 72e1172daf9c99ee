"""Granularity `global`: one lock for the whole kernel.

Taken when a CPU comes into the kernel and given back when it leaves, sleeps, or waits for room in a
mailbox; a switch of threads keeps it, since it is the CPU that holds it. Requests to flush are
served without it.

S. Peters, A. Danis, K. Elphinstone and G. Heiser, "For a Microkernel, a Big Lock Is Fine", APSys
2015: the kernel of seL4, whose calls are so short that one lock costs little on few CPUs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.api import Array, Cpu, Granularity, Lock, Memory, Ref, Word, routine, slot


@dataclass(eq=False)
class GlobalLock(Granularity):
    """One lock around all that a CPU does in the kernel; single operations cost nothing more."""

    lock: Lock = slot()

    def layout(self, memory: Memory) -> None:
        """The lock, what each CPU gives back with it, and whether it holds it."""
        self.locks: Array[Any] = memory.array(self.lock.Shared, 1, aligned=True)
        self.nodes: Array[Word] = memory.per_cpu(Word)
        self.held: Array[Word] = memory.ghost(Word, "cpus")

    @routine
    def boot(self, cpu: Cpu) -> None:
        """The lock is free."""
        self.lock.init(cpu, self.locks[0])

    @routine
    def begin(self, cpu: Cpu) -> None:
        """Take the lock."""
        cpu.check(self.held[cpu.id] == 0, "a CPU that is in the kernel comes into it again")
        self.nodes[cpu.id] = self.lock.acquire(cpu, self.locks[0])
        self.held[cpu.id] = 1

    @routine
    def end(self, cpu: Cpu) -> None:
        """Give it back."""
        cpu.check(self.held[cpu.id] != 0, "a CPU leaves the kernel without having come into it")
        self.held[cpu.id] = 0
        node: Any = self.nodes[cpu.id]
        self.lock.release(cpu, self.locks[0], node)

    @routine
    def enter(self, cpu: Cpu, guard: Ref[Any]) -> Any:
        """Nothing but to check that the lock is held."""
        cpu.check(self.held[cpu.id] != 0, "an operation on an object without the kernel's lock")
        return 0

    @routine
    def leave(self, cpu: Cpu, guard: Ref[Any], node: Any) -> None:
        """Nothing but to check that the lock is held still."""
        cpu.check(self.held[cpu.id] != 0, "an operation on an object outlives the kernel's lock")

    @routine
    def covers(self, cpu: Cpu, group: Word, guard: Ref[Any]) -> bool:
        """One operation may span everything: the lock does."""
        return True
