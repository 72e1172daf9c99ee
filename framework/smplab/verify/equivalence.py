"""Code addresses from which the same happens: one stands for all, so fewer states differ.

A compiler copies a loop's condition in front of the loop; a CPU that waits for the first time is
then at another address than one that waits again, though nothing tells them apart. Addresses are
merged by partition refinement (E. F. Moore, "Gedanken-Experiments on Sequential Machines", 1956):
start with one class, split until all members of a class execute the same instruction and go on to
the same classes.
"""

from __future__ import annotations

from collections.abc import Hashable

from smplab.language.image import Image
from smplab.language.isa import Op
from smplab.verify.compute import is_inert

_LEAVING = frozenset({Op.RET, Op.HALT, Op.IRET})


def representatives(image: Image) -> tuple[int, ...]:
    """Return, for each code address, the first one that is equivalent to it."""
    rows: list[list[int]] = image.code.tolist()
    vectored = bool(image.vectors)
    passed = [_passed_on_to(rows, pc, vectored) for pc in range(len(rows))]
    classes = [0] * len(rows)
    count = 1
    while True:
        numbers: dict[Hashable, int] = {}
        refined = [0] * len(rows)
        for pc, row in enumerate(rows):
            if passed[pc] == pc:
                signature = classes[pc], _signature(row, pc, passed, classes)
                refined[pc] = numbers.setdefault(signature, len(numbers))
        classes = refined
        if len(numbers) == count:
            break
        count = len(numbers)
    first: dict[int, int] = {}
    for pc in range(len(rows)):
        if passed[pc] == pc:
            first.setdefault(classes[pc], pc)
    return tuple(first[classes[passed[pc]]] for pc in range(len(rows)))


def _passed_on_to(rows: list[list[int]], pc: int, vectored: bool) -> int:
    """The first address from `pc` on that holds more than a jump or an instruction without
    effect.
    """
    seen = {pc}
    here = pc
    while rows[here][0] in (Op.JMP, Op.NOP) or is_inert(rows[here], vectored):
        here = rows[here][1] if rows[here][0] == Op.JMP else here + 1
        if here in seen:  # jumps in a circle: nothing to pass on to
            return pc
        seen.add(here)
    return here


def _signature(row: list[int], pc: int, passed: list[int], classes: list[int]) -> Hashable:
    """What is executed at an address, and the classes that follow."""

    def following(target: int) -> int:
        return classes[passed[target]]

    op = Op(row[0])
    if op is Op.JMP or op in _LEAVING:
        return tuple(row)
    if op in (Op.BEQ, Op.BNE):
        equal, unequal = following(row[3]), following(pc + 1)
        if op is Op.BNE:
            equal, unequal = unequal, equal
        return Op.BEQ, min(row[1:3]), max(row[1:3]), equal, unequal
    if op in (Op.BLT, Op.BLE):
        return op, row[1], row[2], following(row[3]), following(pc + 1)
    if op is Op.CALL:
        return op, following(row[1]), row[2], following(pc + 1)
    return *row, following(pc + 1)
