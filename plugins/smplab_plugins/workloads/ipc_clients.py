"""Workload `ipc_clients`: a client on each CPU, and servers that they share."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import ANYBODY, NEVER, Cpu, KernelWorkload, Word, parameter, routine


@dataclass(eq=False)
class IpcClients(KernelWorkload):
    """Each CPU's client calls a server; an operation is one call with its answer.

    Server s lives on CPU s, as its second thread; client c calls server c modulo their number. The
    CPU of a server has a client as well.
    """

    servers: int = parameter(1, "servers, at most one for each CPU", minimum=1)
    length: int = parameter(0, "words of a message, each way", unit="words", minimum=0)
    service_cycles: int = parameter(
        1000, "mean time that a server takes for an answer", unit="cycles", minimum=0
    )
    think_cycles: int = parameter(
        1000, "mean time from an answer to the client's next call", unit="cycles", minimum=0
    )

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create what lives on this CPU, and start it."""
        cpu.check(self.servers <= cpu.count, "ipc_clients has more servers than CPUs")
        client = cpu.id * self.kernel.threads
        self.kernel.create(cpu, client, self.client, client, 0)
        if cpu.id < self.servers:
            self.kernel.create(cpu, client + 1, self.server, 0, 0)
        self.kernel.start(cpu)

    @routine
    def client(self, cpu: Cpu, me: Word) -> None:
        """Think, call."""
        self.kernel.begin_thread(cpu)
        self.kernel.set_length(cpu, me, self.length)
        server = me // self.kernel.threads % self.servers * self.kernel.threads + 1
        while True:
            cpu.delay(cpu.exponential(self.think_cycles, "think"))
            cpu.begin("operation")
            sender = self.kernel.call(cpu, server, NEVER)
            cpu.end("operation")
            cpu.check(sender == server, "the answer is not the server's")

    @routine
    def server(self, cpu: Cpu, argument: Word) -> None:
        """Serve, answer."""
        self.kernel.begin_thread(cpu)
        client = self.kernel.receive(cpu, ANYBODY, NEVER)
        while True:
            cpu.delay(cpu.exponential(self.service_cycles, "service"))
            client = self.kernel.reply_and_wait(cpu, client, ANYBODY)
