"""How CPUs begin a phase together, and share out what is to be done in it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from smplab.kernel.ipc import ANYBODY, NEVER
from smplab.language import Array, Cpu, Memory, Word, parameter, routine
from smplab.machine.errors import CheckFailed, Deadlock
from smplab.machine.result import Limits
from smplab_plugins.kernels.uniprocessor import Uniprocessor
from smplab_plugins.workloads.gates import Gates
from tests.kernel.systems import AnyKernel, components, load, run

PHASES = 3


@dataclass(eq=False)
class Declaring(Gates):
    """Parties of CPUs that declare, each at its own time, and operate when all have."""

    parties: int = parameter(1, "parties of as many CPUs each", build=True)
    together: bool = parameter(True, "they wait for each other", build=True)

    def layout(self, memory: Memory) -> None:
        """How many declarations each party has made."""
        super().layout(memory)
        self.declared: Array[Word] = memory.array(Word, "cpus")

    @routine
    def run(self, cpu: Cpu) -> None:
        """One thread on each CPU."""
        self.kernel.create(cpu, cpu.id * self.kernel.threads, self.client, cpu.id, 0)
        self.kernel.start(cpu)

    @routine
    def client(self, cpu: Cpu, me: Word) -> None:
        """Declare late or early, and operate; in each phase another CPU is the last one."""
        self.kernel.begin_thread(cpu)
        cpus = cpu.count // self.parties
        leader = me // cpus * cpus
        for phase in range(PHASES):
            cpu.delay(5_000 * ((me + phase) % cpus))
            cpu.fetch_add(self.declared[leader], 1)
            if self.together:
                self.meet(cpu, self.before(cpu, leader), (phase + 1) * cpus)
            cpu.begin("operation")
            all_have = self.declared[leader] >= (phase + 1) * cpus
            cpu.check(all_have, "a CPU operates before all have declared")
            cpu.end("operation")
        self.kernel.end_thread(cpu)


@pytest.mark.parametrize(("cpus", "parties"), [(2, 1), (5, 1), (6, 2), (4, 4)])
def test_nobody_operates_before_all_of_its_party_have_declared(cpus: int, parties: int) -> None:
    limits = Limits(operations=cpus * PHASES, max_cycles=10**6)
    parts = components("locked", Declaring(parties=parties), kernel=AnyKernel(threads=2))
    assert run(load(parts, cpus), limits).operations == cpus * PHASES


def test_one_cpu_waits_for_nobody() -> None:
    parts = components("uniprocessor", Declaring(), kernel=Uniprocessor(threads=2))
    assert run(load(parts, 1), Limits(operations=PHASES, max_cycles=10**6)).operations == PHASES


def test_without_waiting_somebody_is_early() -> None:
    parts = components("locked", Declaring(together=False), kernel=AnyKernel(threads=2))
    with pytest.raises(CheckFailed, match="before all have declared"):
        run(load(parts, 2), Limits(operations=2 * PHASES, max_cycles=10**6))


@dataclass(eq=False)
class Drawing(Gates):
    """CPUs that take their operations from one pool, one of them slowly."""

    operations: int = parameter(20, "operations in all", build=True)

    @routine
    def run(self, cpu: Cpu) -> None:
        """One thread on each CPU."""
        self.kernel.create(cpu, cpu.id * self.kernel.threads, self.client, cpu.id, 0)
        self.kernel.start(cpu)

    @routine
    def client(self, cpu: Cpu, me: Word) -> None:
        """Draw, twice over: who comes too late leaves nothing for the second time."""
        self.kernel.begin_thread(cpu)
        for phase in range(2):
            if me == 0:
                self.fill(cpu, self.behind(cpu, 0), self.operations)
            cpu.begin("operation")
            self.meet(cpu, self.before(cpu, 0), (phase + 1) * cpu.count)
            while self.draw(cpu, self.behind(cpu, 0)):
                if me == 0:
                    cpu.delay(5_000)
                    cpu.tally("slow")
                else:
                    cpu.delay(1_000)
                    cpu.tally("fast")
            self.meet(cpu, self.behind(cpu, 0), (phase + 1) * cpu.count)
            cpu.end("operation")
        self.kernel.end_thread(cpu)


@pytest.mark.parametrize(("cpus", "operations"), [(2, 20), (3, 2), (4, 60), (2, 0)])
def test_a_pool_is_emptied_exactly_and_the_faster_do_more(cpus: int, operations: int) -> None:
    parts = components("locked", Drawing(operations=operations), kernel=AnyKernel(threads=2))
    program = load(parts, cpus)
    outcome = run(program, Limits(operations=2 * cpus, max_cycles=10**6))
    counted = dict(zip(program.image.counters, outcome.user_counters.tolist(), strict=True))
    assert counted["fast"] + counted["slow"] == 2 * operations
    if operations > 10:
        assert counted["fast"] > 2 * counted["slow"] > 0


@dataclass(eq=False)
class Serving(Drawing):
    """A CPU that waits at a gate, with a server that others call before they come there."""

    priority: int = parameter(1, "the server's", build=True)

    @routine
    def run(self, cpu: Cpu) -> None:
        """A client on each CPU, and a server on the first."""
        self.kernel.create(cpu, cpu.id * self.kernel.threads, self.client, cpu.id, 0)
        if cpu.id == 0:
            self.kernel.create(cpu, 1, self.server, 0, self.priority)
        self.kernel.start(cpu)

    @routine
    def client(self, cpu: Cpu, me: Word) -> None:
        """The first CPU has nothing to do but to wait."""
        self.kernel.begin_thread(cpu)
        if me != 0:
            cpu.begin("operation")
            cpu.check(self.kernel.call(cpu, 1, NEVER) == 1, "another one's answer")
            cpu.end("operation")
        self.meet(cpu, self.before(cpu, 0), cpu.count)
        self.kernel.end_thread(cpu)

    @routine
    def server(self, cpu: Cpu, argument: Word) -> None:
        """Answer."""
        self.kernel.begin_thread(cpu)
        client = self.kernel.receive(cpu, ANYBODY, NEVER)
        while True:
            client = self.kernel.reply_and_wait(cpu, client, ANYBODY)


@pytest.mark.parametrize("how", ["locked", "messages"])
def test_who_spins_lets_a_server_above_it_run(how: str) -> None:
    limits = Limits(operations=3, max_cycles=10**6)
    parts = components(how, Serving(), kernel=AnyKernel(threads=2, tick_cycles=0))
    assert run(load(parts, 4), limits).operations == 3
    beside = components(how, Serving(priority=0), kernel=AnyKernel(threads=2, tick_cycles=0))
    with pytest.raises(Deadlock, match=r"in Gates\.meet"):
        run(load(beside, 4), limits)
