"""Explores a scenario with a filling in its slot, without configuration around it."""

from __future__ import annotations

from smplab.kernel.contracts import Grace, Lock, Scenario
from smplab.kernel.granularity import Granularity
from smplab.language.build import build_image
from smplab.language.component import Component
from smplab.language.image import Image, Layout
from smplab.verify.check import check
from smplab.verify.options import MemoryModel, Options, Progress
from smplab.verify.verdict import Status, Verdict
from smplab_plugins.grace.token_ring import TokenRing
from smplab_plugins.granularity.object import ObjectLocks
from smplab_plugins.locks.ttas import TtasLock
from smplab_plugins.tracking.bitmap import Bitmap


def image_of(scenario: Scenario, filling: Component | None = None) -> Image:
    """Compile a scenario whose one slot, if it has one, is filled, and in turn the filling's."""
    if filling is not None:
        (slot,) = scenario.slots()
        setattr(scenario, slot, filling)
    return build_image({**fillings(scenario), "scenario": scenario}, main="scenario")


def fillings(user: Component) -> dict[str, Component]:
    """The fillings of a component's slots, what is used before who uses it."""
    found: dict[str, Component] = {}
    for slot in user.slots():
        found |= fillings(getattr(user, slot))
        found[slot] = getattr(user, slot)
    return found


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
    return check(
        program,
        Options(
            MemoryModel(model),
            progress=asked,
            max_states=200_000_000,  # one scenario has 129 million
            max_memory_bytes=2**34,
        ),
    )


def holds(verdict: Verdict) -> bool:
    """Whether everything was explored and nothing is violated."""
    return verdict.status is Status.HOLDS


def wire(
    filling: Component,
    *,
    lock: Lock | None = None,
    fine_lock: Lock | None = None,
    grace: Grace | None = None,
    granularity: Granularity | None = None,
) -> Component:
    """Fill the slots that a filling uses in turn, all with one grace; return the filling."""
    grace = grace or TokenRing()
    made: dict[str, Component] = {
        "lock": lock or TtasLock(),
        "fine_lock": fine_lock or TtasLock(),
        "grace": grace,
        "granularity": granularity or ObjectLocks(),
        "tracking": Bitmap(most_cpus=8),
    }
    for slot in filling.slots():
        if slot == "granularity":
            wire(made[slot], lock=lock, fine_lock=fine_lock, grace=grace)
        setattr(filling, slot, made[slot])
    return filling
