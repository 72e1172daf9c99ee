"""Turns a stopped run into an error that says what went wrong, where, and who was involved."""

from __future__ import annotations

from collections.abc import Sequence

from smplab.language.image import LINE_WORDS, Program
from smplab.machine import faults, system_faults
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.errors import (
    AddressError,
    ArithmeticFault,
    CheckFailed,
    CycleLimit,
    Deadlock,
    Livelock,
    SimulationError,
    StackOverflow,
)
from smplab.machine.plan import MAX_DELAY_CYCLES, Plan
from smplab.machine.randomness import MAX_MEAN

LISTED = 8
"""Sleeping CPUs that a deadlock lists one by one."""


def diagnose(plan: Plan, fault: faults.Fault) -> SimulationError:
    """Return the error of a fault; its text names CPU, cycle, file, line and routine."""
    program = plan.program
    where = f"CPU {fault.cpu}{_when(plan, fault.ticks)}, {site(program, fault.pc)}"
    kind, what = _kind_and_text(program, fault, plan.max_local)
    return kind(f"{where}: {what}")


def _kind_and_text(
    program: Program, fault: faults.Fault, max_local: int
) -> tuple[type[SimulationError], str]:
    detail = fault.detail
    if fault.code == faults.CHECK:
        return CheckFailed, f"check failed: {program.image.messages[detail]}"
    if fault.code == faults.REGION:
        name = program.image.regions[detail]
        return CheckFailed, f"the region {name!r} ends here, but has not begun on this CPU"
    if fault.code == faults.ADDRESS:
        return AddressError, _bad_address(detail, program.memory_words, "memory")
    if fault.code == faults.GHOST_ADDRESS:
        return AddressError, _bad_address(detail, program.ghost_words, "ghost memory")
    if fault.code == faults.OVERFLOW:
        return ArithmeticFault, "the result does not fit into 64 bits"
    if fault.code == faults.DIVISION:
        return ArithmeticFault, "division by zero"
    if fault.code == faults.SHIFT:
        return ArithmeticFault, f"shift by {detail}, which is outside 0..63"
    if fault.code == faults.DELAY:
        return ArithmeticFault, f"a delay of {detail} cycles is outside 0..{MAX_DELAY_CYCLES}"
    if fault.code == faults.BOUND:
        return ArithmeticFault, (
            f"a random number cannot have the bound or mean {detail}:"
            f" bounds are positive, means lie in 0..{MAX_MEAN - 1}"
        )
    if fault.code == faults.CALLS:
        depth, words = program.image.call_depth, program.image.registers
        return StackOverflow, f"calls nested deeper than {depth}, or beyond {words} registers"
    if fault.code == faults.RETURN:
        return StackOverflow, "a return without a call"
    if fault.code in system_faults.TEXTS:
        return system_faults.kind_and_text(program, fault)
    return Livelock, (
        f"more than {max_local} instructions without touching memory or letting time pass;"
        " this loop may never end"
    )


def deadlock(plan: Plan, sleepers: Sequence[faults.Sleeper]) -> Deadlock:
    """Return the error of a run in which every CPU sleeps or has halted."""
    text = [f"deadlock: of {plan.cpus} CPUs {len(sleepers)} sleep, and none will wake"]
    text += [
        f"  CPU {s.cpu} waits for {name_of(plan.program, s.address)} since"
        f" cycle {s.ticks // TICKS_PER_CYCLE}, {site(plan.program, s.pc)}"
        for s in sleepers[:LISTED]
    ]
    if len(sleepers) > LISTED:
        text.append(f"  and {len(sleepers) - LISTED} more")
    if len(sleepers) < plan.cpus:
        text.append(f"  the other {plan.cpus - len(sleepers)} have halted")
    return Deadlock("\n".join(text))


def cycle_limit(plan: Plan, operations: int) -> CycleLimit:
    """Return the error of a run that was not done in time."""
    cycles = plan.stop // TICKS_PER_CYCLE
    if plan.booting:
        return CycleLimit(f"the boot routines are not done after {cycles} cycles")
    if not plan.operations:
        return CycleLimit(f"not every CPU has halted by cycle {cycles} (max_cycles)")
    return CycleLimit(
        f"{operations} of {plan.operations} operations were complete by cycle {cycles}"
        " (max_cycles): ask for fewer, or allow more cycles"
    )


def halted_early(plan: Plan, operations: int) -> CycleLimit:
    """Return the error of a run whose CPUs have all halted before the operations were complete."""
    return CycleLimit(
        f"every CPU has halted, but only {operations} of {plan.operations} operations are complete"
    )


def site(program: Program, pc: int) -> str:
    """Name an instruction's place in the author's source."""
    origin = program.image.sites[pc]
    return f"{origin.file}:{origin.line} in {origin.routine}"


def name_of(program: Program, address: int, *, ghost: bool = False) -> str:
    """Name a word of memory by the object that it belongs to: "lock.nodes[3]+1"."""
    image = program.image
    bases = dict(zip(image.parameters, program.parameters.tolist(), strict=True))
    placed = [(bases[o.base], o) for o in image.objects if o.ghost == ghost and o.base in bases]
    for base, obj in sorted(placed, key=lambda pair: pair[0], reverse=True):
        if base <= address:
            element, word = divmod(address - base, obj.element_words)
            return f"{obj.name}[{element}]" + (f"+{word}" if word else "")
    return f"word {address}"


def _when(plan: Plan, ticks: int) -> str:
    return " while booting" if plan.booting else f" at cycle {ticks // TICKS_PER_CYCLE}"


def _bad_address(address: int, words: int, what: str) -> str:
    if 0 <= address < LINE_WORDS:
        return f"access to NULL (word {address} of {what})"
    return f"access to word {address}, outside {what} of {words} words"
