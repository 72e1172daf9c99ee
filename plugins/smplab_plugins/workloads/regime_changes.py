"""Workload `regime_changes`: the protection of one object is changed to and fro."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import (
    ALONE,
    ANYBODY,
    NEVER,
    OK,
    SHARED,
    Cpu,
    KernelWorkload,
    Word,
    parameter,
    routine,
)

TARGET = 2
"""The thread whose protection changes, by its number among those of its home; it only waits."""


@dataclass(eq=False)
class RegimeChanges(KernelWorkload):
    """A thread of CPU 0 asks for a change, waits for it, pauses, and asks for the way back.

    An operation is one change, from the call until the kernel says that it is settled; regions `on`
    and `off` tell the directions apart: the lock is turned on, or the group gets several. Meanwhile
    the other CPUs idle, compute, or call each a server of their own; what they do is in the region
    `work` and the counter `work`, one for each `work_cycles` or each call. A second run without
    `flips` says what they would have done. They do not touch the object that changes.
    """

    what: str = parameter(
        "concurrency", "what changes: whether the object has a lock, or whether its group shares"
        " one", choices=("concurrency", "grain"),
    )  # fmt: skip
    home: str = parameter(
        "own", "whose object, or group, changes: that of CPU 0, which asks, or the next CPU's, if"
        " there is one", choices=("own", "next"),
    )  # fmt: skip
    flips: bool = parameter(True, "whether anything changes")
    others: str = parameter(
        "idle", "what the other CPUs do: nothing, compute, or use the kernel",
        choices=("idle", "user", "kernel"),
    )  # fmt: skip
    involved: int = parameter(
        0, "CPUs that are said to use the object, from CPU 0 on; 0: all", minimum=0
    )
    pause_cycles: int = parameter(10_000, "mean time between two changes", unit="cycles", minimum=0)
    look_cycles: int = parameter(
        200, "between two looks whether a change is settled", unit="cycles", minimum=1
    )
    work_cycles: int = parameter(
        1000, "of a unit of computing, and mean time before a call", unit="cycles", minimum=1
    )

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's threads, and start it."""
        cpu.check(self.involved <= cpu.count, "regime_changes: workload.involved exceeds the CPUs")
        cpu.check(self.kernel.threads > TARGET, "regime_changes: needs kernel.threads=3 or more")
        client = cpu.id * self.kernel.threads
        home = self.home_of_target(cpu)
        if cpu.id == home:
            self.kernel.create(cpu, client + TARGET, self.server, 0, 0)
        if cpu.id == 0:
            self.kernel.create(cpu, client, self.requester, home, 0)
        elif self.others != "idle":
            self.kernel.create(cpu, client, self.worker, client + 1, 0)
            self.kernel.create(cpu, client + 1, self.server, 0, 0)
        self.kernel.start(cpu)

    @routine
    def home_of_target(self, cpu: Cpu) -> Word:
        """The CPU whose object changes."""
        if self.home == "own":
            return 0
        return 1 % cpu.count

    @routine
    def requester(self, cpu: Cpu, home: Word) -> None:
        """Change, wait, pause."""
        self.kernel.begin_thread(cpu)
        if not self.flips:
            self.kernel.end_thread(cpu)
        cpus = self.involved
        if cpus == 0:
            cpus = cpu.count
        for number in range(self.kernel.threads):
            thread = home * self.kernel.threads + number
            self.must(cpu, self.kernel.set_processors(cpu, thread, 0, cpus))
        want = SHARED
        while True:
            cpu.delay(cpu.exponential(self.pause_cycles, "pause"))
            cpu.begin("operation")
            if want == SHARED:
                cpu.begin("on")
                self.change(cpu, home, SHARED)
                cpu.end("on")
                want = ALONE
            else:
                cpu.begin("off")
                self.change(cpu, home, ALONE)
                cpu.end("off")
                want = SHARED
            cpu.end("operation")

    @routine(call=True)
    def change(self, cpu: Cpu, home: Word, want: Word) -> None:
        """Ask, and wait."""
        self.must(cpu, self.ask(cpu, home, want))
        while not self.is_settled(cpu, home):
            cpu.delay(self.look_cycles)

    @routine
    def ask(self, cpu: Cpu, home: Word, want: Word) -> Word:
        """Ask for SHARED or ALONE, or of a group for FINE or COARSE, which are the same numbers."""
        if self.what == "grain":
            return self.kernel.set_grain(cpu, self.kernel.thread_group(cpu, home), want)
        return self.kernel.set_concurrency(cpu, home * self.kernel.threads + TARGET, want)

    @routine
    def is_settled(self, cpu: Cpu, home: Word) -> bool:
        """Whether what was asked for is so."""
        if self.what == "grain":
            return self.kernel.is_group_settled(cpu, self.kernel.thread_group(cpu, home))
        return self.kernel.is_settled(cpu, home * self.kernel.threads + TARGET)

    @routine
    def must(self, cpu: Cpu, result: Word) -> None:
        """A system call has to succeed."""
        cpu.check(result == OK, "regime_changes: the kernel refuses a call: has it groups?")

    @routine
    def worker(self, cpu: Cpu, server: Word) -> None:
        """Compute, or call."""
        self.kernel.begin_thread(cpu)
        while True:
            if self.others == "kernel":
                cpu.delay(cpu.exponential(self.work_cycles, "think"))
            cpu.begin("work")
            if self.others == "kernel":
                cpu.check(self.kernel.call(cpu, server, NEVER) == server, "another one's answer")
            else:
                cpu.delay(self.work_cycles)
            cpu.end("work")
            cpu.tally("work")

    @routine
    def server(self, cpu: Cpu, argument: Word) -> None:
        """Answer, if anybody calls."""
        self.kernel.begin_thread(cpu)
        client = self.kernel.receive(cpu, ANYBODY, NEVER)
        while True:
            client = self.kernel.reply_and_wait(cpu, client, ANYBODY)
