"""How CPUs begin a phase together."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from smplab.language import Array, Cpu, Memory, Word, parameter, routine
from smplab.machine.errors import CheckFailed
from smplab.machine.result import Limits
from smplab_plugins.kernels.uniprocessor import Uniprocessor
from smplab_plugins.workloads.rounds import Rounds
from tests.kernel.systems import AnyKernel, components, load, run

PHASES = 3


@dataclass(eq=False)
class Declaring(Rounds):
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
                self.begin_together(cpu, leader, (phase + 1) * cpus)
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
