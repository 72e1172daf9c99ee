"""Explores a scenario with a filling in its slot, without configuration around it."""

from __future__ import annotations

from smplab.kernel.contracts import Scenario
from smplab.language.build import build_image
from smplab.language.component import Component
from smplab.language.image import Image, Layout
from smplab.verify.check import check
from smplab.verify.options import MemoryModel, Options, Progress
from smplab.verify.verdict import Status, Verdict


def image_of(scenario: Scenario, filling: Component | None = None) -> Image:
    """Compile a scenario whose one slot, if it has one, is filled."""
    components: dict[str, Component] = {}
    if filling is not None:
        (slot,) = scenario.slots()
        setattr(scenario, slot, filling)
        components[slot] = filling
    return build_image({**components, "scenario": scenario}, main="scenario")


def explore(
    scenario: Scenario,
    filling: Component | None = None,
    *,
    cpus: int = 2,
    model: str = "sc",
    progress: str = "",
) -> Verdict:
    """Explore all interleavings, asking for the progress that the scenario asks for."""
    program = image_of(scenario, filling).load({}, Layout(cpus, 1, (0,) * cpus))
    asked = Progress(progress or scenario.progress())
    return check(program, Options(MemoryModel(model), progress=asked, max_memory_bytes=2**33))


def holds(verdict: Verdict) -> bool:
    """Whether everything was explored and nothing is violated."""
    return verdict.status is Status.HOLDS
