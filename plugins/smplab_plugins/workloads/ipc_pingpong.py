"""Workload `ipc_pingpong`: one client calls one server, for ever."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import ANYBODY, NEVER, Cpu, KernelWorkload, Word, parameter, routine


@dataclass(eq=False)
class IpcPingpong(KernelWorkload):
    """A client calls a server and gets its answer; an operation is one round trip.

    The client is the first thread of CPU 0. The server is the second one there, or the first one of
    the last CPU.
    """

    length: int = parameter(0, "words of a message, each way", unit="words", minimum=0)
    server_on: str = parameter(
        "same", "CPU of the server: the client's, or the last one", choices=("same", "last")
    )

    space: str = parameter(
        "same", "space of the server: the client's, or one of its own", choices=("same", "other")
    )

    def connect(self) -> None:
        """Two spaces on one CPU, besides space 0."""
        if self.space == "other":
            self.kernel.need_spaces(3)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Make the spaces."""
        if self.space == "other":
            self.kernel.make_space(cpu, 1)
            self.kernel.make_space(cpu, self.space_of_server(cpu))

    @routine
    def space_of_server(self, cpu: Cpu) -> Word:
        """The server's space, of its own CPU."""
        return self.server_number(cpu) // self.kernel.threads * self.kernel.spaces + 2

    @routine
    def server_number(self, cpu: Cpu) -> Word:
        """The server's number."""
        if self.server_on == "same":
            return 1
        cpu.check(cpu.count > 1, "ipc_pingpong with server_on=last needs two CPUs or more")
        return (cpu.count - 1) * self.kernel.threads

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create what lives on this CPU, and start it."""
        server = self.server_number(cpu)
        if cpu.id == 0:
            self.kernel.create(cpu, 0, self.client, server, 0)
            if self.space == "other":
                self.kernel.settle(cpu, 0, 1)
        if server // self.kernel.threads == cpu.id:
            self.kernel.create(cpu, server, self.server, server, 0)
            if self.space == "other":
                self.kernel.settle(cpu, server, self.space_of_server(cpu))
        self.kernel.start(cpu)

    @routine
    def client(self, cpu: Cpu, server: Word) -> None:
        """Call."""
        self.kernel.begin_thread(cpu)
        self.kernel.set_length(cpu, 0, self.length)
        while True:
            cpu.begin("operation")
            sender = self.kernel.call(cpu, server, NEVER)
            cpu.end("operation")
            cpu.check(sender == server, "the answer is not the server's")

    @routine
    def server(self, cpu: Cpu, me: Word) -> None:
        """Send back what came."""
        self.kernel.begin_thread(cpu)
        client = self.kernel.receive(cpu, ANYBODY, NEVER)
        while True:
            client = self.kernel.reply_and_wait(cpu, client, ANYBODY)
