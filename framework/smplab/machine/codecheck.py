"""Checks an image's code once, so that the engine need not: operands, targets, the last row."""

from __future__ import annotations

from weakref import WeakSet

from smplab.language.image import Image
from smplab.language.isa import SIGNATURES, Cause, Op
from smplab.machine.errors import MachineError

MAX_OFFSET = 2**40
"""Immediate offsets of addresses are smaller, so that a wrapped address is never a valid one."""

_checked: WeakSet[Image] = WeakSet()


def check_image(image: Image) -> None:
    """Refuse code that could leave its registers, tables or itself.

    Raises:
        MachineError: names the row and the operand.
    """
    if image in _checked:
        return
    rows = image.code.tolist()
    limits = {
        "d": image.registers, "r": image.registers, "b": image.registers + 1, "t": len(rows),
        "p": len(image.parameters), "m": len(image.messages), "g": len(image.regions),
        "n": len(image.counters), "s": len(image.streams), "c": len(Cause),
    }  # fmt: skip
    if len(image.sites) != len(rows):
        raise MachineError(f"the image has {len(rows)} instructions, but {len(image.sites)} sites")
    if not 0 <= image.entry < len(rows) or not -1 <= image.boot < len(rows):
        raise MachineError("the image's entry or boot lies outside its code")
    for number, row in enumerate(rows):
        try:
            op = Op(row[0])
        except ValueError:
            raise MachineError(f"instruction {number}: no opcode {row[0]}") from None
        for letter, value in zip(SIGNATURES[op].operands, row[1:], strict=False):
            if letter == "i":
                fine = op in {Op.MOVI, Op.ADDI} or -MAX_OFFSET < value < MAX_OFFSET
            else:
                fine = 0 <= value < limits[letter]
            if not fine:
                raise MachineError(f"instruction {number}, {op.name}: operand {value} is too large")
    if Op(rows[-1][0]) not in {Op.JMP, Op.RET, Op.HALT}:
        raise MachineError("the image's code ends without a jump, return or halt")
    _checked.add(image)
