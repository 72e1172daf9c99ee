"""Topology `sabre`: the i.MX6 Quad SABRE board, four Cortex-A9."""

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
class SabreCosts(ArmCosts):
    """The cost table of this machine."""

    mem: int = parameter(
        100, "extra when no cache holds the line", unit="cycles", minimum=0,
        source="estimated: 37 cycles and 110 ns (7-cpu.com) on another one, less the transfer",
    )  # fmt: skip
    tlb_entries: int = parameter(
        128, "translations that a CPU's TLB holds", minimum=1,
        source="7-cpu.com: Cortex-A9, second-level TLB",
    )  # fmt: skip
    tlb_ways: int = parameter(
        2, "associativity of the TLB; it divides the entries", minimum=1,
        source="7-cpu.com: Cortex-A9, second-level TLB",
    )  # fmt: skip
    tlb_broadcast: int = parameter(
        821, "removing translations from all TLBs at once, beside the greatest distance; 0: the"
        " machine cannot", unit="cycles", minimum=0,
        source="calibrated: sel4bench, protect less map, a page of SABRE_SMP_32 over SABRE_32",
    )  # fmt: skip


@dataclass(eq=False)
class Sabre(Quad):
    """Four cores and a snoop control unit; hardware broadcasts invalidations.

    Path costs follow from `instr_cycles`: each is a measured total less what the simulated
    instructions of the path cost already. The numbers below are those at instr_cycles=1.
    """

    source: ClassVar[str] = "seL4/sel4bench-results, SABRE_32, 2026-06-26"
    origins: ClassVar[dict[str, Origin]] = {
        **declared(SabreCosts),
        "clock_ghz": CLOCK,
        "distance_cycles": Origin(
            Provenance.ESTIMATED, "twice the second-level cache, 23 cycles on a Cortex-A9"
        ),
    }

    name: ClassVar[str] = "sabre"
    clock_ghz: ClassVar[float] = 0.996
    neighbour_cycles: ClassVar[int] = 46
    measured: ClassVar[Sel4Bench] = Sel4Bench(
        "SABRE_32", null_syscall=114, ipc_call=368, ipc_call_intra=406, irq_switch=649
    )
    measured_locked: ClassVar[LockedBuild] = LockedBuild(
        "SABRE_SMP_32", ipc_call=460, ipc_reply=509
    )

    costs: SabreCosts = dataclasses.field(default_factory=SabreCosts)
