"""What a routine's later instructions still need: live registers, and waits ahead.

Two states that differ in a register that nobody will read are one state. Liveness is the textbook
backward analysis (A. V. Aho et al., "Compilers", 2nd ed., section 9.2.5), over a frame's registers;
a call's frame lies above what the caller keeps, so facts shift by its base.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.language.image import Image
from smplab.language.isa import SIGNATURES, Op

ATOMICS = frozenset({Op.SWAP, Op.CAS, Op.FADD, Op.FOR, Op.FAND})
READS = ATOMICS | {Op.LOAD}
DRAWS = frozenset({Op.RAND, Op.RANDEXP, Op.TIME})
"""Instructions whose result is not determined by the state."""
UNUSED_OPERANDS = frozenset({Op.DELAY, Op.COUNT})
"""Instructions that do nothing here, so what they read matters to nobody."""


@dataclass(frozen=True)
class Flow:
    """Facts that hold just before each instruction.

    Attributes:
        live: bit r is set if register r of the frame may still be read.
        watching: whether a WAIT may come before the next load or atomic, so that it matters
            whether the line read last has been written since.
    """

    live: tuple[int, ...]
    watching: tuple[bool, ...]


def analyse(image: Image) -> Flow:
    """Return the facts of an image; a fixed point over all its instructions."""
    rows: list[list[int]] = image.code.tolist()
    calls = [(pc, row[1], row[2]) for pc, row in enumerate(rows) if row[0] == Op.CALL]
    live = [0] * len(rows)
    watching = [False] * len(rows)
    changed = True
    while changed:
        changed = False
        after_return = 0
        watching_after_return = False
        for pc, _, base in calls:
            after_return |= live[pc + 1] >> base
            watching_after_return |= watching[pc + 1]
        for pc in range(len(rows) - 1, -1, -1):
            row = rows[pc]
            op = Op(row[0])
            if op is Op.CALL:
                target, base = row[1], row[2]
                now = live[pc + 1] & ((1 << base) - 1) | live[target] << base
                wait = watching[target]
            elif op is Op.RET:
                now, wait = after_return, watching_after_return
            else:
                following = successors(op, row, pc)
                now, wait = 0, False
                for target in following:
                    now |= live[target]
                    wait |= watching[target]
                now = now & ~defined(op, row) | used(op, row)
                if op is Op.IRET:  # the next handler finds the registers that this one leaves
                    for handler in image.handlers:
                        now |= live[handler]
                wait = op is Op.WAIT or (wait and op not in READS and op is not Op.SWITCH)
                wait |= any(watching[handler] for handler in image.handlers)
            if now != live[pc] or wait != watching[pc]:
                live[pc], watching[pc] = now, wait
                changed = True
    return Flow(tuple(live), tuple(watching))


def successors(op: Op, row: list[int], pc: int) -> tuple[int, ...]:
    """Code addresses that may follow an instruction other than CALL and RET."""
    if op in (Op.HALT, Op.IRET):
        return ()
    if op is Op.JMP:
        return (row[1],)
    if op in (Op.BEQ, Op.BNE, Op.BLT, Op.BLE):
        return (pc + 1, row[3])
    return (pc + 1,)


def used(op: Op, row: list[int]) -> int:
    """Registers that an instruction reads, as bits."""
    return 0 if op in UNUSED_OPERANDS else _registers(op, row, "r")


def defined(op: Op, row: list[int]) -> int:
    """Registers that an instruction writes, as bits."""
    return _registers(op, row, "d")


def _registers(op: Op, row: list[int], letter: str) -> int:
    bits = 0
    for kind, register in zip(SIGNATURES[op].operands, row[1:], strict=False):
        if kind == letter:
            bits |= 1 << register
    return bits
