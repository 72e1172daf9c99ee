"""The automaton of an image with the instructions of kernels.

Nearly all that is new is private to a CPU and part of its local state (`smplab.verify.unit`). What
CPUs share, and what arrivals change, are words of areas of their own: contexts, interrupt
controllers (`irq`), TLBs (`tlb`), instrumentation points. An instruction that changes several such
words is several transitions that the search makes at once.

Merging steps stays sound: with interrupts on nothing is merged, since a handler could begin in
between; with them off an arrival changes this CPU's interrupt controller and its flag `event` only,
so it commutes with all steps but those that read the controller, and those that turn interrupts on,
before which it is noted and after which it is not. These are never merged.

Between local states of a context that runs here and there nothing is identified: there is no
symmetry reduction for these images, whose CPUs have contexts, controllers and TLBs of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from smplab.language.image import LINE_WORDS
from smplab.language.isa import FIRST_SYSTEM, Cause, Op
from smplab.machine import faults
from smplab.machine.system_state import MAX_TIMER_CYCLES
from smplab.verify import tables as t
from smplab.verify.automaton import Local, Step
from smplab.verify.boundaries import BROADCASTS, DROPS, SERIALISING, stops
from smplab.verify.irq import MAX_UNDER_WAY, NO_TIMER, Irq, IrqTable
from smplab.verify.tlb import Tlb
from smplab.verify.translation import Effect, Translating
from smplab.verify.unit import UNMADE, Cut, Running, Saved, Unit
from smplab.verify.words import Area

ASLEEP = ("asleep",)
STOPPED = ("stopped",)
PLACES = frozenset({Op.DELAY, Op.HALT})
"""Ordinary instructions in the place of which a handler may begin."""


class SystemAutomaton(Translating):
    """CPUs with interrupts, contexts and translation."""

    # ------------------------------------------------------------------ words, first states

    def _prepare(self) -> None:
        image = self.program.image
        used = {Op(op) for op in set(image.code[:, 0].tolist())}
        self._irq = IrqTable(len(image.vectors))
        self.arrivals, self.irq = self._irq.arrivals, self._irq.table
        if self.arrivals:  # first of all words: the search takes the c-th for CPU c's
            for cpu in range(self.cpus):
                self.words.add(Area.IRQ, cpu, self._irq.values, self._irq.numbers)
        first = len(self.words.key)
        if Op.SWITCH in used or Op.CREATE in used:
            for n in range(self.cpus + self.program.contexts):
                state: Any = Running(n) if n < self.cpus else UNMADE
                self.words.add(Area.CONTEXT, n, [state], {state: 0})
        self.contexts = range(first, len(self.words.key))
        code = image.code
        self._marked = bool(np.any((code[:, 0] == Op.END) & (code[:, 1] == 0)))
        self.translated, self.broadcasting = Op.TOUCH in used, bool(BROADCASTS & used)
        first = len(self.words.key)
        if self.translated:
            for cpu in range(self.cpus):
                self.words.add(Area.TLB, cpu, [Tlb()], {Tlb(): 0})
        self.tlbs = range(first, len(self.words.key))
        self._points = range(len(self.words.key), len(self.words.key) + len(image.points))
        for point in range(len(image.points)):
            self.words.add(Area.POINT, point, [0], {0: 0})
        self._spare = 0
        for handler in image.handlers:
            self._spare |= self.flow.live[handler]
        self._switches: list[int] = []
        self._resumed_on = False

    def _begin(self, cpu: int) -> None:
        self.unit = Unit(cpu)
        super()._begin(cpu)

    def _resume(self, state: Local) -> None:
        super()._resume(state)
        assert state.unit is not None
        self.unit = state.unit._replace(phase=()) if state.unit.phase == ASLEEP else state.unit

    def _local(self, watch: int, pending: int) -> Local:
        return super()._local(watch, pending)._replace(unit=self.unit)

    def _on(self) -> bool:
        """Whether a handler may begin."""
        return bool(self.arrivals and self.unit.on)

    def at_rest(self, fields: list[int], depth: int) -> bool:
        """Whether all threads have done what they were to do, and CPUs idle for want of others.

        That is, operations are marked, none is open, and who waits does so in `cpu.idle`.
        """
        if not self.contexts or not self._marked:
            return False
        for cpu, rank in enumerate(fields[: self.cpus]):
            state = self.states[rank * self.cpus + cpu]
            assert state is not None
            op, _, _, cause, _, _ = self.rows[state.pc]
            if op != Op.HALT and (state.pending or op != Op.WAIT or cause != Cause.IDLE):
                return False
        first = self.cpus * (1 + depth)
        saved = (self.words.value(slot, fields[first + slot]) for slot in self.contexts)
        return not any(isinstance(state, Saved) and state.pending for state in saved)

    # ------------------------------------------------------------------ transitions

    def resolve(self, number: int, value: int) -> None:
        """Fill in the transition of a local state that meets a value, as `Automaton.resolve`."""
        state = self.states[number]
        assert state is not None
        assert state.unit is not None
        op = Op(self.rows[state.pc][0])
        special = op >= FIRST_SYSTEM or op in PLACES or (op is Op.WAIT and self.arrivals)
        if value < t.TRAP and not special:
            super().resolve(number, value)
            return
        cpu = number % self.cpus
        self._resume(state)
        if value >= t.TRAP:
            effect = self._trap(state, value - t.TRAP)
        elif op is Op.TOUCH:
            effect = self.touch(cpu, state, value)
        else:
            effect = self._perform(cpu, state, op, value)
        if self._processor.fault:
            p = self._processor
            failed = state._replace(registers=(), watch=-1, fault=p.fault, detail=p.detail)
            self._enter(number, (self._intern(cpu, failed), effect.written, 0, value))
            return
        ended = 0
        if effect.waits:
            rank = self._intern(cpu, self._local(effect.watch, state.pending))
        else:
            self.unit = self.unit._replace(phase=())
            rank, ended = self._go_on(cpu, effect.watch, effect.pending)
        self._enter(number, (rank, effect.written, ended, value))

    def _fail(self, code: int, detail: int = 0) -> Effect:
        self._processor.fault, self._processor.detail = code, detail
        return Effect()

    def _trap(self, state: Local, vector: int) -> Effect:
        """Begin a handler."""
        if self.unit.cut is not None:
            return self._fail(faults.NESTED, vector)
        cut = Cut(state.pc, state.base, state.frames, state.registers)
        image = self.program.image
        registers = (*self.unit.spare, *(0,) * (image.registers - len(self.unit.spare)))
        slept = state.unit is not None and state.unit.phase == ASLEEP
        self.unit = self.unit._replace(on=0, cut=cut, spare=(), phase=())
        self._processor.put(image.handlers[vector], 0, (), registers)
        return Effect(watch=-1 if slept else state.watch, pending=state.pending)

    def _perform(self, cpu: int, state: Local, op: Op, value: int) -> Effect:
        """Execute an instruction, or one of its transitions."""
        p, unit = self._processor, self.unit
        _, a, b, _, _, _ = self.rows[p.pc]
        done = Effect(watch=state.watch, pending=state.pending)
        if op in (Op.CREATE, Op.SWITCH):
            return self._context(cpu, state, op, value)
        if op in (Op.WAIT, Op.SEND, Op.TIMER, Op.TAKE):
            done = self._controller(op, state, self.words.value(cpu, value), done)
        elif op is Op.IRET:
            assert unit.cut is not None
            bits, top = self._spare, self._spare.bit_length()
            kept = p.registers[:top].tolist()
            spare = tuple(r if bits >> n & 1 else 0 for n, r in enumerate(kept))
            self.unit = unit._replace(on=1, cut=None, spare=spare if any(spare) else ())
            p.put(*unit.cut)
            return done._replace(watch=-1)
        elif op is Op.POINT:
            p[a] = self.words.value(self._points[b], value)
        elif op is Op.TOGGLE:
            written = self.words.number(self._points[a], int(p[b] != 0))
            done = done._replace(written=written)
        elif op is Op.HALT:
            self.unit = unit._replace(phase=STOPPED)
            return done._replace(waits=True)
        elif op in DROPS | BROADCASTS or op is Op.REUSE:
            done = self.forget(cpu, op, value, done)
        else:
            self._passes_at_once(op)
        p.pc += not done.waits
        return done

    def _controller(self, op: Op, state: Local, irq: Irq, done: Effect) -> Effect:
        """Execute an instruction that meets an interrupt controller, its own or that of another."""
        p = self._processor
        _, a, b, _, _, _ = self.rows[p.pc]
        after = irq
        if op is Op.WAIT:
            if not irq.event and state.watch == (p[a] + b) // LINE_WORDS:
                self.unit = self.unit._replace(phase=ASLEEP)
                return done._replace(waits=True)
            after = irq._replace(event=0)
        elif op is Op.SEND:
            after = irq.sent(b)
            if irq.full(b):
                name = self.program.image.vectors[b]
                self.bounds = (f"{MAX_UNDER_WAY} interrupts {name} under way to one CPU",)
        elif op is Op.TIMER:
            after = irq._replace(timer=b if p[a] else NO_TIMER)
        else:
            p[a] = irq.pending >> b & 1
            after = irq.taken(b)
        written = -1 if after == irq else self._irq.number(after)
        return done._replace(written=written)

    def _context(self, cpu: int, state: Local, op: Op, value: int) -> Effect:
        """Execute CREATE, or one of the two transitions of SWITCH."""
        p, unit = self._processor, self.unit
        _, a, start, c, _, _ = self.rows[p.pc]
        done = Effect(watch=state.watch, pending=state.pending)
        if op is Op.SWITCH and not unit.phase:
            chosen = p[a]
            p.pc += 1
            frames, registers = self._needed()
            saved = Saved(
                self._same[p.pc], p.base, frames, registers, state.pending, unit.on, unit.cut,
                unit.spare,
            )  # fmt: skip
            if self._on() and not self._resumed_on:
                self._resumed_on = True
                for number in self._switches:
                    self.sharing.forbid(number)
            p.pc -= 1
            p.put(state.pc, 0, (), (0,) * self.program.image.registers)
            self.unit = Unit(unit.context, space=unit.space, root=unit.root,
                             phase=("resume", chosen))  # fmt: skip
            number = self.words.number(self.contexts[unit.context], saved)
            return done._replace(waits=True, watch=-1, written=number)
        chosen = p[a] if op is Op.CREATE else int(unit.phase[1])
        slot = self.contexts[chosen]
        there = self.words.value(slot, value)
        if isinstance(there, Running):
            return self._fail(faults.RUNS, chosen)
        if op is Op.CREATE:
            live = self.flow.live[start]
            argument = (p[c],) if live & 1 and p[c] else ()
            spare = there.spare if isinstance(there, Saved) else ()
            made = Saved(self._same[start], 0, (), argument, 0, 0, None, spare)
            p.pc += 1
            return done._replace(written=self.words.number(slot, made))
        if not isinstance(there, Saved):
            return self._fail(faults.UNMADE, chosen)
        image = self.program.image
        rest = (0,) * (image.registers - len(there.registers))
        p.put(there.pc, there.base, there.frames, (*there.registers, *rest))
        self.unit = Unit(chosen, there.on, there.cut, there.spare, unit.space, unit.root)
        running = self.words.number(slot, Running(cpu))
        return Effect(written=running, pending=there.pending)

    def _passes(self, op: Op) -> bool:
        if op < FIRST_SYSTEM and op is not Op.DELAY:
            return super()._passes(op)
        if stops(op, bool(self.unit.on), bool(self.arrivals), self.buffered, self.translated):
            return False
        if any(self._refused(op)):
            return False
        self._passes_at_once(op)
        return True

    def _passes_at_once(self, op: Op) -> None:
        """Execute an instruction that changes the local state alone."""
        p, unit = self._processor, self.unit
        _, a, b, _, _, _ = self.rows[p.pc]
        if op is Op.CONTEXT:
            p[a] = unit.context
        elif op is Op.DISABLE:
            p[a] = unit.on
        if op in (Op.DISABLE, Op.ENTER):
            self.unit = unit._replace(on=0)
        elif op in (Op.ENABLE, Op.EXIT):
            self.unit = unit._replace(on=1)
        elif op is Op.SPACE and self.translated:
            self.unit = unit._replace(space=p[a], root=p[b])

    # ------------------------------------------------------------------ tables

    def _describe(self, cpu: int, number: int, state: Local) -> None:
        super()._describe(cpu, number, state)
        assert state.unit is not None
        row = self.local.rows[number]
        row[t.ON], row[t.CONTEXT] = state.unit.on, state.unit.context
        takes = self.arrivals and state.unit.on and row[t.KIND] not in (t.HALTED, t.FAULT)
        row[t.TRAPS] = bool(takes) and state.unit.phase in ((), ASLEEP)
        if self.rows[state.pc][0] == Op.SWITCH and not state.unit.phase:
            self._switches.append(number)
            if self._resumed_on:
                self.sharing.forbid(number)

    def _step(self, cpu: int, state: Local) -> Step:
        assert state.unit is not None
        if state.unit.phase == STOPPED:
            return Step(state, t.HALTED)
        if state.unit.phase == ASLEEP:
            return Step(state, t.ASLEEP, room=1)
        p = self._processor
        op = Op(self.rows[p.pc][0])
        if op is Op.TOUCH:
            step = self.touching(cpu, state)
        elif op is Op.WAIT and self.arrivals:
            step = Step(state, t.EXCHANGE, cpu, room=2, like=Op.SWAP, merge=False)
        elif op >= FIRST_SYSTEM or op is Op.DELAY or (op is Op.HALT and self._on()):
            step = self._system_step(cpu, state, op)
        else:
            step = super()._step(cpu, state)
            if op is Op.END and self.contexts:  # it belongs to the context that runs before it
                step = step._replace(merge=False)
        if self._on() and not state.unit.phase:
            step = step._replace(merge=False)
        return step

    def _system_step(self, cpu: int, state: Local, op: Op) -> Step:
        fault, detail = self._refused(op)
        if fault:
            return Step(state._replace(fault=fault, detail=detail, ahead=1), t.FAULT)
        p, unit = self._processor, self.unit
        _, a, b, _, _, _ = self.rows[p.pc]
        exchange = Step(state, t.EXCHANGE, room=2, like=Op.SWAP)
        if op in (Op.TIMER, Op.TAKE):
            return exchange._replace(slot=cpu, merge=False)
        if op is Op.SEND:
            return exchange._replace(slot=p[a], merge=False)
        if op is Op.CREATE:
            return exchange._replace(slot=self.contexts[p[a]])
        if op is Op.SWITCH:
            if unit.phase:
                return exchange._replace(slot=self.contexts[int(unit.phase[1])], at_once=True)
            own, other = self.contexts[unit.context], self.contexts[p[a]]
            return exchange._replace(slot=own, also=(other,))
        if op is Op.POINT:
            return exchange._replace(slot=self._points[b], like=Op.GLOAD)
        if op is Op.TOGGLE:
            return exchange._replace(slot=self._points[a], like=Op.GSTORE)
        if self.translated and (op in DROPS | BROADCASTS or op is Op.REUSE):
            return self.forgetting(cpu, state, op)
        turns_on = op in (Op.ENABLE, Op.EXIT, Op.IRET)
        kind = t.FENCE if op in SERIALISING else t.STEP
        return Step(state, kind, room=1, like=Op.FENCE, merge=not turns_on)

    def _refused(self, op: Op) -> tuple[int, int]:
        """Return the fault of an instruction that cannot be executed, and its detail, or zeros."""
        p, unit = self._processor, self.unit
        operand = p[self.rows[p.pc][1]]
        if op is Op.SEND and not 0 <= operand < self.cpus:
            return faults.TARGET, operand
        if op is Op.TIMER and not 0 <= operand <= MAX_TIMER_CYCLES:
            return faults.TIMER, operand
        if op is Op.IRET and unit.cut is None:
            return faults.NO_HANDLER, 0
        if op is Op.REUSE and not self._frame_exists(operand):
            return faults.FRAME, operand
        if op in (Op.CREATE, Op.SWITCH) and not unit.phase:
            if not 0 <= operand < len(self.contexts):
                return faults.CONTEXT, operand
            if operand == unit.context:
                return faults.RUNS, operand
        return 0, 0

    def _frame_exists(self, frame: int) -> bool:
        return 0 <= frame < self.program.frames
