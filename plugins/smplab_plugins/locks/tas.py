"""Test-and-set lock.

T. E. Anderson, "The Performance of Spin Lock Alternatives for Shared-Memory Multiprocessors", IEEE
TPDS 1(1), 1990, section 3 ("spin on test-and-set"). Every try of every waiter takes the line away
from whoever has it, the holder included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import Cpu, Lock, Mutant, Ref, Struct, Word, routine


class Flag(Struct):
    """One lock."""

    held: Word


@dataclass(eq=False)
class TasLock(Lock):
    """Test-and-set: swap in a 1 until the old value is 0."""

    Shared = Flag
    starvation_free = False
    mutants: ClassVar[dict[str, Mutant]] = {
        "not_atomic": Mutant("test and set are a load and a store"),
        "deaf": Mutant("requests are not served between tries"),
    }

    @routine
    def acquire(self, cpu: Cpu, lock: Ref[Flag]) -> Word:
        """Try, and try again at once."""
        if self.mutant == "not_atomic":
            while lock.held != 0:
                self.pause(cpu)
            lock.held = 1
            return 0
        while cpu.swap(lock.held, 1) != 0:
            if self.mutant != "deaf":
                self.pause(cpu)
        return 0

    @routine
    def release(self, cpu: Cpu, lock: Ref[Flag], node: Word) -> None:
        """Clear the flag; the store queues behind the waiters' tries."""
        lock.held = 0
