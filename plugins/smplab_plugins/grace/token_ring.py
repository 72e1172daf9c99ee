"""Grace periods by a token that goes round the CPUs, kept as one counter that only grows.

V. Uhlig, "Scalability of Microkernel-Based Systems", PhD thesis, University of Karlsruhe, 2005,
describes the token; the form as one counter is smplab's. The token is at CPU `position` modulo the
number of CPUs. n positions contain every CPU once, so n passes after a change everybody has let go
of what was before it.

Who waits for a period *drives*, and so does whom it kicks: at a quiescent point, who drives kicks
the holder at which the token stops. So the token goes on from handler to handler, as fast as
interrupts arrive, though all CPUs stay in user mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import Array, Cpu, Grace, Memory, Mutant, Struct, Word, aligned, routine


class Ring(Struct):
    """The token; both words in one line, since a quiescent point reads both."""

    position: Word = aligned()
    target: Word  # the largest position that anybody waits for: beyond it the ring rests


class Presence(Struct):
    """What a CPU says of itself, and nobody else writes."""

    idle: Word = aligned()
    waits: Word  # for this position


class Kicked(Struct):
    """What others say of a CPU: in a line of its own, so that they do not take `idle` from it."""

    until: Word = aligned()  # the last target for which it was kicked


@dataclass(eq=False)
class TokenRing(Grace):
    """Pass the token on at quiescent points; skip CPUs that are idle."""

    source: ClassVar[str] = "V. Uhlig, PhD thesis, Karlsruhe 2005"
    mutants: ClassVar[dict[str, Mutant]] = {
        "one_short": Mutant("a period ends one position early: one CPU is not waited for"),
        "no_fence": Mutant("the position is read while the change is still buffered", "tso"),
        "no_fence_at_wake": Mutant("words are read while `idle` = 0 is still buffered", "tso"),
        "no_kick": Mutant("a CPU that stays in user mode is not made to enter the kernel"),
        "kicked_for_good": Mutant("who was kicked once is not kicked for a later period"),
        "plain_target": Mutant("the target may fall: written, not raised"),
        "plain_pass": Mutant("the token is passed by a plain store, not by a CAS", "tso", cpus=3),
    }

    def layout(self, memory: Memory) -> None:
        """The ring, and two lines for each CPU."""
        self.ring: Ring = memory.struct(Ring)
        self.presence: Array[Presence] = memory.per_cpu(Presence)
        self.kicked: Array[Kicked] = memory.per_cpu(Kicked)

    @routine
    def quiescent(self, cpu: Cpu) -> None:
        """At rest: two loads. Otherwise pass the token on as far as this CPU may.

        By CAS: a period that begins while a plain store is buffered would wait for a position that
        this CPU has already passed, before it read what the period must protect.
        """
        while True:
            target = self.ring.target
            position = self.ring.position
            if position >= target:
                return
            holder = position % cpu.count
            if holder != cpu.id and self.presence[holder].idle == 0:
                if max(self.presence[cpu.id].waits, self.kicked[cpu.id].until) > position:
                    self.drive(cpu, holder, target)
                return
            if self.mutant == "plain_pass":
                self.ring.position = position + 1
            else:
                cpu.cas(self.ring.position, position, position + 1)

    @routine(call=True)
    def drive(self, cpu: Cpu, holder: Word, target: Word) -> None:
        """Kick the holder of a position read after `target`, once for this target.

        Once is enough: the target was at most a round ahead. The swap is a fence: the interrupt
        does not overtake what makes the holder drive.
        """
        before = self.kicked[holder].until
        if before < target and (before == 0 or self.mutant != "kicked_for_good"):
            cpu.swap(self.kicked[holder].until, target)
            if self.mutant != "no_kick":
                self.kick(cpu, holder)

    @routine
    def begin(self, cpu: Cpu) -> Word:
        """The holder of the position that is read here has not passed it yet: n more are needed."""
        if self.mutant != "no_fence":
            cpu.fence()
        end = self.ring.position + cpu.count
        if self.mutant == "one_short":
            end = end - 1
        if self.mutant == "plain_target":
            self.ring.target = end
            return end
        while True:
            target = self.ring.target
            if target >= end or cpu.cas(self.ring.target, target, end):
                return end

    @routine
    def over(self, cpu: Cpu, period: Word, members: Word) -> bool:
        """One load; if the token has not come far enough, drive it from this CPU's next `end` on.

        There is one token, and it visits all CPUs, whoever is concerned.
        """
        if self.ring.position >= period:
            return True
        self.presence[cpu.id].waits = period
        return False

    @routine
    def idle_enter(self, cpu: Cpu) -> None:
        """From now on others pass the token for this CPU."""
        self.quiescent(cpu)
        self.presence[cpu.id].idle = 1

    @routine
    def idle_leave(self, cpu: Cpu) -> None:
        """Without the fence this CPU could read what it was believed not to look at."""
        self.presence[cpu.id].idle = 0
        if self.mutant != "no_fence_at_wake":
            cpu.fence()
