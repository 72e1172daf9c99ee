"""Rendezvous across CPUs: a sender on CPU 0, a receiver on every other CPU."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.ipc import ANYBODY, NEVER
from smplab.kernel.rendezvous import OK
from smplab.kernel.scenario import KernelScenario
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Word


@dataclass(eq=False)
class Rendezvous(KernelScenario):
    """Each message arrives once, in order, at whom it was sent to; then both go on.

    Sender and receiver may come in either order, interrupts at any moment. With more than two CPUs
    the sender sends to one receiver after the other.
    """

    rounds: int = parameter(1, "messages to each receiver", build=True, minimum=1)

    def progress(self) -> str:
        """Every send and every receive completes."""
        return "every"

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's thread."""
        mine = cpu.id * self.kernel.threads
        if cpu.id == 0:
            self.kernel.create(cpu, mine, self.sender, mine, 0)
        else:
            self.kernel.create(cpu, mine, self.receiver, mine, 0)
        self.kernel.start(cpu)

    @routine
    def sender(self, cpu: Cpu, me: Word) -> None:
        """Send the round's number to each receiver."""
        self.kernel.begin_thread(cpu)
        for number in range(self.rounds):
            for other in range(1, cpu.count):
                cpu.begin("operation")
                self.kernel.set_length(cpu, me, 1)
                self.kernel.set_word(cpu, me, 0, number + 1)
                result = self.kernel.send(cpu, other * self.kernel.threads, NEVER)
                cpu.check(result == OK, "a send without a timeout fails")
                cpu.end("operation")
        self.rest(cpu)

    @routine
    def receiver(self, cpu: Cpu, me: Word) -> None:
        """Receive, and look at what came."""
        self.kernel.begin_thread(cpu)
        for number in range(self.rounds):
            cpu.begin("operation")
            source = self.kernel.receive(cpu, ANYBODY, NEVER)
            cpu.check(source == 0, "a message comes from nobody who sent one")
            value = self.kernel.word(cpu, me, 0)
            cpu.check(value == number + 1, "a message is lost, comes twice, or is another")
            cpu.end("operation")
        self.rest(cpu)
