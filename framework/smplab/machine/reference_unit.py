"""What the reference has of threads, and of CPUs for kernels, beside `reference_cpu`."""

from __future__ import annotations

from dataclasses import dataclass, field

from smplab.language.isa import Cause
from smplab.machine.reference_tlb import Tlb, Walk


@dataclass
class Cut:
    """What a handler interrupted; `left` is what remained of a delay."""

    pc: int
    base: int
    registers: list[int]
    stack: list[tuple[int, int]]
    cause: int
    left: int | None


@dataclass
class Context:
    """A thread: what a CPU has of it while it runs, and keeps here while it does not."""

    registers: list[int]
    handler_registers: list[int]
    made: bool = False
    on_cpu: int | None = None
    pc: int = 0
    base: int = 0
    stack: list[tuple[int, int]] = field(default_factory=list)
    begun: dict[int, int] = field(default_factory=dict)
    on: bool = False
    cause: int = int(Cause.KERNEL)
    cut: Cut | None = None


@dataclass
class Unit:
    """What a CPU has for kernels.

    Attributes:
        on: it takes interrupts.
        event: a vector came while it took none, so its next WAIT returns.
        ends: when the delay under way ends, if interrupts may stop it.
        left: what remains of a delay that one stopped.
    """

    context: int
    tlb: Tlb
    on: bool = False
    pending: set[int] = field(default_factory=set)
    event: bool = False
    ends: int | None = None
    left: int | None = None
    timer_at: int = 0
    space: int = 0
    root: int = 0
    walk: Walk | None = None
