"""Topology `tx1`: Nvidia's Jetson TX1, its four Cortex-A57."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from smplab.api import Origin, Provenance, parameter
from smplab_plugins.topologies.arm import CLOCK, ArmCosts
from smplab_plugins.topologies.calibrated import Sel4Bench
from smplab_plugins.topologies.declared import declared
from smplab_plugins.topologies.locked_build import LockedBuild
from smplab_plugins.topologies.quad import Quad


@dataclass(eq=False)
class Tx1Costs(ArmCosts):
    """The cost table of this machine."""

    mem: int = parameter(
        30, "extra when no cache holds the line", unit="cycles", minimum=0,
        source="estimated: some 150 ns to LPDDR4 at the clock of 0.43 GHz, less the transfer",
    )  # fmt: skip
    tlb_entries: int = parameter(
        1024, "translations that a CPU's TLB holds", minimum=1,
        source="Cortex-A57 manual: second-level TLB",
    )  # fmt: skip
    tlb_ways: int = parameter(
        4, "associativity of the TLB; it divides the entries", minimum=1,
        source="Cortex-A57 manual: second-level TLB",
    )  # fmt: skip
    tlb_broadcast: int = parameter(
        1752, "removing translations from all TLBs at once, beside the greatest distance; 0: the"
        " machine cannot", unit="cycles", minimum=0,
        source="calibrated: sel4bench, protect less map, a page of TX1_SMP_64 over TX1_64",
    )  # fmt: skip


@dataclass(eq=False)
class Tx1(Quad):
    """Four cores that share a second-level cache; hardware broadcasts invalidations.

    Path costs follow from `instr_cycles`: each is a measured total less what the simulated
    instructions of the path cost already. The numbers below are those at instr_cycles=1.

    The clock follows from the published throughputs of one core; 0.43 GHz is far below what the
    board can do, likely the clock that its boot loader leaves.
    """

    source: ClassVar[str] = "seL4/sel4bench-results, TX1_64, 2026-06-26"
    origins: ClassVar[dict[str, Origin]] = {
        **declared(Tx1Costs),
        "clock_ghz": CLOCK,
        "distance_cycles": Origin(
            Provenance.ESTIMATED, "twice the second-level cache, 21 cycles on Cortex-A15"
        ),
    }

    name: ClassVar[str] = "tx1"
    clock_ghz: ClassVar[float] = 0.432
    neighbour_cycles: ClassVar[int] = 42
    measured: ClassVar[Sel4Bench] = Sel4Bench(
        "TX1_64", null_syscall=249, ipc_call=413, ipc_call_intra=413, irq_switch=668
    )
    measured_locked: ClassVar[LockedBuild] = LockedBuild("TX1_SMP_64", ipc_call=538, ipc_reply=580)

    costs: Tx1Costs = dataclasses.field(default_factory=Tx1Costs)
