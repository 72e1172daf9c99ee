"""Test-and-test-and-set lock, optionally with exponential backoff.

T. E. Anderson, "The Performance of Spin Lock Alternatives for Shared-Memory Multiprocessors", IEEE
TPDS 1(1), 1990, sections 3 ("spin on read") and 4 (backoff). Waiters spin in their own caches, but
every release sends all of them to the line at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import Cpu, Lock, Mutant, Ref, Struct, Word, parameter, routine


class Flag(Struct):
    """One lock."""

    held: Word


@dataclass(eq=False)
class TtasLock(Lock):
    """Test-and-test-and-set: read until the lock looks free, only then swap."""

    Shared = Flag
    starvation_free = False
    mutants: ClassVar[dict[str, Mutant]] = {
        "look_only": Mutant("whoever has seen the lock free takes it for its own"),
        "deaf": Mutant("the wait sleeps and serves no requests"),
    }

    backoff_min_cycles: int = parameter(
        0,
        "first mean pause after a lost swap; doubles with every further loss; 0: no backoff",
        unit="cycles",
        minimum=0,
        source="exponential backoff, section 4 of the paper",
    )
    backoff_max_cycles: int = parameter(
        16384, "the mean pause grows no longer than this", unit="cycles", minimum=1
    )

    @routine
    def acquire(self, cpu: Cpu, lock: Ref[Flag]) -> Word:
        """Spin on the read; a swap that is lost to somebody else backs off."""
        pause = self.backoff_min_cycles
        while True:
            while lock.held != 0:
                if self.mutant == "deaf":
                    cpu.wait(lock.held)
                else:
                    self.wait(cpu, lock.held)
            if cpu.swap(lock.held, 1) == 0 or self.mutant == "look_only":
                return 0
            if pause > 0:
                cpu.delay(cpu.random(2 * pause, "backoff"))
                pause = min(2 * pause, self.backoff_max_cycles)

    @routine
    def release(self, cpu: Cpu, lock: Ref[Flag], node: Word) -> None:
        """Clear the flag; every waiter's copy dies."""
        lock.held = 0
