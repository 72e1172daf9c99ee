"""Grace periods by epochs: a global number that advances, and the last one that each CPU has seen.

After P. E. McKenney and J. D. Slingwine, "Read-Copy Update: Using Execution History to Solve
Concurrency Problems", PDCS 1998, section 3 (quiescent states counted for each CPU). One epoch is
enough, since the number advances after the change is visible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import Array, Cpu, Grace, Memory, Mutant, Struct, Word, aligned, routine


class Global(Struct):
    """The epoch."""

    epoch: Word = aligned()


class Local(Struct):
    """What a CPU says of itself, and nobody else writes."""

    seen: Word = aligned()  # the last epoch in which it passed a quiescent point
    idle: Word


@dataclass(eq=False)
class Epochs(Grace):
    """A quiescent point costs a load of a line that rarely changes; who waits looks at all CPUs."""

    source: ClassVar[str] = "P. E. McKenney and J. D. Slingwine, PDCS 1998, section 3"
    mutants: ClassVar[dict[str, Mutant]] = {
        "not_advanced": Mutant("a period begins in an epoch that CPUs have already seen"),
        "one_missed": Mutant("the last CPU is not waited for"),
        "plain_increment": Mutant("the epoch advances by load and store", "tso"),
        "no_fence_at_wake": Mutant("words are read while `idle` = 0 is still buffered", "tso"),
        "no_kick": Mutant("a CPU that stays in user mode is not made to enter the kernel"),
    }

    def layout(self, memory: Memory) -> None:
        """The epoch, and a line for each CPU."""
        self.now: Global = memory.struct(Global)
        self.cpus: Array[Local] = memory.per_cpu(Local)

    @routine
    def quiescent(self, cpu: Cpu) -> None:
        """Report the epoch, once."""
        epoch = self.now.epoch
        if self.cpus[cpu.id].seen != epoch:
            self.cpus[cpu.id].seen = epoch

    @routine
    def begin(self, cpu: Cpu) -> Word:
        """Advance; the atomic makes what this CPU has stored visible first."""
        if self.mutant == "not_advanced":
            return self.now.epoch
        if self.mutant == "plain_increment":
            epoch = self.now.epoch + 1
            self.now.epoch = epoch
            return epoch
        return cpu.fetch_add(self.now.epoch, 1) + 1

    @routine
    def over(self, cpu: Cpu, period: Word) -> bool:
        """Look at every CPU; kick those that are awake and behind."""
        done = True
        last = cpu.count - 1 if self.mutant == "one_missed" else cpu.count
        for c in range(last):
            if self.cpus[c].seen < period and self.cpus[c].idle == 0:
                done = False
                if self.mutant != "no_kick" and c != cpu.id:
                    self.kick(cpu, c)
        return done

    @routine
    def idle_enter(self, cpu: Cpu) -> None:
        """From now on nobody waits for this CPU."""
        self.quiescent(cpu)
        self.cpus[cpu.id].idle = 1

    @routine
    def idle_leave(self, cpu: Cpu) -> None:
        """Without the fence this CPU could read what it was believed not to look at."""
        self.cpus[cpu.id].idle = 0
        if self.mutant != "no_fence_at_wake":
            cpu.fence()
