"""A lost wake-up: the sleeper looks, and only then says that it sleeps.

Wrong on purpose: `smplab verify scenario=lost_wakeup` shows the deadlock. The remedy is to announce
the sleep first and to look again after it, with a fence between the two (or an atomic that is one).
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Cpu, Memory, Scenario, Struct, Word, aligned, routine


class Shared(Struct):
    """What the waker makes true, who sleeps, and what the sleeper waits for, a line each."""

    ready: Word = aligned()
    asleep: Word = aligned()
    alarm: Word = aligned()


@dataclass(eq=False)
class LostWakeup(Scenario):
    """CPU 0 sleeps until CPU 1 has made something ready; more CPUs stand aside."""

    def layout(self, memory: Memory) -> None:
        """The words that both share."""
        self.shared: Shared = memory.struct(Shared)

    @routine
    def run(self, cpu: Cpu) -> None:
        """CPU 0 waits, CPU 1 wakes."""
        if cpu.id == 0:
            if self.shared.ready == 0:
                self.shared.asleep = 1
                while self.shared.alarm == 0:
                    cpu.wait(self.shared.alarm)
        elif cpu.id == 1:
            self.shared.ready = 1
            if self.shared.asleep == 1:
                self.shared.alarm = 1
