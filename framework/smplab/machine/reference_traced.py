"""Tracing with the reference: the oracle that `smplab.machine.traced` is compared with.

The reference notes anyway what every CPU's time goes to; added here is what happens between CPUs.
"""

from __future__ import annotations

from itertools import pairwise

from smplab.language.image import Program
from smplab.language.isa import Cause, Op
from smplab.machine.description import Machine
from smplab.machine.plan import Ints, Plan, make_plan
from smplab.machine.reference_cpu import Cpu
from smplab.machine.reference_system import SystemRun, boot
from smplab.machine.result import Limits, Result
from smplab.machine.trace import Event, Kind, Trace


def trace_reference(
    program: Program,
    machine: Machine,
    cpus: Ints,
    seed: int,
    limits: Limits,
    instr_cycles: float = 1.0,
) -> tuple[Result, Trace]:
    """Run a program as `simulate_reference` does, and record its measured part, all of it.

    Raises:
        MachineError: the request cannot be met.
        SimulationError: the diagnosis of a run that went wrong.
    """
    plan = make_plan(program, machine, cpus, seed, limits, instr_cycles)
    run = TracedReference(plan, *boot(plan))
    run.until_end()
    return run.result(), run.trace


class TracedReference(SystemRun):
    """One run of the reference that records a trace without a limit."""

    def __init__(self, plan: Plan, memory: list[int], ghost: list[int]) -> None:
        super().__init__(plan, memory, ghost)
        self.trace = Trace(plan, 2**62)
        self._sender = -1
        if self.measuring:
            self._begin_trace()

    def _measure_from(self, ticks: int) -> None:
        before = self.measuring
        super()._measure_from(ticks)
        if self.measuring and not before:
            self._begin_trace()

    def _begin_trace(self) -> None:
        warmup = self.plan.warmup
        self.trace.begin = self.trace.end = warmup
        begun = {number: context.begun for number, context in enumerate(self.contexts)}
        for cpu in self.cpus:
            context = self._unit(cpu).context
            begun[context] = cpu.begun
            if self.image.is_system:
                self._note(Event(warmup, cpu.number, Kind.SWITCH, context))
        for context, regions in begun.items():
            for region in sorted(regions):
                self._note(Event(warmup, -1, Kind.BEGIN, region, context))

    def _note(self, event: Event) -> None:
        if self.measuring:
            self.trace.events.append(event)

    def _visit(self, cpu: Cpu, pc: int) -> None:
        if self.measuring:
            self.trace.visit(cpu.number, self.now, pc)

    # ------------------------------------------------------------------ what happens

    def _arrive(self, number: int) -> None:
        if self._awaited(self.now, number):
            kind = Kind.TIMER if number & 1 else Kind.ARRIVE
            self._note(Event(self.now, number >> 7, kind, number >> 1 & 63))
        super()._arrive(number)

    def _begin_handler(self, cpu: Cpu) -> None:
        vector = min(self._unit(cpu).pending)
        self._visit(cpu, self.image.handlers[vector])
        self._note(Event(self.now, cpu.number, Kind.HANDLE, vector))
        super()._begin_handler(cpu)

    def _execute(self, cpu: Cpu) -> None:
        unit = self._unit(cpu)
        if not (unit.on and unit.pending and unit.walk is None):  # else a handler begins
            op, a, b, _, _, _ = cpu.row
            if op != Op.WAIT:
                self._visit(cpu, cpu.pc)
            if op in {Op.BEGIN, Op.END}:
                kind = Kind.BEGIN if op == Op.BEGIN else Kind.END
                self._note(Event(self.now, cpu.number, kind, a, unit.context))
            elif op == Op.SWITCH:
                self._note(Event(self.now, cpu.number, Kind.SWITCH, cpu[a]))
            elif op == Op.TAKE and b in unit.pending:
                self._note(Event(self.now, cpu.number, Kind.TAKE, b))
        super()._execute(cpu)

    def _send(self, cpu: Cpu, target: int, vector: int) -> int:
        self._sender = cpu.number
        return super()._send(cpu, target, vector)

    def _under_way(self, arrival: int, what: int) -> int:
        arrival = super()._under_way(arrival, what)
        if not what & 1:
            event = Event(self.now, self._sender, Kind.SEND, what >> 1 & 63, what >> 7, arrival)
            self._note(event)
        return arrival

    # ------------------------------------------------------------------ the end

    def result(self) -> Result:
        """Make slices of the CPUs' timelines."""
        warmup = self.plan.warmup
        for cpu in self.cpus:
            points = [*cpu.timeline, (self.end, -1)]
            for (start, cause), (until, then) in pairwise(points):
                begin, finish = max(start, warmup), min(until, self.end)
                after = None if then < 0 else then
                self.trace.piece(cpu.number, begin, finish, Cause(cause), after)
        self.trace.close(self.end, cut=False)
        return super().result()
