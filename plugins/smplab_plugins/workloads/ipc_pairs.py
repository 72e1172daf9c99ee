"""Workload `ipc_pairs`: a client and a server on each CPU, with a delay on both sides.

The application `smp` of sel4bench: the pairs share nothing but the kernel.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import ANYBODY, NEVER, Cpu, KernelWorkload, Word, parameter, routine


@dataclass(eq=False)
class IpcPairs(KernelWorkload):
    """On each CPU a client calls a server; an operation is one call with its answer."""

    delay_cycles: int = parameter(
        500, "mean time at user level before each message, on both sides", unit="cycles",
        minimum=0, source="sel4bench, smp: 500 to 32,000",
    )  # fmt: skip
    loop_cycles: int = parameter(
        0, "time at user level of each round trip beside the delays: the loop itself",
        unit="cycles", minimum=0,
    )  # fmt: skip
    distribution: str = parameter(
        "exponential", "how these times vary", choices=("constant", "exponential")
    )

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's pair, and start it."""
        client = cpu.id * self.kernel.threads
        self.kernel.create(cpu, client, self.client, client + 1, 0)
        self.kernel.create(cpu, client + 1, self.server, 0, 0)
        self.kernel.start(cpu)

    @routine
    def client(self, cpu: Cpu, server: Word) -> None:
        """Compute, call."""
        self.kernel.begin_thread(cpu)
        while True:
            cpu.delay(self.loop_cycles)
            self.compute(cpu)
            cpu.begin("operation")
            sender = self.kernel.call(cpu, server, NEVER)
            cpu.end("operation")
            cpu.check(sender == server, "the answer is not the server's")

    @routine
    def server(self, cpu: Cpu, argument: Word) -> None:
        """Compute, answer."""
        self.kernel.begin_thread(cpu)
        client = self.kernel.receive(cpu, ANYBODY, NEVER)
        while True:
            self.compute(cpu)
            client = self.kernel.reply_and_wait(cpu, client, ANYBODY)

    @routine
    def compute(self, cpu: Cpu) -> None:
        """Work at user level."""
        if self.distribution == "exponential":
            cpu.delay(cpu.exponential(self.delay_cycles, "delay"))
        else:
            cpu.delay(self.delay_cycles)
