"""What the machine model itself charges for the kernel's paths, before any path cost.

With warm caches, as the workload `kernel_paths` takes them: LENGTHS of the kernel `uniprocessor`,
LOCKED of `multiprocessor` on one CPU, with one CLH lock for all of it. The paths belong to our
kernel, so the numbers are the same on every machine. They change with the kernel's source; a test
then fails, and `python -m tests.bench.calibration` prints the new ones.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Length:
    """A path as the machine executes it.

    Attributes:
        instructions: that stay inside the CPU; each costs `instr_cycles`.
        accesses: to memory; each hits, and costs `costs.hit`.
        atomics: of these accesses, read-modify-writes; each costs `costs.rmw` more.
    """

    instructions: int
    accesses: int
    atomics: int = 0

    def cycles(self, hit: int, instr_cycles: float, rmw: int = 0) -> float:
        """Return what the path takes without path costs."""
        return self.instructions * instr_cycles + self.accesses * hit + self.atomics * rmw


LENGTHS = {
    "empty": Length(instructions=1, accesses=0),
    "call": Length(instructions=67, accesses=14),
    "interrupt": Length(instructions=124, accesses=47),
}

LOCKED = {
    "call": Length(instructions=162, accesses=29, atomics=1),
    "reply": Length(instructions=156, accesses=28, atomics=1),
}
