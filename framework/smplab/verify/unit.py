"""What a CPU's local state has for kernels, and what a context keeps while nobody runs it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

UNMADE: Final = ("unmade",)
"""State of a context of the pool that nobody has made."""


class Running(NamedTuple):
    """State of a context that a CPU runs."""

    cpu: int


class Cut(NamedTuple):
    """What a handler interrupted: registers that nobody will read are 0."""

    pc: int
    base: int
    frames: tuple[int, ...]
    registers: tuple[int, ...]


class Saved(NamedTuple):
    """State of a context that no CPU runs.

    Attributes:
        pending: an operation began in it and has not ended.
        on: whether it takes interrupts when it is resumed.
        cut: what its handler interrupted, if it was saved inside one.
        spare: registers that its next handler finds.
    """

    pc: int
    base: int
    frames: tuple[int, ...]
    registers: tuple[int, ...]
    pending: int
    on: int
    cut: Cut | None
    spare: tuple[int, ...]


class Unit(NamedTuple):
    """What a CPU's local state has for kernels.

    Attributes:
        context: number of the context that it runs.
        on: it takes interrupts.
        cut: what its handler interrupted; None outside handlers.
        spare: as in `Saved`.
        space, root: its address space; 0 in images that never look a page up.
        phase: how far it is in an instruction of several steps, () in front of one:
            ("asleep",) in WAIT; ("stopped",) after a HALT that a handler might have come before;
            ("resume", context) between saving a context and running another;
            ("others", cpu) with a broadcast that has reached the CPUs before `cpu`;
            ("hit", frame, writable, loaded_by, reused_by) found in the TLB, ("miss",) evicted,
            ("walk", level, node), ("fill", frame, writable), ("end", result) in a page walk.
    """

    context: int
    on: int = 0
    cut: Cut | None = None
    spare: tuple[int, ...] = ()
    space: int = 0
    root: int = 0
    phase: tuple[Any, ...] = ()
