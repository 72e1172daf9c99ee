"""Compiles the checker before it is needed, so that no check's time is that of a compilation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from smplab.kernel.contracts import Scenario
from smplab.language.build import build_image
from smplab.language.cpu import Cpu
from smplab.language.image import Layout
from smplab.language.routines import routine
from smplab.verify.options import MemoryModel, Options, Progress


@dataclass(eq=False)
class Nothing(Scenario):
    """One operation that does nothing."""

    @routine
    def run(self, cpu: Cpu) -> None:
        """Begin and end."""
        cpu.begin("operation")
        cpu.fence()
        cpu.end("operation")


@cache
def warm_up() -> None:
    """Compile the checker, or load what was compiled before; once a process."""
    from smplab.verify.check import check

    program = build_image({"scenario": Nothing()}, main="scenario").load({}, Layout(2, 1, (0, 0)))
    check(program, Options(MemoryModel.TSO, progress=Progress.EVERY))
