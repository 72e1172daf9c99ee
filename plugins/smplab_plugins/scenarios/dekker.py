"""Dekker's algorithm, the first solution of mutual exclusion by loads and stores alone.

E. W. Dijkstra, "Cooperating Sequential Processes", EWD 123, 1965, section 2.1. As Peterson's, it
needs a fence between a CPU's own flag and its look at the other's where stores are buffered.
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
    """Who insists when both want to enter."""

    whose: Word = aligned()


@dataclass(eq=False)
class Dekker(Scenario):
    """Two CPUs; whoever has not the turn steps back; more CPUs stand aside."""

    mutants: ClassVar[dict[str, Mutant]] = {
        "no_fence": Mutant("the other's flag is read while the own one is still buffered", "tso"),
        "stubborn": Mutant("nobody steps back"),
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
            self.want(cpu)
            while self.flags[other].wants == 1:
                if self.turn.whose != cpu.id and self.mutant != "stubborn":
                    self.flags[cpu.id].wants = 0
                    while self.turn.whose != cpu.id:
                        cpu.wait(self.turn.whose)
                    self.want(cpu)
            cpu.check(self.inside[0] == 0, "two CPUs are in the critical section")
            self.inside[0] = 1
            self.inside[0] = 0
            self.turn.whose = other
            self.flags[cpu.id].wants = 0
            cpu.end("operation")

    @routine
    def want(self, cpu: Cpu) -> None:
        """Raise the own flag, visibly."""
        self.flags[cpu.id].wants = 1
        if self.mutant != "no_fence":
            cpu.fence()
