"""Workload `kernel_paths`: one path through the kernel on one CPU, again and again, timed alone.

The primitives that sel4bench times (seL4/sel4bench), so that its published cycles say what a
machine's paths cost. The counter `path_cycles` is the time from the moment before the system call,
or from the interrupt's arrival, to the first instruction of whoever runs after it.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import (
    ANYBODY,
    NEVER,
    Array,
    Cpu,
    KernelWorkload,
    Memory,
    Word,
    parameter,
    routine,
)

INTERRUPT_AFTER, WORK = 2_000, 20_000
"""Cycles of user level before an interrupt comes, and how long they would take without it."""


@dataclass(eq=False)
class KernelPaths(KernelWorkload):
    """Two threads of CPU 0, whose caches are warm; other CPUs idle.

    An operation takes the path once. `empty`: enter the kernel and leave it. `call`: from a
    client's call to the server's return from its receive. `reply`: from the server's reply to the
    client's return from its call. `yield`: from one thread's yield to the other's return from its.
    `interrupt`: a timer interrupt wakes a thread of a higher priority, whose receive has timed out;
    from the interrupt's arrival to that thread's return.
    """

    path: str = parameter(
        "call", "which path", choices=("empty", "call", "reply", "yield", "interrupt")
    )
    length: int = parameter(0, "words of a message, each way", unit="words", minimum=0)

    def layout(self, memory: Memory) -> None:
        """Place the stamps, which cost nothing to read or write."""
        self.began: Array[Word] = memory.ghost(Word, 1)
        self.took: Array[Word] = memory.ghost(Word, 1)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create the two threads, and start the CPU."""
        if cpu.id == 0:
            if self.path == "interrupt":
                self.kernel.create(cpu, 0, self.worker, 0, 0)
                self.kernel.create(cpu, 1, self.sleeper, 0, 1)
            elif self.path == "yield":
                self.kernel.create(cpu, 0, self.yielder, 0, 0)
                self.kernel.create(cpu, 1, self.yielder, 0, 0)
            elif self.path == "empty":
                self.kernel.create(cpu, 0, self.caller_of_nothing, 0, 0)
            else:
                self.kernel.create(cpu, 0, self.client, 1, 0)
                self.kernel.create(cpu, 1, self.server, 0, 0)
        self.kernel.start(cpu)

    @routine
    def arrived(self, cpu: Cpu) -> None:
        """The path ends here."""
        self.took[0] = cpu.time() - self.began[0]

    @routine
    def end_operation(self, cpu: Cpu) -> None:
        """Count the path where the operation ends: both, or neither, in the measured time."""
        cpu.tally("path_cycles", self.took[0])
        cpu.end("operation")

    @routine
    def client(self, cpu: Cpu, server: Word) -> None:
        """Call."""
        self.kernel.begin_thread(cpu)
        self.kernel.set_length(cpu, 0, self.length)
        while True:
            cpu.begin("operation")
            if self.path == "call":
                self.began[0] = cpu.time()
            sender = self.kernel.call(cpu, server, NEVER)
            if self.path == "reply":
                self.arrived(cpu)
            self.end_operation(cpu)
            cpu.check(sender == server, "the answer is not the server's")

    @routine
    def server(self, cpu: Cpu, argument: Word) -> None:
        """Send back what came."""
        self.kernel.begin_thread(cpu)
        client = self.kernel.receive(cpu, ANYBODY, NEVER)
        while True:
            if self.path == "call":
                self.arrived(cpu)
            else:
                self.began[0] = cpu.time()
            client = self.kernel.reply_and_wait(cpu, client, ANYBODY)

    @routine
    def yielder(self, cpu: Cpu, argument: Word) -> None:
        """Let the other thread run."""
        self.kernel.begin_thread(cpu)
        while True:
            cpu.begin("operation")
            self.began[0] = cpu.time()
            self.kernel.yield_cpu(cpu)
            self.arrived(cpu)
            self.end_operation(cpu)

    @routine
    def caller_of_nothing(self, cpu: Cpu, argument: Word) -> None:
        """Enter the kernel, and leave it."""
        self.kernel.begin_thread(cpu)
        while True:
            cpu.begin("operation")
            self.began[0] = cpu.time()
            cpu.enter_kernel()
            cpu.exit_kernel()
            self.arrived(cpu)
            self.end_operation(cpu)

    @routine
    def worker(self, cpu: Cpu, argument: Word) -> None:
        """Be interrupted at a known time."""
        self.kernel.begin_thread(cpu)
        while True:
            at = cpu.time() + INTERRUPT_AFTER
            self.began[0] = at
            cpu.set_timer(at)
            cpu.delay(WORK)

    @routine
    def sleeper(self, cpu: Cpu, argument: Word) -> None:
        """Wait for a message that never comes, until the next interrupt."""
        self.kernel.begin_thread(cpu)
        while True:
            cpu.begin("operation")
            self.kernel.receive(cpu, 0, 1)
            self.arrived(cpu)
            self.end_operation(cpu)
