"""Build and run small systems with memory management, on a machine that suits them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from smplab.kernel.kernel import Kernel, KernelWorkload
from smplab.language.component import Component
from smplab.language.image import Program
from smplab.machine import simulate
from smplab.machine.description import Costs
from smplab.machine.result import Limits, Result
from smplab.testing.locks import small_machine
from tests.kernel.combinations import Combination, wired
from tests.kernel.memory_calls import LoggingMultiprocessor, LoggingUniprocessor
from tests.kernel.systems import load

SMALL = {
    "spaces": 3, "radix_bits": 2, "page_levels": 3, "tables": 12, "map_nodes": 8, "regions": 1,
    "threads": 2, "priorities": 1, "message_words": 1, "mailbox_entries": 1, "flush_entries": 1,
}  # fmt: skip
"""Capacities as small as they may be, so that all of them run out now and then."""

ONE: Combination = {"kernel": "uniprocessor", "tags": False, "cpus": 1}


def filled(**chosen: Any) -> Combination:
    """A kernel for several CPUs with the usual fillings, or those that are named."""
    return {
        "kernel": "multiprocessor", "synchronization": "locked", "granularity": "object",
        "lock": "mcs", "tlb": "batched", "tracking": "bitmap", "accounting": "none",
        "tags": False, "cpus": 4, **chosen,
    }  # fmt: skip


def system(
    one: Combination,
    workload: KernelWorkload,
    kernel: Kernel | None = None,
    mutant: tuple[str, str] = ("", ""),
    /,
    **capacities: int,
) -> tuple[Program, Mapping[str, Component]]:
    """Wire and compile a system, by default with a kernel that logs what it does with trees.

    Args:
        mutant: a slot, and the fault that its filling is to have.
    """
    if kernel is None:
        alone = one["kernel"] == "uniprocessor"
        kernel = LoggingUniprocessor() if alone else LoggingMultiprocessor()
    parts = wired(one, workload, kernel, **{**SMALL, "tags": one["tags"], **capacities})
    slot, fault = mutant
    if slot:
        parts[slot].mutant = fault
    return load(parts, one["cpus"], kernel_tick_cycles=20_000), parts


REST = Limits(run_cycles=6_000_000)
"""Time for random memory calls to come to rest."""


def run(
    one: Combination, program: Program, seed: int, limits: Limits = REST, ipi_cycles: int = 1000
) -> Result:
    """Run a system; interrupts can be so slow that what happens meanwhile shows."""
    costs = Costs(tlb_tags=one["tags"], tlb_entries=8, tlb_broadcast=400, ipi=ipi_cycles)
    machine = dataclasses.replace(small_machine(one["cpus"]), costs=costs)
    cpus = np.arange(one["cpus"], dtype=np.int64)
    return simulate(program, machine, cpus, seed, limits)
