"""Small images written by hand that have handlers, contexts and page tables."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from smplab.language.image import Layout, Program, Site
from smplab.language.isa import ROW_WORDS, Op
from smplab.language.paging import ENTRY_SHIFT, LEAF, PRESENT, WRITABLE
from tests.verify.images import Row, X, Y, Z, program

ROOT = Z
"""Page tables of one level and two pages: words ROOT and ROOT + 1 of space 0."""
OTHER = Z + 2
"""The table of space 1."""
FRAMES = 2
IRET: Row = (Op.IRET,)
HALT: Row = (Op.HALT,)


def system_program(
    *codes: list[Row], handlers: list[list[Row]] | None = None, thread: list[Row] | None = None,
    boot: list[Row] | None = None,
) -> Program:  # fmt: skip
    """As `images.program`; handler v is that of vector v, and `thread` what contexts may run.

    Contexts of the pool: one, number len(codes). A CREATE's start is filled in.
    """
    plain = program(*codes)
    rows = plain.image.code.tolist()

    def append(code: list[Row]) -> int:
        first = len(rows)
        for row in code:
            moved = list(row)
            if row[0] == Op.JMP:
                moved[1] += first
            elif row[0] in (Op.BEQ, Op.BNE, Op.BLT, Op.BLE):
                moved[3] += first
            rows.append(moved + [0] * (ROW_WORDS - len(moved)))
        return first

    starts = tuple(append(code) for code in handlers or [])
    start = append(thread or [HALT])
    booted = append(boot) if boot else -1
    for row in rows:
        if row[0] == Op.CREATE:
            row[2] = start
    image = dataclasses.replace(
        plain.image, code=np.array(rows, np.int64),
        sites=tuple(Site("hand", n, "run") for n in range(len(rows))), boot=booted,
        vectors=tuple(f"v{n}" for n in range(len(starts))), handlers=starts, points=("log",),
        contexts=((1,),), frames=((FRAMES,),), page_levels=1, page_radix_bits=1,
    )  # fmt: skip
    cpus = len(codes)
    return image.load({}, Layout(cpus, 1, (0,) * cpus))


def leaf(frame: int, writable: bool = True) -> int:
    """The word of a page table that maps a page."""
    return frame << ENTRY_SHIFT | LEAF | PRESENT | WRITABLE * writable


def constant(register: int, value: int) -> Row:
    return (Op.MOVI, register, value)


def loop(*rows: Row) -> list[Row]:
    """For ever."""
    return [*rows, (Op.JMP, 0)]


__all__ = [
    "FRAMES", "HALT", "IRET", "OTHER", "ROOT", "Any", "X", "Y", "constant", "leaf", "loop",
    "system_program",
]  # fmt: skip
