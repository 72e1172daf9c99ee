"""How CPUs wait for each other and share out work at user level: without the objects under test."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Array, Cpu, Memory, Struct, Word, aligned, routine
from smplab_plugins.workloads.single_pages import SinglePages


class Gate(Struct):
    """Where CPUs wait for each other. The first two words only grow."""

    arrived: Word = aligned()  # how often a CPU has come
    passed: Word = aligned()  # the last such number at which all had come
    pool: Word = aligned()  # operations that nobody has drawn; below 0: too many wanted one


@dataclass(eq=False)
class Gates(SinglePages):
    """Base of workloads whose CPUs meet, or take their operations from a common pool.

    Each CPU has two gates, `before` and `behind`, for those whom it leads. Who waits spins. So what
    else is to run on its CPU, a server that others call, needs a higher priority.
    """

    def layout(self, memory: Memory) -> None:
        """Gates, where their CPU is."""
        self.gates: Array[Gate] = memory.per_cpu(Gate, 2)

    @routine
    def before(self, cpu: Cpu, leader: Word) -> Word:
        """The number of a CPU's first gate."""
        return 2 * leader

    @routine
    def behind(self, cpu: Cpu, leader: Word) -> Word:
        """The number of its second one."""
        return 2 * leader + 1

    @routine(call=True)
    def meet(self, cpu: Cpu, number: Word, arrivals: Word) -> None:
        """Wait until CPUs have come to a gate so many times since the start."""
        gate = self.gates[number]
        if cpu.fetch_add(gate.arrived, 1) + 1 == arrivals:
            gate.passed = arrivals
        while gate.passed < arrivals:
            cpu.wait(gate.passed)

    @routine
    def fill(self, cpu: Cpu, number: Word, operations: Word) -> None:
        """Put so many operations into a gate's pool, before all have come to the gate."""
        self.gates[number].pool = operations

    @routine
    def draw(self, cpu: Cpu, number: Word) -> bool:
        """Whether there is another operation in a gate's pool; it is this CPU's then."""
        return cpu.fetch_add(self.gates[number].pool, -1) > 0
