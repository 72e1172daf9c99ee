"""Tracing with the engine: a run that looks at the engine's state between any two events.

The engine knows nothing of it. No result depends on the length of a slice, so a traced run executes
slices of one event, sees before each what it will be, and after it which CPUs' time was charged:
some tens of thousands of events a second. The warm-up, and what follows the end of the trace, run
at full speed.
"""

from __future__ import annotations

import numpy as np

from smplab.language.image import Program
from smplab.language.isa import ROW_WORDS, Op
from smplab.machine import faults
from smplab.machine import state as at
from smplab.machine import system_state as its
from smplab.machine.description import TICKS_PER_CYCLE, Machine
from smplab.machine.errors import SimulationError
from smplab.machine.plan import Ints, Plan, make_plan
from smplab.machine.result import Limits, Result
from smplab.machine.run import SLICE_STEPS, Run, boot
from smplab.machine.trace import Event, Kind, Trace

SLICE_EVENTS = 1000
"""Events between two looks at the outside world."""
NOT_EXECUTED = frozenset({faults.POOL, faults.FLIGHT})
"""A slice that ends so has executed nothing."""


def simulate_traced(
    program: Program,
    machine: Machine,
    cpus: Ints,
    seed: int,
    limits: Limits,
    instr_cycles: float,
    trace_events: int,
) -> tuple[Result | SimulationError, Trace]:
    """Run a program as `simulate` does, and record its measured part.

    Args:
        program, machine, cpus, seed, limits, instr_cycles: as of `simulate`.
        trace_events: the trace ends when it holds so many slices and events.

    Returns:
        The result, the same as without a trace, or the diagnosis of a run that went wrong; and the
        trace, which in the latter case ends there.

    Raises:
        MachineError: the request cannot be met.
        SimulationError: the boot routines went wrong.
    """
    plan = make_plan(program, machine, cpus, seed, limits, instr_cycles)
    run = TracedRun(plan, *boot(plan, Run, SLICE_STEPS), trace_events)
    try:
        run.until_end(None)
        return run.result(), run.trace
    except SimulationError as error:
        run.close(int(run.state.status[at.LAST_TICKS]))
        return error, run.trace


class TracedRun(Run):
    """One run of the engine, event by event as long as the trace has room."""

    def __init__(self, plan: Plan, memory: Ints, ghost: Ints, trace_events: int) -> None:
        super().__init__(plan, memory, ghost, SLICE_EVENTS)
        self.trace = Trace(plan, trace_events)
        self._cpu = self.state.cpu.reshape(-1, at.CPU_WORDS)
        self._times = self._cpu[:, at.SINCE : at.CAUSE + 1]
        numbers = len(plan.home_place) + plan.cpus
        self._shift = numbers.bit_length()
        self._lines = len(plan.home_place)
        self._closed = False
        if self.measuring:
            self._begin_trace()

    # -------------------------------------------------------------- beginning and end

    def _begin_measuring(self) -> None:
        super()._begin_measuring()
        self._begin_trace()

    def _begin_trace(self) -> None:
        """Note what is under way: who runs which thread, and which regions are open."""
        trace, plan = self.trace, self.plan
        trace.begin = trace.end = plan.warmup
        if self.system is not None:
            for cpu in range(plan.cpus):
                trace.events.append(Event(plan.warmup, cpu, Kind.SWITCH, self._context(cpu)))
        regions = len(plan.program.image.regions)
        begun = self.state.regions.reshape(-1, regions, at.REGION_ROW)[:, :, at.BEGUN]
        for context, region in np.argwhere(begun >= 0).tolist():
            trace.events.append(Event(plan.warmup, -1, Kind.BEGIN, region, context))

    def result(self) -> Result:
        """End the trace, if the run ended first, and put together what was measured."""
        self.close(self.end)
        return super().result()

    def close(self, end: int, *, cut: bool = False) -> None:
        """End the trace at a time; does nothing if it has ended already, or never began."""
        if self._closed or not self.measuring:
            return
        self._closed = True
        end = max(end, self.trace.begin)  # no event may have come since
        for which, cause, begin, finish, then in self.under_way(self._cpu, end):
            for cpu in np.flatnonzero(which).tolist():
                after = None if then is None else int(then[cpu])
                self.trace.piece(cpu, int(begin[cpu]), int(finish[cpu]), int(cause[cpu]), after)
        self.trace.close(end, cut=cut)

    # -------------------------------------------------------------- event by event

    def slice(self) -> int:
        """Execute one slice; returns why it ended."""
        if self._closed or not self.measuring:
            self.slice_steps = SLICE_STEPS
            return super().slice()
        self.slice_steps = 1
        for _ in range(SLICE_EVENTS):
            reason = self._step()
            if reason != faults.GOING:
                return reason
            if self.trace.full:
                self.close(int(self.state.status[at.LAST_TICKS]), cut=True)
                return faults.GOING
        return faults.GOING

    def _step(self) -> int:
        """Execute one event and record it."""
        key = int(self.state.heap[0])
        now, number = key >> self._shift, key & ((1 << self._shift) - 1)
        if not self.state.status[at.HEAP_SIZE] or now >= self.plan.stop:
            return super().slice()
        before = self._times.copy()
        events: list[Event] = []
        cut: tuple[int, int, int] | None = None
        visited: list[tuple[int, int]] = []
        if self.system is not None and number == 0:
            events, cut = self._arrival()
        elif number >= self._lines:
            events, pc = self._execution(number - self._lines, now)
            visited = self._visited(number - self._lines, pc)
        reason = super().slice()
        if reason in NOT_EXECUTED:
            return reason
        for cpu, pc in visited:
            self.trace.visit(cpu, now, pc)
        self.trace.events += events
        self._charged(before, cut)
        return reason

    def _charged(self, before: Ints, cut: tuple[int, int, int] | None) -> None:
        """Record the time of the CPUs whose time the engine has charged."""
        for cpu in np.flatnonzero(self._times[:, 0] != before[:, 0]).tolist():
            since, done, doing, cause = before[cpu].tolist()
            until = int(self._times[cpu, 0])
            if cut is not None and cut[0] == cpu:  # it slept when an interrupt came
                _, asleep_at, slept = cut
                wait = int(self._cpu[cpu, at.DOING])
                if slept:
                    asleep_at = since
                else:
                    self.trace.piece(cpu, since, done, doing, cause)
                    self.trace.piece(cpu, done, asleep_at, cause)
                self.trace.piece(cpu, asleep_at, until, wait)
            else:
                self.trace.piece(cpu, since, done, doing, cause)
                self.trace.piece(cpu, done, until, cause)

    # -------------------------------------------------------------- what the next event will be

    def _context(self, cpu: int) -> int:
        """The context that a CPU runs, or its own number where there are none."""
        return cpu if self.system is None else int(self._system_rows()[cpu, its.CONTEXT])

    def _arrival(self) -> tuple[list[Event], tuple[int, int, int] | None]:
        """What the first interrupt under way will do: events, and whose sleep it will end."""
        assert self.system is not None
        ticks, packed = self.system.flight[:2].tolist()
        cpu, vector, by_timer = packed >> 7, packed >> 1 & 63, packed & 1
        row = self._cpu[cpu]
        if row[at.STATE] == at.HALTED:
            return [], None
        if by_timer and self._system_rows()[cpu, its.TIMER_AT] != ticks:
            return [], None
        events = [Event(ticks, cpu, Kind.TIMER if by_timer else Kind.ARRIVE, vector)]
        if row[at.STATE] != at.ASLEEP:
            return events, None
        return events, (cpu, int(row[at.ASLEEP_AT]), int(row[at.SLEPT]))

    def _visited(self, cpu: int, pc: int | None) -> list[tuple[int, int]]:
        """The CPU with the code address that counts, and those that arrive in a flock behind it."""
        visited = [] if pc is None else [(cpu, pc)]
        follower = int(self._cpu[cpu, at.FOLLOWER])
        while follower >= 0:
            visited.append((follower, int(self._cpu[follower, at.PC])))
            follower = int(self._cpu[follower, at.FOLLOWER])
        return visited

    def _execution(self, cpu: int, now: int) -> tuple[list[Event], int | None]:
        """What a CPU will do: its events, and the code address that its time belongs to then.

        The address is None for a WAIT: most of them are no events of the engine's.
        """
        row, code = self._cpu[cpu], self.code
        pc, base = int(row[at.PC]), int(row[at.BASE])
        if self.system is not None:
            system = self._system_rows()[cpu]
            pending = int(system[its.PENDING]) & (1 << 64) - 1
            if pending and system[its.ON] and not system[its.WALK_LEVEL]:
                vector = (pending & -pending).bit_length() - 1
                handler = self.plan.program.image.handlers[vector]
                return [Event(now, cpu, Kind.HANDLE, vector)], handler
        op, a, b = code[pc * ROW_WORDS : pc * ROW_WORDS + 3].tolist()
        registers = self.state.registers
        if op in {Op.BEGIN, Op.END}:
            kind = Kind.BEGIN if op == Op.BEGIN else Kind.END
            return [Event(now, cpu, kind, a, self._context(cpu))], pc
        if op == Op.SWITCH:
            return [Event(now, cpu, Kind.SWITCH, int(registers[base + a]))], pc
        if op == Op.SEND and 0 <= (target := int(registers[base + a])) < self.plan.cpus:
            arrival = self._arrival_of(cpu, target, now)
            return [Event(now, cpu, Kind.SEND, b, target, arrival)], pc
        if op == Op.TAKE and int(self._system_rows()[cpu, its.PENDING]) >> b & 1:
            return [Event(now, cpu, Kind.TAKE, b)], pc
        return [], None if op == Op.WAIT else pc

    def _arrival_of(self, cpu: int, target: int, now: int) -> int:
        """When an interrupt that is sent now will arrive."""
        plan = self.plan
        here, there = plan.core_place[plan.core[cpu]], plan.core_place[plan.core[target]]
        cycles = plan.costs.ipi_send + plan.costs.ipi
        return max(now + cycles * TICKS_PER_CYCLE + int(plan.distance[here, there]), now + 1)
