"""The stepper of an image with the instructions of kernels; see `smplab.verify.stepper`."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from typing import Self

from smplab.language.image import LINE_WORDS
from smplab.language.isa import FIRST_SYSTEM, Op
from smplab.machine import faults
from smplab.machine.reference_cpu import Stopped
from smplab.machine.reference_unit import Context, Cut
from smplab.machine.system_state import MAX_TIMER_CYCLES
from smplab.verify.boundaries import BROADCASTS, DROPS, SERIALISING, stops
from smplab.verify.irq import NO_TIMER, Irq
from smplab.verify.stepper import Walker
from smplab.verify.translation_stepper import Phase, TranslatingStepper, Unit
from smplab.verify.verdict import Action, Event

ASLEEP: Phase = ("asleep",)
STOPPED: Phase = ("stopped",)


class SystemStepper(TranslatingStepper):
    """The system between two actions, with what kernels need.

    Attributes:
        contexts: those in which CPUs started, and the pool.
        points: whether each instrumentation point is on.
    """

    def _prepare(self) -> None:
        image = self.program.image
        words = 2 * image.registers
        self._interruptible = bool(image.vectors)
        used = set(image.code[:, 0].tolist())
        self._switching = bool({Op.SWITCH, Op.CREATE} & used)
        self._translated = Op.TOUCH in used
        count = self.program.cpus + self.program.contexts
        self.contexts = [Context([0] * words, [0] * words) for _ in range(count)]
        self.units = [Unit(c.number, Irq((0,) * len(image.vectors))) for c in self.cpus]
        self.points = [0] * len(image.points)
        for cpu in self.cpus:
            context = self.contexts[cpu.number]
            context.made, context.on_cpu, context.registers = True, cpu.number, cpu.registers

    def clone(self) -> Self:
        """Return an independent copy."""
        other = super().clone()
        other.units = [dataclasses.replace(unit) for unit in self.units]
        other.contexts = [_copied(context) for context in self.contexts]
        other.points = list(self.points)
        return other

    def key(self) -> Hashable:
        """Return all that the future depends on, and dead registers."""
        units = tuple(repr(unit) for unit in self.units)
        contexts = tuple(
            (c.made, c.on_cpu, c.cut and repr(c.cut), tuple(c.handler_registers))
            if c.on_cpu is not None
            else repr(c)
            for c in self.contexts
        )
        return super().key(), units, contexts, tuple(self.points)

    # ------------------------------------------------------------------ what can happen

    def actions(self) -> list[Action]:
        """Everything that can happen next."""
        found = super().actions()
        kinds = len(self.program.image.vectors) + 1 if self._interruptible else 0
        for unit, cpu in zip(self.units, self.cpus, strict=True):
            found += [
                Action(cpu.number, choice=which, arrival=True)
                for which in range(kinds)
                if unit.irq.lost(which) is not None
            ]
        return found

    def enabled(self, cpu: Walker) -> bool:
        """Whether a CPU's next ordered instruction, or a handler, can begin now."""
        op, unit = Op(cpu.row[0]), self.units[cpu.number]
        if cpu.stopped or unit.phase == STOPPED:
            return False
        empty = not self.buffers[cpu.number]
        if self._takes(cpu):
            return empty
        if unit.phase == ASLEEP:
            return False
        if op in SERIALISING and not (unit.phase and op in BROADCASTS):
            return empty
        if op is Op.HALT:
            return unit.on and self._interruptible
        return (op is Op.WAIT and self._interruptible) or super().enabled(cpu)

    @property
    def asleep(self) -> list[int]:
        """CPUs in WAIT."""
        if not self._interruptible:
            return super().asleep
        return [c.number for c in self.cpus if self.units[c.number].phase == ASLEEP]

    def _takes(self, cpu: Walker) -> bool:
        """Whether a CPU begins a handler in the place of its next instruction."""
        unit = self.units[cpu.number]
        return unit.on and unit.irq.pending > 0 and unit.phase in ((), ASLEEP)

    def _choices(self, cpu: Walker) -> tuple[int, ...]:
        if self.units[cpu.number].phase[:1] == ("hit",):
            return (0, 1)
        return super()._choices(cpu)

    # ------------------------------------------------------------------ doing it

    def do(self, action: Action) -> list[Event]:
        """Perform an action, which must be possible; return what happened."""
        if action.arrival:
            return [self._arrive(self.cpus[action.cpu], action.choice)]
        return super().do(action)

    def _arrive(self, cpu: Walker, which: int) -> Event:
        unit, names = self.units[cpu.number], self.program.image.vectors
        timer = which == len(names)
        vector = unit.irq.timer if timer else which
        wakes = unit.phase == ASLEEP and not unit.on
        after = unit.irq.noted(which)
        if cpu.row[0] == Op.HALT and (not unit.on or unit.phase == STOPPED):
            after = unit.irq.lost(which)
        elif unit.on or wakes:
            after = unit.irq.arrived(which)
        if after is None:
            raise ValueError(f"no interrupt {which} is under way to CPU {cpu.number}")
        unit.irq = after
        if wakes:
            cpu.watch = None
            self._wake(cpu)
        text = f"interrupt {names[vector]}" + (", the timer" if timer else "")
        return Event(cpu.number, -1, "arrival", "", text)

    def _wake(self, cpu: Walker) -> None:
        unit = self.units[cpu.number]
        if not self._interruptible:
            super()._wake(cpu)
        elif unit.phase == ASLEEP:
            unit.phase = ()
            cpu.pc += 1
            self._start(cpu, woken=True)

    def _execute(self, cpu: Walker, choice: int) -> Event:
        pc, op = cpu.pc, Op(cpu.row[0])
        values = place = ""
        takes = self._takes(cpu)
        special = op >= FIRST_SYSTEM or op in (Op.DELAY, Op.HALT)
        special |= op is Op.WAIT and self._interruptible
        if not takes and not special:
            return super()._execute(cpu, choice)
        try:
            if takes:
                pc, op_name, values = self._begin_handler(cpu)
                self._settle(cpu)
                return Event(cpu.number, pc, op_name, "", values)
            if op is not Op.WAIT:
                self._refuse_outside(cpu, op)
            if op is Op.TOUCH:
                place, values = self.touch(cpu, choice)
            else:
                values = self._system(cpu, op)
            self._settle(cpu)
        except Stopped as stopped:
            cpu.stopped = stopped
        return Event(cpu.number, pc, op.name, place, values)

    def _begin_handler(self, cpu: Walker) -> tuple[int, str, str]:
        unit, image = self.units[cpu.number], self.program.image
        context, vector = self.contexts[unit.context], unit.irq.first
        if context.cut is not None:
            raise Stopped(faults.NESTED, vector)
        context.cut = Cut(cpu.pc, cpu.base, cpu.registers, cpu.stack, 0, None)
        cpu.watch = None if unit.phase == ASLEEP else cpu.watch
        unit.on, unit.phase, unit.irq = False, (), unit.irq.taken(vector)
        cpu.pc, cpu.base, cpu.stack = image.handlers[vector], 0, []
        cpu.registers = context.handler_registers
        return cpu.pc, "handler", image.vectors[vector]

    def _end_handler(self, cpu: Walker) -> None:
        unit = self.units[cpu.number]
        context = self.contexts[unit.context]
        cut = context.cut
        assert cut is not None
        context.handler_registers, context.cut = cpu.registers, None
        cpu.pc, cpu.base, cpu.registers, cpu.stack = cut.pc, cut.base, cut.registers, cut.stack
        cpu.watch, unit.on = None, True

    def _system(self, cpu: Walker, op: Op) -> str:
        """Execute an instruction; return what it met, in words."""
        _, a, b, c, _, _ = cpu.row
        unit = self.units[cpu.number]
        if op is Op.IRET:
            self._end_handler(cpu)
            return ""
        if op is Op.WAIT:
            if not unit.irq.event and cpu.watch == self._address(cpu) // LINE_WORDS:
                unit.phase = ASLEEP
                return "asleep"
            values = "ended by an interrupt" if unit.irq.event else ""
            unit.irq = unit.irq._replace(event=0)
            cpu.pc += 1
            return values
        if op is Op.HALT:
            unit.phase = STOPPED
            return ""
        if op is Op.SWITCH:
            return self._switch(cpu, cpu[a])
        values = ""
        if op is Op.SEND:
            there = self.units[cpu[a]]
            there.irq = there.irq.sent(b)
            values = f"{self.program.image.vectors[b]} to CPU {cpu[a]}"
        elif op is Op.TIMER:
            unit.irq = unit.irq._replace(timer=b if cpu[a] else NO_TIMER)
        elif op is Op.TAKE:
            cpu[a], unit.irq = unit.irq.pending >> b & 1, unit.irq.taken(b)
            values = str(cpu[a])
        elif op is Op.CREATE:
            old = self._idle_context(cpu[a])
            registers = [cpu[c]] + [0] * (len(old.registers) - 1)
            self.contexts[cpu[a]] = Context(registers, old.handler_registers, made=True, pc=b)
            values = f"context {cpu[a]}"
        elif op is Op.POINT:
            cpu[a] = self.points[b]
            values = str(cpu[a])
        elif op is Op.TOGGLE:
            self.points[a] = int(cpu[b] != 0)
        elif op in DROPS | BROADCASTS or op is Op.REUSE:
            self.forget(cpu, op)
        else:
            self._at_once(cpu, op)
        cpu.pc += 1
        return values

    def _idle_context(self, number: int) -> Context:
        context = self.contexts[number]
        if context.on_cpu is not None:
            raise Stopped(faults.RUNS, number, context.on_cpu)
        return context

    def _switch(self, cpu: Walker, number: int) -> str:
        new = self._idle_context(number)
        if not new.made:
            raise Stopped(faults.UNMADE, number)
        unit = self.units[cpu.number]
        old = self.contexts[unit.context]
        old.on_cpu, new.on_cpu = None, cpu.number
        old.pc, old.base, old.registers, old.stack = cpu.pc + 1, cpu.base, cpu.registers, cpu.stack
        old.on, unit.on = unit.on, new.on
        cpu.pc, cpu.base, cpu.registers, cpu.stack = new.pc, new.base, new.registers, new.stack
        cpu.watch, unit.context = None, number
        return f"to context {number}"

    def _passes(self, cpu: Walker, op: Op) -> bool:
        if op < FIRST_SYSTEM and op is not Op.DELAY:
            return super()._passes(cpu, op)
        on, buffered = self.units[cpu.number].on, self._depth > 0
        if stops(op, on, self._interruptible, buffered, self._translated):
            return False
        self._refuse_outside(cpu, op)
        self._at_once(cpu, op)
        return True

    def _at_once(self, cpu: Walker, op: Op) -> None:
        """Execute an instruction that changes this CPU alone."""
        _, a, b, _, _, _ = cpu.row
        unit = self.units[cpu.number]
        if op is Op.CONTEXT:
            cpu[a] = unit.context
        elif op is Op.DISABLE:
            cpu[a] = int(unit.on)
        if op in (Op.DISABLE, Op.ENTER):
            unit.on = False
        elif op in (Op.ENABLE, Op.EXIT):
            unit.on = True
        elif op is Op.SPACE:
            unit.space, unit.root = cpu[a], cpu[b]

    def _refuse_outside(self, cpu: Walker, op: Op) -> None:
        """An instruction that cannot be executed fails where it stands."""
        if op < FIRST_SYSTEM or op is Op.TOUCH:
            if op is Op.TOUCH:
                self.refuse_touch(cpu)
            elif op is not Op.DELAY:
                super()._refuse_outside(cpu, op)
            return
        operand, unit = cpu[cpu.row[1]], self.units[cpu.number]
        if op is Op.SEND and not 0 <= operand < len(self.cpus):
            raise Stopped(faults.TARGET, operand)
        if op is Op.TIMER and not 0 <= operand <= MAX_TIMER_CYCLES:
            raise Stopped(faults.TIMER, operand)
        if op is Op.IRET and self.contexts[unit.context].cut is None:
            raise Stopped(faults.NO_HANDLER)
        if op is Op.REUSE and not 0 <= operand < self.program.frames:
            raise Stopped(faults.FRAME, operand)
        if op in (Op.CREATE, Op.SWITCH):
            if not 0 <= operand < len(self.contexts):
                raise Stopped(faults.CONTEXT, operand)
            if operand == unit.context:
                raise Stopped(faults.RUNS, operand, cpu.number)


def _copied(context: Context) -> Context:
    cut = context.cut
    if cut is not None:
        cut = dataclasses.replace(cut, registers=list(cut.registers), stack=list(cut.stack))
    return dataclasses.replace(
        context, cut=cut, registers=list(context.registers), stack=list(context.stack),
        handler_registers=list(context.handler_registers),
    )  # fmt: skip
