"""Peterson's algorithm: mutual exclusion of two CPUs by loads and stores alone.

G. L. Peterson, "Myths About the Mutual Exclusion Problem", Information Processing Letters 12(3),
1981. It needs sequential consistency: with store buffers each CPU may read the other's flag before
its own is visible, so a fence has to stand between the two. The mutant `no_fence` is the paper's
text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import (
    Array,
    Cpu,
    Memory,
    Mutant,
    Scenario,
    Struct,
    Word,
    aligned,
    parameter,
    routine,
)


class Flag(Struct):
    """Whether a CPU wants to enter."""

    wants: Word = aligned()


class Turn(Struct):
    """Who lets the other go first."""

    last: Word = aligned()


@dataclass(eq=False)
class Peterson(Scenario):
    """Two CPUs enter in turn; more CPUs stand aside."""

    mutants: ClassVar[dict[str, Mutant]] = {
        "no_fence": Mutant("the other's flag is read while the own one is still buffered", "tso"),
        "own_turn": Mutant("each CPU gives the turn to itself"),
    }

    rounds: int = parameter(2, "critical sections for each CPU", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """Flags, the turn, and who is inside."""
        self.flags: Array[Flag] = memory.array(Flag, 2)
        self.turn: Turn = memory.struct(Turn)
        self.inside: Array[Word] = memory.ghost(Word, 1)

    def progress(self) -> str:
        """Nobody waits for ever."""
        return "every"

    @routine
    def run(self, cpu: Cpu) -> None:
        """Enter and leave."""
        if cpu.id > 1:
            return
        other = 1 - cpu.id
        for _ in range(self.rounds):
            cpu.begin("operation")
            self.flags[cpu.id].wants = 1
            self.turn.last = other if self.mutant == "own_turn" else cpu.id
            if self.mutant != "no_fence":
                cpu.fence()
            while self.flags[other].wants == 1 and self.turn.last == cpu.id:
                pass
            cpu.check(self.inside[0] == 0, "two CPUs are in the critical section")
            self.inside[0] = 1
            self.inside[0] = 0
            self.flags[cpu.id].wants = 0
            cpu.end("operation")
