"""Which registers still matter at each instruction of an image.

Found from the rows alone, so it also checks the register allocator: nothing is live at the entry.
"""

from __future__ import annotations

from smplab.language.image import Image
from smplab.language.isa import SIGNATURES, Op

ENDS = frozenset({Op.HALT, Op.IRET})


def live_registers(image: Image) -> tuple[int, ...]:
    """The registers of the current frame whose values are read later, at each code address.

    Returns:
        bit masks, one for each instruction, before it executes: bit r is register r of the frame.
        What a caller keeps below its callee's base is the caller's: its mask at the return address
        says which of those registers live, of those below the base.
    """
    rows: list[list[int]] = image.code.tolist()
    live = [0] * len(rows)
    callers = _callers(rows)
    # Registers that the frame's own caller reads after a return, by the address of the RET.
    changed = True
    while changed:
        changed = False
        for pc in range(len(rows) - 1, -1, -1):
            new = _before(rows, pc, live, callers)
            if new != live[pc]:
                live[pc] = new
                changed = True
    return tuple(live)


def _before(rows: list[list[int]], pc: int, live: list[int], callers: dict[int, list[int]]) -> int:
    row = rows[pc]
    op = Op(row[0])
    if op in ENDS:
        return 0
    if op is Op.RET:
        after = 0
        for call in callers.get(pc, ()):
            after |= live[call + 1] >> rows[call][2]
        return after
    if op is Op.JMP:
        return live[row[1]]
    if op is Op.CALL:
        base = row[2]
        return (live[pc + 1] & ((1 << base) - 1)) | (live[row[1]] << base)
    after = live[pc + 1]
    reads = writes = 0
    for letter, value in zip(SIGNATURES[op].operands, row[1:], strict=False):
        if letter == "d":
            writes |= 1 << value
        elif letter == "r":
            reads |= 1 << value
        elif letter == "t" and op is not Op.CREATE:  # whose target starts in registers of its own
            after |= live[value]
    return (after & ~writes) | reads


def _callers(rows: list[list[int]]) -> dict[int, list[int]]:
    """The calls that each RET may return to."""
    found: dict[int, list[int]] = {}
    for call, row in enumerate(rows):
        if row[0] != Op.CALL:
            continue
        seen: set[int] = set()
        pending = [row[1]]
        while pending:
            pc = pending.pop()
            if pc in seen:
                continue
            seen.add(pc)
            op, a, _, c, *_ = rows[pc]
            if op == Op.RET:
                found.setdefault(pc, []).append(call)
            elif op == Op.JMP:
                pending.append(a)
            elif op not in ENDS:
                pending.append(pc + 1)
                if Op.BEQ <= op <= Op.BLE:
                    pending.append(c)
    return found
