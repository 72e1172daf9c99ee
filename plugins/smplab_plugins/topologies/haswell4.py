"""Topology `haswell4`: a Core i7-4770, the machine that sel4bench calls haswell3."""

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
class Haswell4Costs(CalibratedCosts):
    """The cost table of this machine."""

    hit: int = parameter(
        4, "access to a copy in the CPU's own cache", unit="cycles", minimum=1,
        source="estimated: 4 cycles on Ivy Bridge and on Skylake (7-cpu.com)",
    )  # fmt: skip
    mem: int = parameter(
        150, "extra when no cache holds the line", unit="cycles", minimum=0,
        source="estimated: some 230 cycles to DDR3 in all, less the transfer",
    )  # fmt: skip
    tlb_entries: int = parameter(
        1024, "translations that a CPU's TLB holds", minimum=1,
        source="estimated: the second-level TLB that Intel gives for Haswell",
    )  # fmt: skip
    tlb_ways: int = parameter(
        8, "associativity of the TLB; it divides the entries", minimum=1,
        source="estimated: the second-level TLB that Intel gives for Haswell",
    )  # fmt: skip
    tlb_tags: bool = parameter(
        True, "the TLB keeps translations of several spaces; else a change of space flushes it",
        source="estimated: PCIDs, which seL4 uses",
    )  # fmt: skip
    tlb_flush: int = parameter(
        185, "emptying the CPU's own TLB, of one space or of all", unit="cycles", minimum=0,
        source="calibrated: sel4bench, PC99_64_noksw_haswell3: ipc_call less ipc_call_intra",
    )  # fmt: skip


@dataclass(eq=False)
class Haswell4(Quad):
    """Four cores of one socket, SMT off.

    Path costs follow from `instr_cycles`: each is a measured total less what the simulated
    instructions of the path cost already. The numbers below are those at instr_cycles=1.

    Path costs are calibrated on the single-core build with the kernel-page-table window (Meltdown
    mitigation), as are the multiprocessor builds of the published data. There a change of space
    costs nothing more: every kernel entry and exit loads CR3 anyway. Amit's RFC on TLB
    shootdown (2019) names neither model nor clock of its Haswell; this machine stands for it, at
    3.43 GHz.
    """

    source: ClassVar[str] = "seL4/sel4bench-results, PC99_64_haswell3, 2026-06-26"
    origins: ClassVar[dict[str, Origin]] = {
        **declared(Haswell4Costs),
        "clock_ghz": Origin(
            Provenance.CALIBRATED, "two one-core throughputs of sel4bench's smp; nominally 3.4"
        ),
        "distance_cycles": Origin(
            Provenance.ESTIMATED, "as on the Core i7-6700K, which has the same ring of four cores"
        ),
    }

    name: ClassVar[str] = "haswell4"
    clock_ghz: ClassVar[float] = 3.432
    neighbour_cycles: ClassVar[int] = 79
    measured: ClassVar[Sel4Bench] = Sel4Bench(
        "PC99_64_haswell3", null_syscall=511, ipc_call=769, ipc_call_intra=773, irq_switch=1638
    )
    measured_locked: ClassVar[LockedBuild] = LockedBuild(
        "PC99_SMP_64_haswell3", ipc_call=1028, ipc_reply=940
    )

    costs: Haswell4Costs = dataclasses.field(default_factory=Haswell4Costs)
