"""Explores a kernel's scenario with the fillings of its slots, without configuration around it."""

from __future__ import annotations

from typing import Any

from smplab.kernel.kernel import Kernel
from smplab.kernel.scenario import KernelScenario
from smplab.language.build import build_image
from smplab.language.image import Layout
from smplab.verify import MemoryModel, Options, Progress, Verdict, check
from tests.kernel.combinations import wired

USUAL = {
    "kernel": "multiprocessor", "synchronization": "locked", "granularity": "object", "lock": "tas",
    "tlb": "hardware", "tracking": "bitmap", "accounting": "none", "fine_lock": "tas",
    "grace": "epochs",
}  # fmt: skip


def explore(
    scenario: KernelScenario,
    kernel: Kernel | None = None,
    *,
    cpus: int = 2,
    model: str = "sc",
    mutant: str = "",
    seconds: float = 600,
    **chosen: Any,
) -> Verdict:
    """Explore all interleavings.

    Args:
        kernel: in the place of `multiprocessor`.
        seconds: when to give up.
        mutant: the weakening that components which name it are built with.
        chosen: fillings, by slot, in the place of the usual ones; and their parameters, as
            `tlb_delivery="multicast"`.
    """
    names = {**USUAL, **{key: value for key, value in chosen.items() if key in USUAL}}
    parts = wired(names, scenario, kernel, **scenario.capacities)
    for key in chosen.keys() - USUAL.keys():
        part, _, name = key.partition("_")
        setattr(parts[part], name, chosen[key])
    parts["scenario"] = parts.pop("workload")
    for component in parts.values():
        if mutant in component.mutants:
            component.mutant = mutant
    program = build_image(parts, main="scenario").load({}, Layout(cpus, 1, (0,) * cpus))
    options = Options(
        MemoryModel(model), progress=Progress(scenario.progress()),
        max_wall_s=seconds, max_memory_bytes=2**32,
    )  # fmt: skip
    return check(program, options)
