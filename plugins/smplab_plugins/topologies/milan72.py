"""Topology `milan72`: an AMD Milan of 36 cores, 72 CPUs, on which Linux's INVLPGB was measured.

R. van Riel's series "AMD broadcast TLB invalidation" (2024) says "an AMD Milan system with 36
cores" and no more. Its distances are those of another Milan, the EPYC 7R13, of which this project
has every pair (topologies/matrices/amd-epyc-7r13-2s96c.csv, from the core-to-core-latency tool).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from smplab.api import Machine, Origin, Provenance, Topology, origins_of, parameter
from smplab_plugins.topologies.declared import declared
from smplab_plugins.topologies.uncalibrated import UncalibratedCosts

DIES, CORES_PER_DIE, SIBLINGS = 6, 6, 2
SAME_DIE, OTHER_DIE = 60, 285
"""Cycles for a transfer between two cores: 22.7 and 107.6 ns, the medians of one socket."""


@dataclass(eq=False)
class Milan72Costs(UncalibratedCosts):
    """The cost table of this machine."""

    hit: int = parameter(
        4, "access to a copy in the CPU's own cache", unit="cycles", minimum=1,
        source="estimated: as on the EPYC 7742 (AnandTech)",
    )  # fmt: skip
    mem: int = parameter(
        38, "extra when no cache holds the line", unit="cycles", minimum=0,
        source="estimated: 122 ns on the EPYC 7742 (AnandTech), less the transfer",
    )  # fmt: skip
    ipi: int = parameter(
        1500, "from an interrupt's sending to its arrival, beside the distance", unit="cycles",
        minimum=0, source="estimated: x86 delivers in some 1,000 to 2,000 cycles in all; vary it",
    )  # fmt: skip
    tlb_entries: int = parameter(
        2048, "translations that a CPU's TLB holds", minimum=1,
        source="estimated: the second-level data TLB that AMD gives for Zen 3",
    )  # fmt: skip
    tlb_ways: int = parameter(
        16, "associativity of the TLB; it divides the entries", minimum=1,
        source="estimated: the second-level data TLB that AMD gives for Zen 3",
    )  # fmt: skip
    tlb_tags: bool = parameter(
        True, "the TLB keeps translations of several spaces; else a change of space flushes it",
        source="estimated: PCIDs, which Linux uses",
    )  # fmt: skip
    tlb_broadcast: int = parameter(
        500, "removing translations from all TLBs at once, beside the greatest distance; 0: the"
        " machine cannot", unit="cycles", minimum=0,
        source="estimated: INVLPGB and the TLBSYNC after it; nobody published their cycles",
    )  # fmt: skip


@dataclass(eq=False)
class Milan72(Topology):
    """Six dies of six cores with two SMT siblings each, one socket, one memory node.

    CPUs 0 to 35 are the cores, die after die; CPU c + 36 is the sibling of CPU c. Path costs are
    the defaults, all estimated.
    """

    source: ClassVar[str] = "distances: core-to-core-latency, EPYC 7R13; the rest estimated"
    origins: ClassVar[dict[str, Origin]] = {
        **declared(Milan72Costs),
        "clock_ghz": Origin(Provenance.ESTIMATED, "nominal clock of the EPYC 7R13"),
        "distance_cycles": Origin(
            Provenance.ESTIMATED, "measured on an EPYC 7R13, another Milan, within one socket"
        ),
        "levels": Origin(Provenance.ESTIMATED, "36 cores as six dies of six"),
    }

    costs: Milan72Costs = dataclasses.field(default_factory=Milan72Costs)

    def describe(self) -> Machine:
        """Return the machine: 72 CPUs, 6 places, 1 memory node."""
        distance = np.full((DIES, DIES), OTHER_DIE, np.int32)
        np.fill_diagonal(distance, SAME_DIE)
        core = np.tile(np.arange(DIES * CORES_PER_DIE, dtype=np.int32), SIBLINGS)
        die = core // np.int32(CORES_PER_DIE)
        zeros = np.zeros(len(core), np.int32)
        return Machine(
            name="milan72",
            clock_ghz=2.65,
            core=core,
            cluster=die,
            socket=zeros,
            node=zeros,
            place=die,
            distance_cycles=distance,
            place_of_node=np.zeros(1, np.int32),
            costs=self.costs.resolved(SAME_DIE),
            origins=origins_of(self),
        )
