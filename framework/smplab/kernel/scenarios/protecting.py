"""User level has an object protected in another way, at any moment of an IPC between two CPUs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from smplab.kernel.ipc import ANYBODY, NEVER
from smplab.kernel.rendezvous import OK
from smplab.kernel.scenario import KernelScenario
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import Array, Word


@dataclass(eq=False)
class ChangeDuringIpc(KernelScenario):
    """The last CPU has a server, each other one a client; one CPU has somebody who speaks of it.

    What is said, that CPUs compete for the server or that its home is alone with it, may be right
    or wrong. Each message arrives once either way, everybody goes on, and the server is protected
    as was said: who says so stays at user level until that is so.
    """

    capacities: ClassVar[Mapping[str, int]] = {**KernelScenario.capacities, "threads": 2}

    asker: str = parameter(
        "server", "on whose CPU it is said: CPU 0's, or the last one", build=True,
        choices=("client", "server"),
    )  # fmt: skip
    stays: bool = parameter(False, "all stay at user level until it is so", build=True)
    answers: bool = parameter(False, "the client calls, and the server answers", build=True)
    rounds: int = parameter(1, "messages of each client", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """How many messages of each CPU's client have arrived; whether the change is complete."""
        self.arrived: Array[Word] = memory.ghost(Word, "cpus")
        self.complete: Array[Word] = memory.array(Word, 1)

    def progress(self) -> str:
        """Every system call completes, and so does the change."""
        return "every"

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's threads, of two either one first."""
        server = (cpu.count - 1) * 2
        asks = cpu.id == 0
        if self.asker == "server":
            asks = cpu.id == cpu.count - 1
        first = 0
        if asks:
            first = cpu.random(2, "first")
        if asks and first != 0:
            self.kernel.create(cpu, cpu.id * 2 + 1, self.says, server, 0)
        if cpu.id == cpu.count - 1:
            self.kernel.create(cpu, server, self.server, server, 0)
        else:
            self.kernel.create(cpu, cpu.id * 2, self.client, server, 0)
        if asks and first == 0:
            self.kernel.create(cpu, cpu.id * 2 + 1, self.says, server, 0)
        self.kernel.start(cpu)

    @routine
    def client(self, cpu: Cpu, server: Word) -> None:
        """Send or call."""
        self.kernel.begin_thread(cpu)
        for _ in range(self.rounds):
            cpu.begin("operation")
            if self.answers:
                result = self.kernel.call(cpu, server, NEVER)
                cpu.check(result == server, "a call without a timeout fails")
            else:
                result = self.kernel.send(cpu, server, NEVER)
                cpu.check(result == OK, "a send without a timeout fails")
            cpu.end("operation")
        self.finish(cpu)

    @routine
    def server(self, cpu: Cpu, me: Word) -> None:
        """Receive, and perhaps answer."""
        self.kernel.begin_thread(cpu)
        for _ in range(self.rounds * (cpu.count - 1)):
            cpu.begin("operation")
            source = self.kernel.receive(cpu, ANYBODY, NEVER)
            cpu.check(source >= 0 and source % 2 == 0, "a message comes from nobody who sent one")
            self.arrived[source // 2] += 1
            cpu.check(self.arrived[source // 2] <= self.rounds, "a message comes twice")
            if self.answers:
                result = self.kernel.send(cpu, source, NEVER)
                cpu.check(result == OK, "an answer finds nobody")
            cpu.end("operation")
        self.finish(cpu)

    @routine
    def says(self, cpu: Cpu, server: Word) -> None:
        """Speak of the server."""
        self.kernel.begin_thread(cpu)
        cpu.begin("operation")
        result = self.kernel.set_concurrency(cpu, server, cpu.random(2, "want"))
        cpu.check(result == OK, "a call on protection has a wrong result")
        guard = self.kernel.guard_of_object(cpu, server)
        while not self.kernel.synchronization.settled(cpu, guard):
            pass
        cpu.end("operation")
        self.complete[0] = 1
        self.rest(cpu)

    @routine
    def finish(self, cpu: Cpu) -> None:
        """A thread has done what it was to do."""
        if self.stays:
            while self.complete[0] == 0:
                pass
        self.rest(cpu)
