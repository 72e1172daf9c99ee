"""Workload `phases`: one CPU alone, then several on the same objects, and so on."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import (
    ANYBODY,
    NEVER,
    Array,
    Cpu,
    Memory,
    Struct,
    Word,
    aligned,
    parameter,
    routine,
)
from smplab_plugins.workloads.single_pages import SinglePages

PAUSE = 10_000
"""Cycles that a CPU which never takes part computes at a time."""


class Meeting(Struct):
    """What CPUs tell each other at user level. Both words only grow."""

    phase: Word = aligned()  # parallel phases begun
    arrived: Word = aligned()  # how often a CPU has finished its part of one


@dataclass(eq=False)
class Phases(SinglePages):
    """Sequential and parallel phases by turns, over the objects of CPU 0.

    The objects are CPU 0's servers and the trees of its memory. In a sequential phase CPU 0 alone
    calls the servers and maps and revokes pages; in a parallel one `degree` CPUs do, it among them.
    An operation of the run is a round: one phase of each kind, with all that it takes to change
    over. The work of a round is fixed, so its time is what counts: `latency` and `throughput`. The
    regions `sequential` and `parallel` are the two phases.

    Work is counted in steps: a call with its answer, or a mapping and its revocation, or both. A
    round has as many as take `2 * phase_cycles` at `operation_cycles` each; `parallel_percent` of
    them are done in the parallel phase, in equal parts for its CPUs, at least one each.
    """

    phase_cycles: int = parameter(
        1_000_000, "mean length of a phase if a step takes `operation_cycles`", unit="cycles",
        minimum=1,
    )  # fmt: skip
    operation_cycles: int = parameter(
        3500, "what a step is reckoned at: only turns phase_cycles into steps", unit="cycles",
        minimum=1, source="uniform, locked, one CPU: 1,750 for ipc, 2,300 for map, 3,500 for both",
    )  # fmt: skip
    parallel_percent: int = parameter(
        50, "work that is done in parallel phases", unit="%", minimum=0, maximum=100
    )
    degree: int = parameter(0, "CPUs in a parallel phase; 0: all", minimum=0)
    kinds: str = parameter("both", "what a step is", choices=("ipc", "map", "both"))
    servers: int = parameter(1, "servers of CPU 0; CPU c calls number c modulo these", minimum=1)
    think_cycles: int = parameter(
        500, "mean time at user level before each step", unit="cycles", minimum=0
    )
    others: str = parameter(
        "idle", "CPUs without work in a phase: idle in the kernel, or spinning at user level",
        choices=("idle", "user"),
    )  # fmt: skip

    def connect(self) -> None:
        """A space to map into, besides space 0."""
        if self.kinds != "ipc":
            self.kernel.need_spaces(2)

    def layout(self, memory: Memory) -> None:
        """The words, in lines of their own."""
        self.meetings: Array[Meeting] = memory.per_cpu(Meeting)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create what lives on this CPU, and start it."""
        cpu.check(self.degree <= cpu.count, "phases: workload.degree is more than there are CPUs")
        cpu.check(
            self.servers < self.kernel.threads,
            "phases: one thread is the client: raise kernel.threads",
        )
        client = cpu.id * self.kernel.threads
        if self.kinds != "ipc":
            self.make_target(cpu)
        if cpu.id == 0:
            self.kernel.create(cpu, client, self.coordinator, 0, 0)
            for i in range(self.servers):
                self.kernel.create(cpu, 1 + i, self.server, 0, 0)
        elif cpu.id < self.parallel_cpus(cpu):
            self.kernel.create(cpu, client, self.participant, cpu.id, 0)
        elif self.others == "user":
            self.kernel.create(cpu, client, self.bystander, 0, 0)
        self.kernel.start(cpu)

    @routine
    def parallel_cpus(self, cpu: Cpu) -> Word:
        """How many CPUs a parallel phase has."""
        if self.degree == 0:
            return cpu.count
        return self.degree

    @routine
    def steps(self, cpu: Cpu, percent: Word, cpus: Word) -> Word:
        """Steps of each CPU, of so many, in a phase that has a share of the work."""
        if percent == 0:
            return 0
        total = 2 * self.phase_cycles * percent // (100 * self.operation_cycles)
        return max(1, (total + cpus - 1) // cpus)

    @routine
    def coordinator(self, cpu: Cpu, me: Word) -> None:
        """CPU 0's part, and the change from phase to phase."""
        self.kernel.begin_thread(cpu)
        cpus = self.parallel_cpus(cpu)
        alone = self.steps(cpu, 100 - self.parallel_percent, 1)
        together = self.steps(cpu, self.parallel_percent, cpus)
        self.policy.share(cpu, 0, 0)
        self.prepare(cpu, 0)
        phase = 0
        while True:
            cpu.begin("operation")
            if alone > 0:
                cpu.begin("sequential")
                self.announce(cpu, 1)
                for _ in range(alone):
                    self.step(cpu, 0)
                    cpu.tally("steps_sequential")
                cpu.end("sequential")
            if together > 0:
                cpu.begin("parallel")
                self.announce(cpu, cpus)
                self.meetings[0].phase += 1
                self.wake_others(cpu, 0, cpus)
                phase += 1
                self.take_part(cpu, 0, together, phase * cpus)
                cpu.end("parallel")
            cpu.end("operation")

    @routine
    def announce(self, cpu: Cpu, cpus: Word) -> None:
        """Say that so many CPUs operate on CPU 0's objects from now on."""
        if self.kinds != "map":
            for i in range(self.servers):
                self.declare(cpu, 1 + i, cpus, self.servers)
            self.policy.spread(cpu, self.kernel.thread_group(cpu, 0), cpus)
        if self.kinds != "ipc":
            for region in range(self.kernel.regions):
                self.declare(cpu, self.kernel.tree_object(cpu, region), cpus, self.kernel.regions)
            self.policy.spread(cpu, self.kernel.tree_group(cpu, 0), cpus)

    @routine(call=True)
    def declare(self, cpu: Cpu, number: Word, cpus: Word, alike: Word) -> None:
        """Say it of one object, of so many alike among which the CPUs are divided."""
        self.policy.involve(cpu, number, 0, cpus)
        self.policy.share(cpu, number, 100 * (cpus - 1) // cpus, (cpus + alike - 1) // alike)

    @routine
    def prepare(self, cpu: Cpu, me: Word) -> None:
        """Have the page table that mapping needs."""
        if self.kinds != "ipc":
            self.begin_mapping(cpu, me)

    @routine
    def participant(self, cpu: Cpu, me: Word) -> None:
        """The part of another CPU."""
        self.kernel.begin_thread(cpu)
        cpus = self.parallel_cpus(cpu)
        together = self.steps(cpu, self.parallel_percent, cpus)
        if self.kinds != "map":
            self.policy.share(cpu, me * self.kernel.threads, 100)  # CPU 0 sends the answers
        self.prepare(cpu, me)
        phase = 0
        while True:
            phase += 1
            self.await_phase(cpu, me, phase)
            self.wake_others(cpu, me, cpus)
            self.take_part(cpu, me, together, phase * cpus)

    @routine
    def await_phase(self, cpu: Cpu, me: Word, phase: Word) -> None:
        """Idle until woken by the CPU whose part that is, or spin until a phase has begun."""
        if self.others == "idle":
            self.kernel.receive(cpu, (me - 1) // 2 * self.kernel.threads, NEVER)
        else:
            meeting = self.meetings[0]
            while meeting.phase < phase:
                cpu.wait(meeting.phase)

    @routine(call=True)
    def wake_others(self, cpu: Cpu, me: Word, cpus: Word) -> None:
        """Wake two CPUs, if they idle, who wake two each in their turn."""
        if self.others == "idle":
            child = 2 * me + 1
            for i in range(child, min(child + 2, cpus)):
                self.kernel.send(cpu, i * self.kernel.threads, NEVER)

    @routine(call=True)
    def take_part(self, cpu: Cpu, me: Word, steps: Word, arrivals: Word) -> None:
        """A CPU's part of a parallel phase, at the end of which so many have been done."""
        for _ in range(steps):
            self.step(cpu, me)
            cpu.tally("steps_parallel")
        self.arrive(cpu, me, arrivals)

    @routine(call=True)
    def arrive(self, cpu: Cpu, me: Word, arrivals: Word) -> None:
        """CPU 0 waits until so many parts are done; its server runs meanwhile, so it blocks.

        The last CPU wakes it.
        """
        last = cpu.fetch_add(self.meetings[0].arrived, 1) + 1 == arrivals
        if me == 0 and not last:
            self.kernel.receive(cpu, ANYBODY, NEVER)
        elif me != 0 and last:
            self.kernel.send(cpu, 0, NEVER)

    @routine(call=True)
    def step(self, cpu: Cpu, me: Word) -> None:
        """Think, operate on CPU 0's objects."""
        cpu.delay(cpu.exponential(self.think_cycles, "think"))
        if self.kinds != "map":
            server = 1 + me % self.servers
            cpu.check(self.kernel.call(cpu, server, NEVER) == server, "another one's answer")
        if self.kinds != "ipc":
            self.map_and_unmap(cpu, me, me % self.kernel.regions)

    @routine
    def server(self, cpu: Cpu, argument: Word) -> None:
        """Answer."""
        self.kernel.begin_thread(cpu)
        client = self.kernel.receive(cpu, ANYBODY, NEVER)
        while True:
            client = self.kernel.reply_and_wait(cpu, client, ANYBODY)

    @routine
    def bystander(self, cpu: Cpu, argument: Word) -> None:
        """Compute, for ever."""
        self.kernel.begin_thread(cpu)
        while True:
            cpu.delay(PAUSE)
