"""The contract of the lock slot as tests.

Inherit, say how to make the lock, and run pytest:

    class TestMyLock(LockContract):
        def make_lock(self) -> Lock:
            return MyLock()
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smplab.kernel.contracts import Lock, Workload
from smplab.language import Array, Cpu, Memory, Struct, Word, aligned, parameter, routine, slot
from smplab.language.build import build_image
from smplab.language.image import Layout
from smplab.machine import simulate, simulate_reference
from smplab.machine.description import Costs, Machine, Origin, Provenance
from smplab.machine.result import Limits, Result


class Guarded(Struct):
    """Data that only the lock's holder may touch."""

    inside: Word = aligned()  # CPUs in the critical section
    total: Word  # critical sections so far, incremented without an atomic


@dataclass(eq=False)
class Exclusion(Workload):
    """Holds `held` locks at once, releases the first taken first, and checks that it is alone."""

    lock: Lock = slot()

    held: int = parameter(1, "locks that a CPU holds at once", build=True, minimum=1)
    rounds: int = parameter(20, "critical sections for each CPU", minimum=1)
    think_cycles: int = parameter(50, "longest pause between rounds", unit="cycles", minimum=0)

    def layout(self, memory: Memory) -> None:
        """The locks, and one set of guarded data for all of them."""
        self.table = memory.array(self.lock.Shared, self.held, aligned=True)
        self.data: Array[Guarded] = memory.array(Guarded, self.held)
        self.nodes: Array[Word] = memory.per_cpu(Word, self.held)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Every lock is free."""
        for i in range(self.held):
            self.lock.init(cpu, self.table[i])

    @routine
    def run(self, cpu: Cpu) -> None:
        """Take all locks in order, touch what they guard, release them in the same order."""
        mine = cpu.id * self.held
        for _ in range(self.rounds):
            cpu.begin("operation")
            for i in range(self.held):
                self.nodes[mine + i] = self.lock.acquire(cpu, self.table[i])
                cpu.check(self.data[i].inside == 0, "two CPUs hold the lock")
                self.data[i].inside = 1
            for i in range(self.held):
                self.data[i].total += 1
                self.data[i].inside = 0
                self.lock.release(cpu, self.table[i], self.nodes[mine + i])
            cpu.end("operation")
            cpu.delay(cpu.random(self.think_cycles + 1, "think"))


def small_machine(cpus: int) -> Machine:
    """Return `cpus` single-threaded cores in two clusters, with made-up costs."""
    numbers = np.arange(cpus, dtype=np.int32)
    half = np.int32(max(1, (cpus + 1) // 2))
    zero = np.zeros(cpus, np.int32)
    return Machine(
        name="contract",
        clock_ghz=1.0,
        core=numbers,
        cluster=(numbers // half).astype(np.int32),
        socket=zero,
        node=zero,
        place=(numbers // half).astype(np.int32),
        distance_cycles=np.array([[60, 140], [140, 60]], np.int32),
        place_of_node=np.zeros(1, np.int32),
        costs=Costs(),
        origins={"distance_cycles": Origin(Provenance.ESTIMATED, "made up for the contract")},
    )


class LockContract:
    """What every lock must do, whatever the machine."""

    def make_lock(self) -> Lock:
        """Return the lock under test, with its default parameters."""
        raise NotImplementedError("a lock's test class says how to make the lock")

    def run_exclusion(
        self, cpus: int, held: int = 1, seed: int = 1, *, reference: bool = False
    ) -> Result:
        """Run `Exclusion` until every CPU has finished its rounds, and return the result."""
        lock = self.make_lock()
        workload = Exclusion(held=held)
        workload.lock = lock
        image = build_image({"lock": lock, "workload": workload})
        layout = Layout(cpus=cpus, nodes=1, node_of_cpu=(0,) * cpus)
        program = image.load({}, layout)
        run = simulate_reference if reference else simulate
        return run(
            program,
            small_machine(cpus),
            np.arange(cpus, dtype=np.int64),
            seed,
            Limits(operations=cpus * workload.rounds, max_cycles=10**8),
        )

    def test_one_cpu_takes_and_gives_back(self) -> None:
        """A lock nobody wants costs no waiting."""
        result = self.run_exclusion(cpus=1)
        assert result.operations == 20

    def test_the_holder_is_alone(self) -> None:
        """No two CPUs are ever inside, and no round is lost, for many numbers of CPUs and seeds."""
        for cpus in (2, 3, 8, 65):
            for seed in (1, 2, 3):
                assert self.run_exclusion(cpus, seed=seed).operations == 20 * cpus

    def test_several_locks_are_held_at_once(self) -> None:
        """A CPU holds three locks and releases them in the order in which it took them."""
        result = self.run_exclusion(cpus=5, held=3)
        assert result.operations == 100

    def test_engine_and_reference_agree(self) -> None:
        """The timed run is the same in the engine and in plain Python."""
        fast = self.run_exclusion(cpus=4, held=2)
        slow = self.run_exclusion(cpus=4, held=2, reference=True)
        assert fast.end_cycles == slow.end_cycles
        assert np.array_equal(fast.counters, slow.counters)
        assert np.array_equal(fast.memory, slow.memory)
