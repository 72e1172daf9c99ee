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


class Kicked(Struct):
    """What others say of a CPU: in a line of its own, so that they do not take `seen` from it."""

    epoch: Word = aligned()  # the last one for which it was kicked


@dataclass(eq=False)
class Epochs(Grace):
    """A quiescent point costs a load of a line that rarely changes; who waits looks at all CPUs."""

    sets = True
    source: ClassVar[str] = "P. E. McKenney and J. D. Slingwine, PDCS 1998, section 3"
    mutants: ClassVar[dict[str, Mutant]] = {
        "not_advanced": Mutant("a period begins in an epoch that CPUs have already seen"),
        "one_missed": Mutant("the last CPU is not waited for"),
        "plain_increment": Mutant("the epoch advances by load and store", "tso"),
        "no_fence_at_wake": Mutant("words are read while `idle` = 0 is still buffered", "tso"),
        "no_kick": Mutant("a CPU that stays in user mode is not made to enter the kernel"),
        "kicked_for_good": Mutant("who was kicked once is not kicked for a later period"),
    }

    def layout(self, memory: Memory) -> None:
        """The epoch, and two lines for each CPU."""
        self.now: Global = memory.struct(Global)
        self.cpus: Array[Local] = memory.per_cpu(Local)
        self.kicked: Array[Kicked] = memory.per_cpu(Kicked)

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
    def over(self, cpu: Cpu, period: Word, members: Word) -> bool:
        """Look at every CPU that is concerned; kick those that are awake and behind, once each.

        The first that is behind and not concerned leads to the next member: if all are members, a
        look at a CPU's own words is cheaper than a question whether it is one.

        Once is enough, for this epoch and earlier ones: the next quiescent point reports it.
        The set is read here, after the period began: who is not found in it will join later, and so
        find the change for which the period was begun.
        """
        done = True
        last = cpu.count - 1 if self.mutant == "one_missed" else cpu.count
        c = 0
        while c < last:
            if self.cpus[c].seen >= period or self.cpus[c].idle != 0:
                c += 1
            elif self.concerns(cpu, members, c):
                done = False
                if c != cpu.id and self.mutant != "no_kick":
                    self.kick_once(cpu, c, period)
                c += 1
            else:
                c = self.next_member(cpu, members, c)
                if c < 0:
                    c = last
        return done

    @routine
    def kick_once(self, cpu: Cpu, target: Word, period: Word) -> None:
        """Kick a CPU, unless somebody has for this period."""
        before = self.kicked[target].epoch
        if before < period and (before == 0 or self.mutant != "kicked_for_good"):
            self.kicked[target].epoch = period
            self.kick(cpu, target)

    @routine
    def idle_enter(self, cpu: Cpu) -> None:
        """From now on nobody waits for this CPU."""
        self.cpus[cpu.id].idle = 1

    @routine
    def idle_leave(self, cpu: Cpu) -> None:
        """Without the fence this CPU could read what it was believed not to look at."""
        self.cpus[cpu.id].idle = 0
        if self.mutant != "no_fence_at_wake":
            cpu.fence()
