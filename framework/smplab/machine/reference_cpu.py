"""The reference's CPUs: registers, and the instructions that touch nothing else.

Part of `smplab.machine.reference`; shares no code with the engine.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from smplab.language.isa import FIRST_ORDERED, FREE, Cause, Op
from smplab.machine import faults, randomness
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.plan import Plan

LEAST, GREATEST = -(2**63), 2**63 - 1


class Stopped(Exception):
    """An instruction cannot be executed: a code of `smplab.machine.faults` and its details."""

    def __init__(self, code: int, detail: int = 0, more: int = 0) -> None:
        super().__init__(code, detail, more)
        self.code = code
        self.detail = detail
        self.more = more


def int64(value: int) -> int:
    """Return the value, or stop the run if it does not fit."""
    if not LEAST <= value <= GREATEST:
        raise Stopped(faults.OVERFLOW)
    return value


def _divide(how: Callable[[int, int], int]) -> Callable[[int, int], int]:
    def divide(x: int, y: int) -> int:
        if y == 0:
            raise Stopped(faults.DIVISION)
        return how(x, y)

    return divide


def _shift(how: Callable[[int, int], int]) -> Callable[[int, int], int]:
    def shift(x: int, distance: int) -> int:
        if not 0 <= distance < 64:
            raise Stopped(faults.SHIFT, distance)
        return how(x, distance)

    return shift


def _logical_right(x: int, distance: int) -> int:
    bits = (x & randomness.MASK) >> distance
    return bits - 2**64 if bits > GREATEST else bits


BINARY: Final[dict[Op, Callable[[Any, Any], int]]] = {
    Op.ADD: operator.add,
    Op.SUB: operator.sub,
    Op.MUL: operator.mul,
    Op.DIV: _divide(operator.floordiv),
    Op.MOD: _divide(operator.mod),
    Op.AND: operator.and_,
    Op.OR: operator.or_,
    Op.XOR: operator.xor,
    Op.SHL: _shift(operator.lshift),
    Op.SHR: _shift(_logical_right),
    Op.SAR: _shift(operator.rshift),
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.LT: operator.lt,
    Op.LE: operator.le,
}
BRANCHES: Final[dict[Op, Callable[[Any, Any], bool]]] = {
    Op.BEQ: operator.eq,
    Op.BNE: operator.ne,
    Op.BLT: operator.lt,
    Op.BLE: operator.le,
}


class Cpu:
    """One CPU: its registers and stack, where it is, and what it has been doing.

    Attributes:
        timeline: (ticks, cause) from which the CPU's time is charged to the cause, ascending.
        seen: line and version that the last load or atomic met.
        since: when the CPU joined a queue or fell asleep.
        waiting_for: word address that it sleeps on, or None.
        begun: when each open region began, by region.
    """

    def __init__(self, number: int, plan: Plan) -> None:
        self.plan = plan
        self.number = number
        self.core = int(plan.core[number])
        image = plan.program.image
        self.code: list[list[int]] = image.code.tolist()
        self.parameters: list[int] = plan.program.parameters.tolist()
        self.registers = [0] * (2 * image.registers)
        self.base = 0
        self.stack: list[tuple[int, int]] = []
        self.pc = plan.entry
        self.cause = int(Cause.USER)
        self.timeline: list[tuple[int, int]] = [(0, self.cause)]
        self.seen: tuple[int, int] | None = None
        self.since = 0
        self.waiting_for: int | None = None
        self.halted = False
        self.begun: dict[int, int] = {}
        self.draws = [0] * len(plan.stream_keys)

    def __getitem__(self, register: int) -> int:
        return self.registers[self.base + register]

    def __setitem__(self, register: int, value: int) -> None:
        self.registers[self.base + register] = int64(int(value))

    @property
    def row(self) -> list[int]:
        """The instruction that comes next."""
        return self.code[self.pc]

    def compute(self, ticks: int, instr: int) -> tuple[int, int]:
        """Execute local instructions from `ticks` on, each `instr` long, up to an ordered one.

        Returns:
            When the ordered instruction is reached, and the number of instructions that counted.
        """
        done = 0
        while self.row[0] < FIRST_ORDERED:
            op = Op(self.row[0])
            if op not in FREE and done == self.plan.max_local:
                raise Stopped(faults.LOOP)
            self._execute(op, ticks + done * instr)
            done += op not in FREE
        return ticks + done * instr, done

    def _execute(self, op: Op, ticks: int) -> None:
        _, a, b, c, _, _ = self.row
        target = self.pc + 1
        if op in BINARY:
            self[a] = BINARY[op](self[b], self[c])
        elif op in BRANCHES:
            if BRANCHES[op](self[a], self[b]):
                target = c
        elif op is Op.MOVI:
            self[a] = b
        elif op is Op.MOV:
            self[a] = self[b]
        elif op is Op.PARAM:
            self[a] = self.parameters[b]
        elif op is Op.ADDI:
            self[a] = self[b] + c
        elif op is Op.JMP:
            target = a
        elif op is Op.CALL:
            target = self._call(a, b)
        elif op is Op.RET:
            target = self._return()
        elif op is Op.CPUID:
            self[a] = self.number
        elif op is Op.TIME:
            self[a] = ticks // TICKS_PER_CYCLE
        elif op is Op.RAND:
            if self[b] <= 0:
                raise Stopped(faults.BOUND, self[b])
            self[a] = randomness.below(self._bits(c), self[b])
        elif op is Op.RANDEXP:
            if not 0 <= self[b] < randomness.MAX_MEAN:
                raise Stopped(faults.BOUND, self[b])
            self[a] = randomness.exponential(self._bits(c), self[b])
        elif op is Op.CHECK and self[a] == 0:
            raise Stopped(faults.CHECK, b)
        self.pc = target

    def _call(self, target: int, shift: int) -> int:
        image = self.plan.program.image
        if len(self.stack) == image.call_depth or self.base + shift > image.registers:
            raise Stopped(faults.CALLS)
        self.stack.append((self.pc + 1, self.base))
        self.base += shift
        return target

    def _return(self) -> int:
        if not self.stack:
            raise Stopped(faults.RETURN)
        target, self.base = self.stack.pop()
        return target

    def _bits(self, stream: int) -> int:
        self.draws[stream] += 1
        return randomness.draw(self.plan.stream_keys[stream], self.number, self.draws[stream])
