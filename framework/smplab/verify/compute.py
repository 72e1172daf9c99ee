"""Runs a CPU's local instructions as the engine does, up to where the checker must decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from smplab.language.image import Program
from smplab.language.isa import Op
from smplab.machine.local import compute
from smplab.verify.flow import DRAWS
from smplab.verify.jit import kept

Ints = npt.NDArray[np.int64]
INERT = frozenset({Op.COUNT, Op.CAUSE, Op.DELAY})
"""Ordered instructions that change nothing here; BEGIN and END matter for region 0."""
STOP = 64
"""Added to the opcode of a draw, so that the engine's local instructions stop in front of it."""
MAX_LOCAL = 100_000
"""A CPU that executes more instructions in a row loops for ever."""


@kept
def run(code: Any, parameters: Any, registers: Any, stack: Any, draws: Any, keys: Any,
        cpu: Any, pc: Any, base: Any, top: Any, depth: Any, call_depth: Any) -> Any:  # fmt: skip
    """Execute local instructions; see `smplab.machine.local.compute`."""
    pc, base, depth, _, fault, detail = compute(
        code, parameters, registers, stack, draws, keys, 0, cpu, pc, base, top, 0, depth,
        call_depth, 0, 0, MAX_LOCAL,
    )  # fmt: skip
    return pc, base, depth, fault, detail


def is_inert(row: Sequence[int] | Ints, interruptible: bool = False) -> bool:
    """Whether an instruction does nothing here: it takes time, or it measures.

    Args:
        row: the instruction.
        interruptible: the image has handlers, for which a DELAY is a place to begin at.
    """
    op = Op(int(row[0]))
    if op is Op.DELAY:
        return not interruptible
    return op in INERT or (op in (Op.BEGIN, Op.END) and row[1] != 0)


class Processor:
    """A CPU's registers and stack of calls, on which local instructions run.

    Attributes:
        registers: int64 [image.registers].
        pc, base, depth: where it is: code address, first register of the frame, open calls.
        fault, detail: why it stopped, if not at an ordered instruction or a draw.
    """

    def __init__(self, program: Program) -> None:
        image = program.image
        code = image.code.copy()
        for row in code:
            if is_inert(row, bool(image.vectors)):
                row[0] = Op.NOP
            elif int(row[0]) in DRAWS:
                row[0] += STOP
        self._code = np.ascontiguousarray(code).reshape(-1)
        self._parameters = program.parameters
        self._top = image.registers
        self._call_depth = image.call_depth
        self._draws = np.zeros(1, np.int64)
        self._keys = np.zeros(1, np.uint64)
        self.registers: Ints = np.zeros(2 * image.registers + 1, np.int64)
        self.stack: Ints = np.zeros(2 * image.call_depth + 2, np.int64)
        self.pc = self.base = self.depth = self.fault = self.detail = 0

    def put(self, pc: int, base: int, frames: tuple[int, ...], registers: tuple[int, ...]) -> None:
        """Set everything: `frames` holds return address and base of each open call."""
        self.pc, self.base, self.depth = pc, base, len(frames) // 2
        self.stack[: len(frames)] = frames
        self.registers[: len(registers)] = registers

    @property
    def frames(self) -> tuple[int, ...]:
        """Return address and base of each open call, outermost first."""
        return tuple(self.stack[: 2 * self.depth].tolist())

    def __getitem__(self, register: int) -> int:
        return int(self.registers[self.base + register])

    def __setitem__(self, register: int, value: int) -> None:
        self.registers[self.base + register] = value

    def run(self, cpu: int) -> None:
        """Go on from `pc`, as CPU `cpu`."""
        self.pc, self.base, self.depth, self.fault, self.detail = run(
            self._code, self._parameters, self.registers, self.stack, self._draws, self._keys,
            cpu, self.pc, self.base, self._top, self.depth, self._call_depth,
        )  # fmt: skip
