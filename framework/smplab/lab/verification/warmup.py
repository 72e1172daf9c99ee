"""Compiles the checker before it is needed, so that no check's time is that of a compilation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from smplab.kernel.contracts import Scenario
from smplab.language.build import build_image
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.image import Layout
from smplab.language.routines import routine
from smplab.verify.options import MemoryModel, Options, Progress

LAYOUT = Layout(cpus=2, nodes=1, node_of_cpu=(0, 0))


@dataclass(eq=False)
class Nothing(Scenario):
    """One operation that does nothing, or fails."""

    fails: bool = parameter(False, "whether it fails")

    @routine
    def run(self, cpu: Cpu) -> None:
        """Begin and end."""
        cpu.begin("operation")
        cpu.fence()
        cpu.check(not self.fails, "it fails")
        cpu.end("operation")


@cache
def warm_up() -> None:
    """Compile the checker, or load what was compiled before; once a process."""
    from smplab.verify.check import check

    for scenario, progress in (Nothing(), Progress.EVERY), (Nothing(True), Progress.NONE):
        program = build_image({"scenario": scenario}, main="scenario").load({}, LAYOUT)
        check(program, Options(MemoryModel.TSO, progress=progress))
