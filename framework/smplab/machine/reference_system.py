"""The reference's instructions for kernels: interrupts, contexts, instrumentation.

`smplab.machine.reference` has the machine without them; here are those that
`smplab.language.isa` has from 64 on, and what interrupts do to DELAY and WAIT.
"""

from __future__ import annotations

import heapq

from smplab.language.image import LINE_WORDS, Program
from smplab.language.isa import FREE, Cause, Op
from smplab.machine import faults
from smplab.machine.description import TICKS_PER_CYCLE, Machine
from smplab.machine.plan import Ints, Plan, make_plan
from smplab.machine.reference import CPU, INTERRUPT
from smplab.machine.reference_cpu import Cpu, Stopped
from smplab.machine.reference_translation import TranslatingRun
from smplab.machine.reference_unit import Context, Cut
from smplab.machine.result import Counter, Limits, Result
from smplab.machine.system_state import MAX_TIMER_CYCLES


def simulate_reference(
    program: Program,
    machine: Machine,
    cpus: Ints,
    seed: int,
    limits: Limits,
    instr_cycles: float = 1.0,
) -> Result:
    """Run a program on a machine, as `smplab.machine.simulate` does.

    Raises:
        MachineError: the request cannot be met.
        SimulationError: the diagnosis of a run that went wrong.
    """
    plan = make_plan(program, machine, cpus, seed, limits, instr_cycles)
    run = SystemRun(plan, *boot(plan))
    run.until_end()
    return run.result()


def boot(plan: Plan) -> tuple[list[int], list[int]]:
    """Let the boot routine give memory and ghost memory their first values; return both."""
    memory, ghost = [0] * plan.program.memory_words, [0] * plan.program.ghost_words
    if plan.program.image.boot >= 0:
        SystemRun(plan.for_boot(), memory, ghost).until_end()
    return memory, ghost


class SystemRun(TranslatingRun):
    """One run of any image."""

    # ------------------------------------------------------------------ interrupts

    def _arrive(self, number: int) -> None:
        cpu = self.cpus[number >> 7]
        unit, vector, by_timer = self._unit(cpu), number >> 1 & 63, number & 1
        if not self._awaited(self.now, number):
            return
        self.last = self.now
        if by_timer:
            unit.timer_at = 0
        self._count(cpu, Counter.TIMER_TICKS if by_timer else Counter.IPIS_RECEIVED)
        self._count(cpu, Counter.MERGED, int(vector in unit.pending))
        unit.pending.add(vector)
        if not unit.on:
            self._count(cpu, Counter.MASKED)
            unit.event = True
        if cpu.waiting_for is not None:
            self.lines[cpu.waiting_for // LINE_WORDS].sleepers.remove(cpu.number)
            cpu.waiting_for = None
            cpu.seen = None
            cpu.timeline.append((self.now, cpu.cause))
            heapq.heappush(self.events, (self.now, CPU, cpu.number))
        elif unit.ends is not None:
            self.events.remove((unit.ends, CPU, cpu.number))
            heapq.heapify(self.events)
            unit.left, unit.ends = unit.ends - self.now, None
            heapq.heappush(self.events, (self.now, CPU, cpu.number))

    def _awaited(self, ticks: int, number: int) -> bool:
        """Whether an interrupt under way means anything when it arrives."""
        cpu = self.cpus[number >> 7]
        return not cpu.halted and (not number & 1 or self._unit(cpu).timer_at == ticks)

    def _anything_left(self) -> bool:
        return any(
            kind != INTERRUPT or self._awaited(ticks, number) for ticks, kind, number in self.events
        )

    def _begin_handler(self, cpu: Cpu) -> None:
        unit, context = self._unit(cpu), self._context(cpu)
        vector = min(unit.pending)
        if context.cut is not None:
            raise Stopped(faults.NESTED, vector)
        unit.pending.remove(vector)
        self._count(cpu, Counter.INTERRUPTS)
        context.cut = Cut(cpu.pc, cpu.base, cpu.registers, cpu.stack, cpu.cause, unit.left)
        unit.on, unit.left = False, None
        cpu.pc, cpu.base, cpu.stack = self.image.handlers[vector], 0, []
        cpu.registers = context.handler_registers
        entry = self.plan.costs.interrupt_entry * TICKS_PER_CYCLE
        self._go_on(cpu, self._spend(cpu, entry, Cause.IPI, Cause.IPI))

    def _end_handler(self, cpu: Cpu) -> None:
        unit, context = self._unit(cpu), self._context(cpu)
        cut = context.cut
        if cut is None:
            raise Stopped(faults.NO_HANDLER)
        context.cut = None
        cpu.pc, cpu.base, cpu.registers, cpu.stack = cut.pc, cut.base, cut.registers, cut.stack
        cpu.seen = None
        unit.on, unit.left = True, cut.left
        self._count(cpu, Counter.INSTRUCTIONS)
        leaving = self.plan.costs.interrupt_exit * TICKS_PER_CYCLE
        after = self._spend(cpu, leaving, Cause.IPI, cut.cause)
        heapq.heappush(self.events, (after, CPU, cpu.number))

    def _send(self, cpu: Cpu, target: int, vector: int) -> int:
        if not 0 <= target < self.plan.cpus:
            raise Stopped(faults.TARGET, target)
        costs = self.plan.costs
        self._count(cpu, Counter.IPIS_SENT)
        after = self._spend(cpu, costs.ipi_send * TICKS_PER_CYCLE, Cause.IPI, cpu.cause)
        arrival = after + costs.ipi * TICKS_PER_CYCLE + self._distance(cpu, self.cpus[target])
        self._under_way(arrival, target << 7 | vector << 1)
        return after

    def _under_way(self, arrival: int, what: int) -> int:
        arrival = max(arrival, self.now + 1)
        heapq.heappush(self.events, (arrival, INTERRUPT, what))
        return arrival

    def _set_timer(self, cpu: Cpu, cycles: int, vector: int) -> None:
        if not 0 <= cycles <= MAX_TIMER_CYCLES:
            raise Stopped(faults.TIMER, cycles)
        what = cpu.number << 7 | vector << 1 | 1
        ticks = cycles * TICKS_PER_CYCLE
        self._unit(cpu).timer_at = self._under_way(ticks, what) if cycles else 0

    # ------------------------------------------------------------------ instructions

    def _execute(self, cpu: Cpu) -> None:
        op, unit = Op(cpu.row[0]), self._unit(cpu)
        try:
            if unit.on and unit.pending and unit.walk is None:
                self._begin_handler(cpu)
            elif op is Op.DELAY and unit.left is not None:
                self._delay_until(cpu, self.now + unit.left)
            elif op is Op.DELAY and unit.ends is not None:
                unit.ends = None
                cpu.pc += 1
                self._go_on(cpu, self.now)
            elif op is Op.DELAY and unit.on:
                self._count(cpu, Counter.INSTRUCTIONS)
                self._delay_until(cpu, self.now + self._delay(cpu, cpu[cpu.row[1]]))
            elif op is Op.TOUCH:
                self._touch(cpu)
            elif op is Op.IRET:
                self._end_handler(cpu)
            elif op >= Op.ENABLE:
                after = self._system(cpu, op)
                self._count(cpu, Counter.INSTRUCTIONS, int(op not in FREE))
                cpu.pc += 1
                self._go_on(cpu, after)
            else:
                super()._execute(cpu)
        except Stopped as stopped:
            raise self._fault(cpu, stopped) from None

    def _delay_until(self, cpu: Cpu, ticks: int) -> None:
        """The rest of a delay that an interrupt may put off."""
        unit = self._unit(cpu)
        unit.ends, unit.left = ticks, None
        heapq.heappush(self.events, (ticks, CPU, cpu.number))

    def _wait(self, cpu: Cpu) -> None:
        unit = self._unit(cpu)
        if unit.event:
            self._line_at(self._address(cpu))
            unit.event = False
            self._count(cpu, Counter.INSTRUCTIONS)
            cpu.pc += 1
            self._go_on(cpu, self.now + self._instr(cpu))
        else:
            super()._wait(cpu)

    def _system(self, cpu: Cpu, op: Op) -> int:
        """Execute an instruction; returns when the CPU is done."""
        _, a, b, c, _, _ = cpu.row
        unit, costs = self._unit(cpu), self.plan.costs
        after = self.now + (0 if op in FREE else self._instr(cpu))
        match op:
            case Op.ENABLE:
                unit.on = True
            case Op.DISABLE:
                cpu[a] = unit.on
                unit.on = False
            case Op.ENTER:
                unit.on = False
                self._count(cpu, Counter.KERNEL_ENTRIES)
                entry = costs.kernel_entry * TICKS_PER_CYCLE
                after = self._spend(cpu, entry, Cause.KERNEL, Cause.KERNEL)
            case Op.EXIT:
                unit.on = True
                leaving = costs.kernel_exit * TICKS_PER_CYCLE
                after = self._spend(cpu, leaving, Cause.KERNEL, Cause.USER)
            case Op.SEND:
                after = self._send(cpu, cpu[a], b)
            case Op.TIMER:
                self._set_timer(cpu, cpu[a], b)
            case Op.TAKE:
                cpu[a] = b in unit.pending
                unit.pending.discard(b)
            case Op.CREATE:
                self._create(cpu[a], b, cpu[c])
            case Op.SWITCH:
                after = self._switch(cpu, cpu[a])
            case Op.CONTEXT:
                cpu[a] = unit.context
            case Op.REUSE:
                frame = self._frame(cpu[a])
                frame.reuses, frame.reused_by = frame.reuses + 1, cpu.pc
            case Op.POINT:
                cpu[a] = self.points[b]
            case Op.TOGGLE:
                self.points[a] = int(cpu[b] != 0)
                after = self.now + costs.toggle * TICKS_PER_CYCLE
            case _:
                after = self._translation(cpu, op, a, b)
        return after

    # ------------------------------------------------------------------ contexts

    def _idle_context(self, number: int) -> Context:
        if not 0 <= number < len(self.contexts):
            raise Stopped(faults.CONTEXT, number)
        context = self.contexts[number]
        if context.on_cpu is not None:
            raise Stopped(faults.RUNS, number, context.on_cpu)
        return context

    def _create(self, number: int, start: int, argument: int) -> None:
        old = self._idle_context(number)
        registers = [argument] + [0] * (len(old.registers) - 1)
        self.contexts[number] = Context(registers, old.handler_registers, made=True, pc=start)

    def _switch(self, cpu: Cpu, number: int) -> int:
        new = self._idle_context(number)
        if not new.made:
            raise Stopped(faults.UNMADE, number)
        unit, old = self._unit(cpu), self._context(cpu)
        self._count(cpu, Counter.SWITCHES)
        old.on_cpu, new.on_cpu = None, cpu.number
        old.pc, old.base, old.registers, old.stack = cpu.pc + 1, cpu.base, cpu.registers, cpu.stack
        old.begun, old.on, old.cause = cpu.begun, unit.on, cpu.cause
        cpu.pc, cpu.base, cpu.registers, cpu.stack = new.pc - 1, new.base, new.registers, new.stack
        cpu.begun, unit.on, unit.context = new.begun, new.on, number
        cpu.seen = None
        return self._spend(cpu, self.plan.costs.switch * TICKS_PER_CYCLE, cpu.cause, new.cause)
