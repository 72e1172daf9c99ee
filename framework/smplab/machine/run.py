"""Runs a program on a machine with the compiled engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from smplab.language.image import Program
from smplab.language.isa import Cause, Op
from smplab.machine import engine, faults, start
from smplab.machine import state as at
from smplab.machine.description import TICKS_PER_CYCLE, Machine
from smplab.machine.diagnosis import cycle_limit, deadlock, diagnose, halted_early
from smplab.machine.errors import MachineError
from smplab.machine.heap import NEVER
from smplab.machine.histogram import BUCKETS
from smplab.machine.plan import Ints, Plan, make_plan
from smplab.machine.result import Counter, Limits, Result
from smplab.machine.system_state import (
    COUNTED,
    FIRST_COUNTED,
    FLIGHT_WORDS,
    SYSTEM_COUNTERS,
    SYSTEM_WORDS,
    TIMER_AT,
    new_system_state,
)
from smplab.machine.warmup import tiny_run

Flags = np.typing.NDArray[np.bool_]
Progress = Callable[[float], None]
"""Called now and then with the part of the run that is done, 0 to 1."""

SLICE_STEPS = 1_000_000
"""Events between two looks at the outside world: a tenth of a second or less."""


def simulate(
    program: Program,
    machine: Machine,
    cpus: Ints,
    seed: int,
    limits: Limits,
    instr_cycles: float = 1.0,
    progress: Progress | None = None,
    slice_steps: int = SLICE_STEPS,
) -> Result:
    """Run a program on a machine.

    Args:
        program: what every CPU executes.
        machine: what it is executed on.
        cpus: int64 [program.cpus], the machine's CPU that each logical CPU is.
        seed: of all randomness; any integer.
        limits: when the run ends.
        instr_cycles: what a local instruction takes, a multiple of 0.05.
        progress: called between slices with the part done.
        slice_steps: events in a slice; no result depends on it.

    Raises:
        MachineError: the request cannot be met.
        SimulationError: the diagnosis of a run that went wrong.
    """
    plan = make_plan(program, machine, cpus, seed, limits, instr_cycles)
    return run_plan(plan, Run, progress, slice_steps)


def run_plan(plan: Plan, kind: type[Run], progress: Progress | None, slice_steps: int) -> Result:
    """Run a plan: its boot routine on CPU 0 alone, then everyone."""
    run = kind(plan, *boot(plan, kind, slice_steps), slice_steps)
    run.until_end(progress)
    return run.result()


def boot(plan: Plan, kind: type[Run], slice_steps: int) -> tuple[Ints, Ints]:
    """Let the boot routine give memory and ghost memory their first values; return both."""
    memory = np.zeros(plan.program.memory_words, np.int64)
    ghost = np.zeros(plan.program.ghost_words, np.int64)
    if plan.program.image.boot >= 0:
        kind(plan.for_boot(), memory, ghost, slice_steps).until_end(None)
    return memory, ghost


class Run:
    """One run of the engine, slice by slice."""

    def __init__(self, plan: Plan, memory: Ints, ghost: Ints, slice_steps: int) -> None:
        numbers = len(plan.home_place) + plan.cpus
        if plan.stop >= 2**62 >> numbers.bit_length():
            cycles = (2**62 >> numbers.bit_length()) // TICKS_PER_CYCLE
            raise MachineError(f"a run of this size may last {cycles} cycles at most")
        self.plan = plan
        self.slice_steps = slice_steps
        self.state = at.new_state(plan, memory, ghost)
        image = plan.program.image
        self.system = new_system_state(plan, 2 * image.registers) if image.is_system else None
        self.code = np.ascontiguousarray(image.code).ravel()
        self.stream_keys = np.array(plan.stream_keys, np.uint64)
        self.frame = 2 * image.registers
        self.measuring = plan.warmup == 0
        self.end = 0
        self.end_cpu = -1
        self.instructions_before = self.accesses_before = 0

    def until_end(self, progress: Progress | None) -> None:
        """Execute slices until the run ends; raises its diagnosis if it ends badly."""
        plan, state = self.plan, self.state
        reason = start.start(
            plan.instr, plan.instr_shared, plan.max_local, plan.program.image.call_depth,
            self.frame, len(plan.home_place), self.stream_keys, self.code,
            plan.program.parameters, state.status, state.cpu, state.heap, state.registers,
            state.stack, state.draws,
        )  # fmt: skip
        while True:
            if reason >= faults.FIRST_FAULT:
                raise diagnose(plan, self._fault(reason))
            if reason == faults.POOL:
                at.grow_pool(state)
            elif reason == faults.FLIGHT:
                self._grow_flight()
            elif reason == faults.FINISHED:
                self.end = int(state.status[at.LAST_TICKS])
                self.end_cpu = int(state.status[at.LAST_CPU])
                return
            elif reason == faults.REACHED and not self.measuring and plan.warmup < plan.stop:
                self._begin_measuring()
            elif reason in {faults.REACHED, faults.EMPTY}:
                self._stop(empty=reason == faults.EMPTY)
                return
            if progress is not None:
                progress(self._part_done())
            reason = self.slice()

    def slice(self) -> int:
        """Execute one slice; returns why it ended."""
        plan, state = self.plan, self.state
        arguments = (
            self.slice_steps, plan.stop if self.measuring else plan.warmup,
            plan.operations if self.measuring else 0,
            plan.instr, plan.instr_shared, plan.hit, plan.rmw, plan.occ_r, plan.occ_w_percent,
            plan.near_percent, plan.smt_percent, plan.home_from, plan.mem, plan.far,
            plan.max_local, plan.program.image.call_depth, self.frame,
            np.uint64(plan.line_key), self.stream_keys, self.code, plan.program.parameters,
            plan.distance.ravel(), len(plan.distance), plan.core_place, plan.home_place,
            state.status, state.cpu, state.line, state.pool, state.heap, state.registers,
            state.stack, state.draws, state.regions, state.histograms, state.user,
            state.memory, state.ghost,
        )  # fmt: skip
        if self.system is None:
            return int(engine.run_slice(*arguments))
        more = (getattr(self.system, f.name) for f in dataclasses.fields(self.system))
        return int(engine.run_system_slice(*arguments, *more))

    def _part_done(self) -> float:
        plan = self.plan
        if plan.operations and self.measuring:
            return min(1.0, float(self.state.status[at.OPERATIONS]) / plan.operations)
        return min(1.0, float(self.state.status[at.LAST_TICKS]) / plan.stop)

    def _fault(self, code: int) -> faults.Fault:
        cpu, pc, ticks, detail = self.state.status[at.FAULT_CPU : at.FAULT_DETAIL + 1].tolist()
        return faults.Fault(code, cpu, pc, ticks, detail, int(self.state.status[at.FAULT_MORE]))

    def _grow_flight(self) -> None:
        """Double the table of interrupts under way, each of which may be in the heap, too."""
        assert self.system is not None
        more = len(self.system.flight)
        self.system.flight = np.concatenate([self.system.flight, np.zeros(more, np.int64)])
        never = np.full(more // FLIGHT_WORDS, NEVER, np.int64)
        self.state.heap = np.concatenate([self.state.heap, never])

    # -------------------------------------------------------------- the end of the warm-up

    def _begin_measuring(self) -> None:
        """Forget what was counted, and charge what is under way from here on only."""
        self.measuring = True
        begin = self.plan.warmup
        cpu = self.state.cpu.reshape(-1, at.CPU_WORDS)
        counters = cpu[:, at.COUNTERS : at.COUNTERS + FIRST_COUNTED]
        asleep = (cpu[:, at.STATE] == at.ASLEEP) & (cpu[:, at.ASLEEP_AT] < begin)
        self.instructions_before = int(counters[:, Counter.INSTRUCTIONS].sum() + asleep.sum())
        self.accesses_before = _accesses(counters)
        counters[:] = 0
        cpu[:, at.ACCOUNT : at.ACCOUNT + len(Cause)] = 0
        for moment in (at.SINCE, at.DONE):
            np.maximum(cpu[:, moment], begin, out=cpu[:, moment])
        cpu[asleep, at.SLEPT] = 1
        if self.system is not None:
            self._system_rows()[:, SYSTEM_COUNTERS:] = 0
        self.state.regions.reshape(-1, at.REGION_ROW)[:, : at.BEGUN] = 0
        self.state.histograms[:] = 0
        self.state.user[:] = 0
        self.state.status[at.OPERATIONS] = 0

    # -------------------------------------------------------------- the end

    def _stop(self, *, empty: bool) -> None:
        """Nothing is left to do before the end: see whether that is how it should be."""
        plan = self.plan
        if not self.measuring:
            self._begin_measuring()
        done = int(self.state.status[at.OPERATIONS])
        cpu = self.state.cpu.reshape(-1, at.CPU_WORDS)
        asleep = cpu[:, at.STATE] == at.ASLEEP
        empty = empty or self._nothing_left(cpu)
        awake_at_end = empty and bool((asleep & (cpu[:, at.ASLEEP_AT] >= plan.stop)).any())
        if empty and asleep.any() and not awake_at_end:
            raise deadlock(plan, [self._sleeper(n) for n in np.flatnonzero(asleep).tolist()])
        if not plan.must_finish:
            self.end = plan.stop
        elif not empty or awake_at_end:
            raise cycle_limit(plan, done)
        elif plan.operations:
            raise halted_early(plan, done)
        else:
            self.end = max(int(self.state.status[at.LAST_TICKS]), plan.warmup)

    def _nothing_left(self, cpu: Ints) -> bool:
        """Whether all that is under way are timers that were set anew, and what nobody awaits."""
        state = cpu[:, at.STATE]
        if self.system is None or ((state != at.ASLEEP) & (state != at.HALTED)).any():
            return False
        timer_at = self._system_rows()[:, TIMER_AT]
        entries = self.system.flight.reshape(-1, FLIGHT_WORDS)[: self.state.status[at.IN_FLIGHT]]
        return not any(
            state[what >> 7] != at.HALTED and (not what & 1 or timer_at[what >> 7] == ticks)
            for ticks, what in entries.tolist()
        )

    def _system_rows(self) -> Ints:
        assert self.system is not None
        return self.system.system.reshape(-1, SYSTEM_WORDS)

    def _sleeper(self, number: int) -> faults.Sleeper:
        row = self.state.cpu[number * at.CPU_WORDS :]
        pc, base = int(row[at.PC]), int(row[at.BASE])
        _, a, b, _, _, _ = self.plan.program.image.code[pc].tolist()
        address = int(self.state.registers[base + a]) + b
        return faults.Sleeper(number, pc, int(row[at.ASLEEP_AT]), address)

    def result(self) -> Result:
        """Put together what was measured."""
        plan, state, image = self.plan, self.state, self.plan.program.image
        cpu = state.cpu.reshape(-1, at.CPU_WORDS)
        account = self._close_account(cpu)
        counters = np.zeros((plan.cpus, len(Counter)), np.int64)
        counters[:, :FIRST_COUNTED] = cpu[:, at.COUNTERS : at.COUNTERS + FIRST_COUNTED]
        if self.system is not None:
            end = SYSTEM_COUNTERS + COUNTED
            counters[:, FIRST_COUNTED:] = self._system_rows()[:, SYSTEM_COUNTERS:end]
        regions = state.regions.reshape(-1, len(image.regions), at.REGION_ROW)[: plan.cpus]
        end_cycles = -(-self.end // TICKS_PER_CYCLE)
        return Result(
            end_cycles=end_cycles,
            measured_cycles=end_cycles - plan.warmup // TICKS_PER_CYCLE,
            operations=int(state.status[at.OPERATIONS]),
            counters=counters,
            account_ticks=account,
            region_count=regions[:, :, at.TIMES].copy(),
            region_sum_cycles=regions[:, :, at.SUM].copy(),
            region_max_cycles=regions[:, :, at.LONGEST].copy(),
            histograms=state.histograms.reshape(-1, BUCKETS),
            user_counters=state.user,
            memory=state.memory,
            instructions_total=self.instructions_before
            + int(counters[:, Counter.INSTRUCTIONS].sum()),
            accesses_total=self.accesses_before + _accesses(counters),
        )

    def _close_account(self, cpu: Ints) -> Ints:
        """Charge what is under way at the end, and count the WAITs that lie before it."""
        account = cpu[:, at.ACCOUNT : at.ACCOUNT + len(Cause)]
        for which, cause, begin, end, _ in self.under_way(cpu, self.end):
            chosen = np.flatnonzero(which)
            account[chosen, cause[chosen]] += (end - begin)[chosen]
        fell = self._asleep_before(cpu, self.end) & (cpu[:, at.SLEPT] == 0)
        for counter in (Counter.WAITS, Counter.INSTRUCTIONS):
            cpu[fell, at.COUNTERS + counter] += 1
        return account.copy()

    def _asleep_before(self, cpu: Ints, end: int) -> Flags:
        """Whose WAIT lies before `end`, and before the last event there."""
        asleep_at = cpu[:, at.ASLEEP_AT]
        before = (asleep_at < end) | ((asleep_at == end) & (np.arange(len(cpu)) < self.end_cpu))
        found: Flags = (cpu[:, at.STATE] == at.ASLEEP) & before
        return found

    def under_way(self, cpu: Ints, end: int) -> list[tuple[Flags, Ints, Ints, Ints, Ints | None]]:
        """What is not charged yet of the time before `end`: each CPU's parts in their order.

        Returns:
            of each part: the CPUs concerned, and by CPU its cause, its beginning, its end, and the
            cause of the part that follows, if one does.
        """
        since, done, asleep_at = (
            np.minimum(cpu[:, moment], end) for moment in (at.SINCE, at.DONE, at.ASLEEP_AT)
        )
        ends = np.full(len(cpu), end)
        asleep = self._asleep_before(cpu, end)
        slept = asleep & (cpu[:, at.SLEPT] == 1)
        fell = asleep & ~slept
        queued = cpu[:, at.STATE] == at.QUEUED
        computing = ~slept & ~queued
        code = self.plan.program.image.code
        wait_cause = code[np.where(asleep, cpu[:, at.PC], 0), 3]
        access = np.where(code[cpu[:, at.PC], 0] == Op.TOUCH, Cause.TLB, Cause.MEMORY)
        cause = cpu[:, at.CAUSE]
        return [
            (computing, cpu[:, at.DOING], since, done, cause),
            (computing & ~fell, cause, done, ends, None),
            (fell, cause, done, asleep_at, None),
            (fell, wait_cause, asleep_at, ends, None),
            (slept, wait_cause, since, ends, None),
            (queued, access, since, ends, None),
        ]


def _accesses(counters: Ints) -> int:
    return int(counters[:, [Counter.LOADS, Counter.STORES, Counter.ATOMICS]].sum())


def warm_up(*, systems: bool = False) -> None:
    """Compile the engine, or load its machine code, before workers need it.

    Args:
        systems: also for images with instructions that kernels need.
    """
    simulate(*tiny_run(system=False))
    if systems:
        simulate(*tiny_run(system=True))
