"""Violations in words: what went wrong, at which source line, and who was involved."""

from __future__ import annotations

from smplab.language.image import Program
from smplab.machine import faults, system_faults
from smplab.machine.diagnosis import name_of, site
from smplab.machine.reference_cpu import Stopped
from smplab.verify.stepper import Stepper

_TEXTS = {
    faults.OVERFLOW: "the result does not fit into 64 bits",
    faults.DIVISION: "division by zero",
    faults.CALLS: "calls nested too deeply",
    faults.RETURN: "a return without a call",
    faults.LOOP: "this CPU computes for ever without touching memory",
}


def describe(program: Program, stopped: Stopped, cpu: int = 0) -> str:
    """Say why a CPU cannot go on."""
    if stopped.code in system_faults.TEXTS:
        fault = faults.Fault(stopped.code, cpu, 0, 0, stopped.detail, stopped.more)
        return system_faults.kind_and_text(program, fault)[1]
    if stopped.code == faults.CHECK:
        return f"check failed: {program.image.messages[stopped.detail]}"
    if stopped.code in (faults.ADDRESS, faults.GHOST_ADDRESS):
        memory = "memory" if stopped.code == faults.ADDRESS else "ghost memory"
        if 0 <= stopped.detail < 8:
            return f"access to NULL (word {stopped.detail} of {memory})"
        return f"access to word {stopped.detail}, outside {memory}"
    if stopped.code == faults.SHIFT:
        return f"shift by {stopped.detail}, which is outside 0..63"
    if stopped.code == faults.BOUND:
        return f"a random number cannot have the bound or mean {stopped.detail}"
    return _TEXTS[stopped.code]


def fault(stepper: Stepper) -> tuple[str, str]:
    """Return kind and text of the failure of the CPU that failed."""
    cpu = next(cpu for cpu in stepper.cpus if cpu.stopped)
    assert cpu.stopped is not None
    kind = "check" if cpu.stopped.code == faults.CHECK else "fault"
    where = f"CPU {cpu.number}, {site(stepper.program, cpu.pc)}"
    return kind, f"{where}: {describe(stepper.program, cpu.stopped, cpu.number)}"


def deadlock(stepper: Stepper) -> str:
    """Say who waits for which word, and where."""
    text = [f"deadlock: of {stepper.program.cpus} CPUs {len(stepper.asleep)} wait for ever"]
    for number in stepper.asleep:
        cpu = stepper.cpus[number]
        place = name_of(stepper.program, cpu[cpu.row[1]] + cpu.row[2])
        text.append(f"CPU {number} for a write of {place}, {site(stepper.program, cpu.pc)}")
    return "; ".join(text)
