"""What can go wrong with interrupts, contexts and translation, in words."""

from __future__ import annotations

from typing import Final

from smplab.language.image import Program
from smplab.machine import faults
from smplab.machine.errors import (
    BadContext,
    BadInterrupt,
    BadTranslation,
    SimulationError,
    StaleTranslation,
)
from smplab.machine.system_state import MAX_TIMER_CYCLES

TEXTS: Final[dict[int, tuple[type[SimulationError], str]]] = {
    faults.TARGET: (BadInterrupt, "an interrupt sent to CPU {detail}: there are 0 to {last_cpu}"),
    faults.TIMER: (BadInterrupt, "a timer set to cycle {detail}, outside 0..{timer}"),
    faults.NESTED: (
        BadInterrupt,
        "the vector {vector} comes while a handler runs that turned interrupts on itself",
    ),
    faults.NO_HANDLER: (BadInterrupt, "the end of a handler outside any handler"),
    faults.CONTEXT: (BadContext, "context {detail}: there are 0 to {last_context}"),
    faults.UNMADE: (BadContext, "context {detail} was never made: cpu.new_context makes it"),
    faults.RUNS: (BadContext, "context {detail} runs on CPU {more} at this moment"),
    faults.PAGE: (BadTranslation, "page {detail} lies outside the {pages} that a table can map"),
    faults.ENTRY: (
        BadTranslation,
        "the page table holds the word {detail}, which neither maps a page nor leads to a node",
    ),
    faults.FRAME: (BadTranslation, "frame {detail}: there are {frames} frames (memory.frames)"),
    faults.STALE: (
        StaleTranslation,
        "a stale translation, loaded at {loaded}: frame {detail} was given away at {reused}",
    ),
    faults.BROADCAST: (
        BadTranslation,
        "this machine cannot invalidate the TLBs of others (topology.costs.tlb_broadcast is 0)",
    ),
}
"""Errors and their texts, by code of `smplab.machine.faults`."""


def kind_and_text(program: Program, fault: faults.Fault) -> tuple[type[SimulationError], str]:
    """Return the error of one of these faults, and its text."""
    image = program.image
    kind, text = TEXTS[fault.code]

    def site(pc: int) -> str:
        origin = image.sites[pc]
        return f"{origin.file}:{origin.line} in {origin.routine}"

    return kind, text.format(
        detail=fault.detail,
        more=fault.more,
        last_cpu=program.cpus - 1,
        last_context=program.cpus + program.contexts - 1,
        timer=MAX_TIMER_CYCLES,
        vector=image.vectors[fault.detail] if fault.code == faults.NESTED else "",
        pages=2 ** (image.page_levels * image.page_radix_bits),
        frames=program.frames,
        loaded=site(fault.more & (2**31 - 1)) if fault.code == faults.STALE else "",
        reused=site(fault.more >> 31) if fault.code == faults.STALE else "",
    )
