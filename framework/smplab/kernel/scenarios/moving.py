"""Threads that are moved, or deleted, at any moment of an IPC between two CPUs.

CPU 0 has the client, the last CPU the server and who decides over both; so the request to a thread
is sometimes one within a CPU, sometimes one between CPUs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from smplab.kernel.ipc import ANYBODY, NEVER
from smplab.kernel.rendezvous import NO_PARTNER, OK
from smplab.kernel.scenario import KernelScenario
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import Array, Word

CLIENT = 0


@dataclass(eq=False)
class Fates(KernelScenario):
    """Client, server, and somebody who decides over one of them."""

    capacities: ClassVar[Mapping[str, int]] = {**KernelScenario.capacities, "threads": 2}

    def layout(self, memory: Memory) -> None:
        """How many messages have arrived at the server, and how many answers."""
        self.arrived: Array[Word] = memory.ghost(Word, 2)

    def progress(self) -> str:
        """Every system call completes."""
        return "every"

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's threads, of two on one CPU either one first."""
        server = (cpu.count - 1) * 2
        if cpu.id == 0:
            self.kernel.create(cpu, CLIENT, self.client, server, 0)
        if cpu.id == cpu.count - 1:
            first = cpu.random(2, "first")
            if first == 0:
                self.kernel.create(cpu, server, self.server, 0, 0)
            self.kernel.create(cpu, server + 1, self.decider, server, 0)
            if first != 0:
                self.kernel.create(cpu, server, self.server, 0, 0)
        self.kernel.start(cpu)

    @routine
    def arrives(self, cpu: Cpu, which: Word) -> None:
        """A message or its answer has arrived."""
        cpu.check(self.arrived[which] == 0, "a message comes twice")
        self.arrived[which] = 1

    @routine
    def client(self, cpu: Cpu, server: Word) -> None:
        """What the client does."""
        cpu.check(False, "this scenario has no client()")

    @routine
    def server(self, cpu: Cpu, argument: Word) -> None:
        """What the server does."""
        cpu.check(False, "this scenario has no server()")

    @routine
    def decider(self, cpu: Cpu, server: Word) -> None:
        """What is decided."""
        cpu.check(False, "this scenario has no decider()")


@dataclass(eq=False)
class MigrationDuringIpc(Fates):
    """A client sends to a server, or calls it; one of the two is moved to the other's CPU.

    That may find the sender on its way, in the server's queue, or waiting for the answer, the
    server receiving or about to answer: message and answer arrive once, and nobody is lost.
    """

    victim: str = parameter("server", "who is moved", build=True, choices=("client", "server"))
    answers: bool = parameter(False, "the client calls, and the server answers", build=True)

    @routine
    def client(self, cpu: Cpu, server: Word) -> None:
        """Send or call once."""
        self.kernel.begin_thread(cpu)
        cpu.begin("operation")
        if self.answers:
            result = self.kernel.call(cpu, server, NEVER)
            cpu.check(result == server, "a call without a timeout fails")
            self.arrives(cpu, 1)
        else:
            result = self.kernel.send(cpu, server, NEVER)
            cpu.check(result == OK, "a send without a timeout fails")
        cpu.end("operation")
        self.rest(cpu)

    @routine
    def server(self, cpu: Cpu, argument: Word) -> None:
        """Receive once, and answer."""
        self.kernel.begin_thread(cpu)
        cpu.begin("operation")
        source = self.kernel.receive(cpu, ANYBODY, NEVER)
        cpu.check(source == CLIENT, "a message comes from nobody who sent one")
        self.arrives(cpu, 0)
        if self.answers:
            result = self.kernel.send(cpu, CLIENT, NEVER)
            cpu.check(result == OK, "an answer finds nobody")
        cpu.end("operation")
        self.rest(cpu)

    @routine
    def decider(self, cpu: Cpu, server: Word) -> None:
        """Move the client here, or the server to where the client is."""
        self.kernel.begin_thread(cpu)
        cpu.begin("operation")
        if self.victim == "client":
            result = self.kernel.migrate(cpu, CLIENT, cpu.count - 1)
        else:
            result = self.kernel.migrate(cpu, server, 0)
        cpu.check(result == OK, "a migration fails")
        cpu.end("operation")
        self.rest(cpu)


@dataclass(eq=False)
class DeletionDuringIpc(Fates):
    """A client sends to a server that is deleted: it learns of it, or the message has arrived."""

    @routine
    def client(self, cpu: Cpu, server: Word) -> None:
        """Send once."""
        self.kernel.begin_thread(cpu)
        cpu.begin("operation")
        result = self.kernel.send(cpu, server, NEVER)
        if result == OK:
            cpu.check(self.arrived[1] == 0, "a thread that is deleted gets a message")
        else:
            cpu.check(result == NO_PARTNER, "a send without a timeout fails")
            cpu.check(self.arrived[0] == 0, "a message arrives that was not sent")
        cpu.end("operation")
        self.rest(cpu)

    @routine
    def server(self, cpu: Cpu, argument: Word) -> None:
        """Receive once; nobody waits for that."""
        self.kernel.begin_thread(cpu)
        source = self.kernel.receive(cpu, ANYBODY, NEVER)
        cpu.check(source == CLIENT, "a message comes from nobody who sent one")
        self.arrives(cpu, 0)
        self.rest(cpu)

    @routine
    def decider(self, cpu: Cpu, server: Word) -> None:
        """Delete the server."""
        self.kernel.begin_thread(cpu)
        cpu.begin("operation")
        result = self.kernel.delete(cpu, server)
        if result != OK:  # dead since it was asked for the first time
            cpu.check(result == NO_PARTNER, "a deletion fails")
        cpu.end("operation")
        self.rest(cpu)


@dataclass(eq=False)
class FateOfMover(Fates):
    """A thread moves to CPU 0, which decides over it once more as soon as the thread is its own.

    It was decided first, so that it is obeyed: the thread runs at CPU 0 no more.
    """

    then: str = parameter("move", "what CPU 0 decides", build=True, choices=("move", "delete"))

    @routine
    def client(self, cpu: Cpu, server: Word) -> None:
        """Send the server back, or delete it, if it is here."""
        self.kernel.begin_thread(cpu)
        if self.kernel.tcbs[server].home == cpu.id:
            cpu.begin("operation")
            if self.then == "move":
                result = self.kernel.migrate(cpu, server, cpu.count - 1)
                cpu.check(result == OK, "a migration fails")
            else:
                # Not OK either if the thread has died since it was asked for the first time.
                self.kernel.delete(cpu, server)
            self.arrived[0] = 1
            cpu.end("operation")
        self.rest(cpu)

    @routine
    def server(self, cpu: Cpu, argument: Word) -> None:
        """Look where this is."""
        self.kernel.begin_thread(cpu)
        cpu.check(self.arrived[0] == 0 or cpu.id != 0, "a decision over a thread is lost")
        self.rest(cpu)

    @routine
    def decider(self, cpu: Cpu, server: Word) -> None:
        """Move the server to CPU 0."""
        self.kernel.begin_thread(cpu)
        cpu.begin("operation")
        cpu.check(self.kernel.migrate(cpu, server, 0) == OK, "a migration fails")
        cpu.end("operation")
        self.rest(cpu)
