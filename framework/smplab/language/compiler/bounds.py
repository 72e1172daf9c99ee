"""How large a register can be, for what is plain: CPU numbers, addresses, remainders.

Enough to see that the arithmetic behind `table[cpu.id]` cannot fail, so that it may be moved or
dropped like arithmetic that never does.
"""

from __future__ import annotations

from smplab.language.compiler.ir import FAILING, PURE, Function, Instr
from smplab.language.isa import Op

CPUS = 4096
"""No image runs on more."""
ADDRESS = 2**40
"""No memory has more words."""
_UNKNOWN = 2**63


class Bounds:
    """Upper bounds of magnitudes, from the definitions of registers that have one definition."""

    def __init__(
        self, function: Function, single: dict[int, Instr], addresses: frozenset[int]
    ) -> None:
        self._function = function
        self._single = single
        self._addresses = addresses
        self._known: dict[int, int] = {}

    def of(self, register: int) -> int:
        """A bound of the magnitude of a register."""
        known = self._known.get(register)
        if known is None:
            self._known[register] = _UNKNOWN  # what depends on itself has no bound
            known = self._known[register] = self._find(register)
        return known

    def _find(self, register: int) -> int:
        key = self._function.pooled.get(register)
        if key is not None:
            kind, value = key
            if kind == "i":
                return abs(int(value))
            if kind == "id" or value == 0:  # parameter 0 is the number of CPUs
                return CPUS
            return ADDRESS if value in self._addresses else _UNKNOWN
        instr = self._single.get(register)
        return _UNKNOWN if instr is None else min(self._result(instr), _UNKNOWN)

    def _result(self, instr: Instr) -> int:
        match instr.op:
            case Op.ADD | Op.SUB:
                return self.of(instr.srcs[0]) + self.of(instr.srcs[1])
            case Op.ADDI:
                return self.of(instr.srcs[0]) + abs(int(instr.imms[0]))
            case Op.MUL:
                return self.of(instr.srcs[0]) * self.of(instr.srcs[1])
            case Op.MOD:
                return self.of(instr.srcs[1])
            case Op.EQ | Op.NE | Op.LT | Op.LE | Op.CAS:
                return 1
            case Op.CPUID:
                return CPUS
            case Op.MOV:
                return self.of(instr.srcs[0])
        return _UNKNOWN

    def harmless(self, instr: Instr) -> bool:
        """Whether an instruction cannot fail and has no effect but its result."""
        if instr.op in PURE:
            return True
        if instr.op not in FAILING or instr.op not in (Op.ADD, Op.SUB, Op.ADDI, Op.MUL):
            return False
        return self._result(instr) < 2**63
