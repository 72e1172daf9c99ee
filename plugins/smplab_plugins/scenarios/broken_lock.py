"""A test-and-set lock whose test and set are two instructions: the mistake that atomics are for.

Wrong on purpose: `smplab verify scenario=broken_lock` shows two CPUs inside.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Array, Cpu, Memory, Scenario, Struct, Word, aligned, routine


class Flag(Struct):
    """1 while somebody holds the lock."""

    held: Word = aligned()


@dataclass(eq=False)
class BrokenLock(Scenario):
    """Each CPU waits until the flag is 0, then sets it."""

    def layout(self, memory: Memory) -> None:
        """The flag, and who is inside."""
        self.flag: Flag = memory.struct(Flag)
        self.inside: Array[Word] = memory.ghost(Word, 1)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Enter and leave once."""
        while self.flag.held == 1:
            cpu.wait(self.flag.held)
        self.flag.held = 1
        cpu.check(self.inside[0] == 0, "two CPUs hold the lock")
        self.inside[0] = 1
        self.inside[0] = 0
        self.flag.held = 0
