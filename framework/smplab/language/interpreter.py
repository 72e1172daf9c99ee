"""The reference interpreter: what each instruction means, in plain Python.

One CPU, no time, no caches, no interrupts: it is the oracle for the compiler, and for what other
executors of images do with the same instructions.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import NoReturn

from smplab.language.errors import LanguageError
from smplab.language.image import LINE_WORDS, Program, Site
from smplab.language.isa import Op

MIN_WORD, MAX_WORD = -(2**63), 2**63 - 1


class Fault(LanguageError):
    """A run that cannot go on.

    Attributes:
        kind: "overflow", "division", "shift", "address", "check", "stack", "endless", "waiting",
            "machine".
        site: the author's line.
    """

    def __init__(self, kind: str, text: str, site: Site) -> None:
        super().__init__(f"{site.file}:{site.line} in {site.routine}: {text}")
        self.kind = kind
        self.text = text
        self.site = site


class Interpreter:
    """One CPU with its registers, and the memory of a program.

    Args:
        program: an image with the numbers of a point.
        cpu: the logical number of the CPU that runs.
        draw: (stream, bound or mean, whether exponential) -> a random number.

    Attributes:
        memory, ghost: words; address 0 is index 0.
        time: cycles that DELAY has added up.
        tallies: what COUNT has added up, by counter.
        entered: how often each region began.
    """

    def __init__(
        self, program: Program, cpu: int = 0, draw: Callable[[str, int, bool], int] | None = None
    ) -> None:
        self.program = program
        self.image = program.image
        self.cpu = cpu
        self.draw = draw or _Draws()
        self.memory = [0] * program.memory_words
        self.ghost = [0] * program.ghost_words
        self.time = 0
        self.tallies: Counter[str] = Counter()
        self.entered: Counter[str] = Counter()
        self.executed = 0
        self._rows: list[list[int]] = self.image.code.tolist()
        self._parameters: list[int] = program.parameters.tolist()
        self._pc = 0

    def boot(self) -> None:
        """Run the boot code, if there is any."""
        if self.image.boot >= 0:
            self.run(self.image.boot)

    def run(self, start: int | None = None, max_instructions: int = 1_000_000) -> None:
        """Run from a code address, by default the entry, until HALT.

        Raises:
            Fault: the run cannot go on, and why.
        """
        registers = [0] * (self.image.registers + 1)
        stack: list[tuple[int, int]] = []
        base = 0
        pc = self.image.entry if start is None else start
        for _ in range(max_instructions):
            self._pc = pc
            op, a, b, c, *_ = self._rows[pc]
            pc += 1
            self.executed += 1
            if op == Op.HALT:
                return
            if op == Op.JMP:
                pc = a
            elif Op.BEQ <= op <= Op.BLE:
                if _holds(op - Op.BEQ, registers[base + a], registers[base + b]):
                    pc = c
            elif op == Op.CALL:
                if len(stack) == self.image.call_depth:
                    self._fail("stack", "calls nested deeper than the image declares")
                stack.append((pc, base))
                base, pc = base + b, a
            elif op == Op.RET:
                if not stack:
                    self._fail("stack", "a return without a call")
                pc, base = stack.pop()
            else:
                self._execute(op, registers, base)
        self._fail("endless", f"no end within {max_instructions} instructions")

    def _execute(self, op: int, r: list[int], base: int) -> None:
        row = self._rows[self._pc]
        _, a, b, c, d, e = row
        if op == Op.NOP:
            pass
        elif op == Op.MOVI:
            r[base + a] = b
        elif op == Op.MOV:
            r[base + a] = r[base + b]
        elif op == Op.PARAM:
            r[base + a] = self._parameters[b]
        elif op == Op.ADDI:
            r[base + a] = self._fits(r[base + b] + c)
        elif Op.ADD <= op <= Op.SAR:
            r[base + a] = self.arithmetic(op, r[base + b], r[base + c])
        elif Op.EQ <= op <= Op.LE:
            r[base + a] = int(_holds(op - Op.EQ, r[base + b], r[base + c]))
        elif op == Op.CPUID:
            r[base + a] = self.cpu
        elif op == Op.TIME:
            r[base + a] = self.time
        elif op in (Op.RAND, Op.RANDEXP):
            r[base + a] = self.draw(self.image.streams[c], r[base + b], op == Op.RANDEXP)
        elif op == Op.CHECK:
            if r[base + a] == 0:
                self._fail("check", self.image.messages[b])
        elif op == Op.LOAD:
            r[base + a] = self.memory[self._at(r[base + b] + c)]
        elif op == Op.STORE:
            self.memory[self._at(r[base + a] + b)] = r[base + c]
        elif Op.SWAP <= op <= Op.FAND:
            self._atomic(op, r, base, (a, b, c, d, e))
        elif op == Op.GLOAD:
            r[base + a] = self.ghost[self._at(r[base + b] + c, ghost=True)]
        elif op == Op.GSTORE:
            self.ghost[self._at(r[base + a] + b, ghost=True)] = r[base + c]
        elif op == Op.WAIT:
            self._at(r[base + a] + b)
            self._fail("waiting", "the only CPU waits, and nobody will write the line")
        elif op == Op.DELAY:
            self.time += r[base + a]
        elif op == Op.BEGIN:
            self.entered[self.image.regions[a]] += 1
        elif op == Op.COUNT:
            self.tallies[self.image.counters[a]] += r[base + b]
        elif op not in (Op.FENCE, Op.END, Op.CAUSE):
            self._fail("machine", f"{Op(op).name} needs a machine, and this is one CPU alone")

    def arithmetic(self, op: int, x: int, y: int) -> int:
        """The result of a binary instruction, ADD to SAR, on two int64.

        Raises:
            Fault: overflow, division by zero, or a shift outside 0..63.
        """
        if op in (Op.DIV, Op.MOD) and y == 0:
            self._fail("division", "division by zero")
        if op in (Op.SHL, Op.SHR, Op.SAR) and not 0 <= y <= 63:
            self._fail("shift", f"a shift by {y} is outside 0..63")
        result = {
            Op.ADD: lambda: x + y,
            Op.SUB: lambda: x - y,
            Op.MUL: lambda: x * y,
            Op.DIV: lambda: x // y,
            Op.MOD: lambda: x % y,
            Op.AND: lambda: x & y,
            Op.OR: lambda: x | y,
            Op.XOR: lambda: x ^ y,
            Op.SHL: lambda: x << y,
            Op.SHR: lambda: _signed((x & (2**64 - 1)) >> y),
            Op.SAR: lambda: x >> y,
        }[Op(op)]()
        return self._fits(result)

    def _atomic(
        self, op: int, r: list[int], base: int, row: tuple[int, int, int, int, int]
    ) -> None:
        a, b, c, d, e = row
        at = self._at(r[base + b] + c)
        old, operand = self.memory[at], r[base + d]
        if op == Op.CAS:
            if old == operand:
                self.memory[at] = r[base + e]
            r[base + a] = int(old == operand)
            return
        if op == Op.SWAP:
            new = operand
        elif op == Op.FADD:
            new = self._fits(old + operand)
        else:
            new = old | operand if op == Op.FOR else old & operand
        self.memory[at] = new
        r[base + a] = old

    def _fits(self, value: int) -> int:
        if not MIN_WORD <= value <= MAX_WORD:
            self._fail("overflow", f"{value} does not fit into 64 bits")
        return value

    def _at(self, address: int, *, ghost: bool = False) -> int:
        size = self.program.ghost_words if ghost else self.program.memory_words
        if not LINE_WORDS <= address < size:
            what = "through NULL" if 0 <= address < LINE_WORDS else "outside memory"
            self._fail("address", f"an access {what}, at {address}")
        return address

    def _fail(self, kind: str, text: str) -> NoReturn:
        raise Fault(kind, text, self.image.sites[self._pc])


def _signed(bits: int) -> int:
    return bits - 2**64 if bits > MAX_WORD else bits


def _holds(relation: int, x: int, y: int) -> bool:
    """Relation 0 to 3: equal, not equal, less, less or equal."""
    return (x == y, x != y, x < y, x <= y)[relation]


class _Draws:
    """Random numbers for runs that only want some."""

    def __init__(self) -> None:
        self._generators: dict[str, random.Random] = {}

    def __call__(self, stream: str, number: int, exponential: bool) -> int:
        generator = self._generators.setdefault(stream, random.Random(stream))
        if exponential:
            return int(generator.expovariate(1 / number)) if number else 0
        return generator.randrange(number)
