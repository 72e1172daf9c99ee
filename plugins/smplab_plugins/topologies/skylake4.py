"""Topology `skylake4`: a Core i7-6700, the machine that sel4bench calls skylake."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from smplab.api import Origin, Provenance, parameter
from smplab_plugins.topologies.calibrated import CalibratedCosts, Sel4Bench
from smplab_plugins.topologies.declared import declared
from smplab_plugins.topologies.locked_build import LockedBuild
from smplab_plugins.topologies.quad import Quad


@dataclass(eq=False)
class Skylake4Costs(CalibratedCosts):
    """The cost table of this machine."""

    hit: int = parameter(
        4, "access to a copy in the CPU's own cache", unit="cycles", minimum=1,
        source="7-cpu.com: Skylake",
    )  # fmt: skip
    mem: int = parameter(
        140, "extra when no cache holds the line", unit="cycles", minimum=0,
        source="estimated: some 220 cycles to DDR4 in all, less the transfer",
    )  # fmt: skip
    tlb_entries: int = parameter(
        1536, "translations that a CPU's TLB holds", minimum=1, source="7-cpu.com: Skylake"
    )
    tlb_ways: int = parameter(
        12, "associativity of the TLB; it divides the entries", minimum=1,
        source="estimated: the second-level TLB that Intel gives for Skylake",
    )  # fmt: skip
    tlb_tags: bool = parameter(
        True, "the TLB keeps translations of several spaces; else a change of space flushes it",
        source="estimated: PCIDs, which seL4 uses",
    )  # fmt: skip
    tlb_flush: int = parameter(
        211, "emptying the CPU's own TLB, of one space or of all", unit="cycles", minimum=0,
        source="calibrated: sel4bench, PC99_64_noksw_skylake: ipc_call less ipc_call_intra",
    )  # fmt: skip


@dataclass(eq=False)
class Skylake4(Quad):
    """Four cores of one socket, SMT off.

    Path costs follow from `instr_cycles`: each is a measured total less what the simulated
    instructions of the path cost already. The numbers below are those at instr_cycles=1.

    Path costs are calibrated on the single-core build with the kernel-page-table window (Meltdown
    mitigation), as are the multiprocessor builds of the published data.
    """

    source: ClassVar[str] = "seL4/sel4bench-results, PC99_64_skylake, 2026-06-26"
    origins: ClassVar[dict[str, Origin]] = {
        **declared(Skylake4Costs),
        "clock_ghz": Origin(
            Provenance.CALIBRATED, "two one-core throughputs of sel4bench's smp; nominally 3.4"
        ),
        "distance_cycles": Origin(
            Provenance.MEASURED, "19.7 ns at 4.0 GHz: intel-core-i7-6700k-4c.csv, median of pairs"
        ),
    }

    name: ClassVar[str] = "skylake4"
    clock_ghz: ClassVar[float] = 3.445
    neighbour_cycles: ClassVar[int] = 79
    measured: ClassVar[Sel4Bench] = Sel4Bench(
        "PC99_64_skylake", null_syscall=630, ipc_call=940, ipc_call_intra=938, irq_switch=1684
    )
    measured_locked: ClassVar[LockedBuild] = LockedBuild(
        "PC99_SMP_64_skylake", ipc_call=1208, ipc_reply=1075
    )

    costs: Skylake4Costs = dataclasses.field(default_factory=Skylake4Costs)
