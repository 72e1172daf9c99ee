"""Topology `xeon_mp8`: eight Xeon MP of 2.2 GHz in two nodes of four; every number an estimate.

The class of machine on which multiprocessor L4 kernels were evaluated around 2005: Pentium 4 Xeon
MP ("Gallatin"), four to a front-side bus of 100 MHz quad-pumped, two such modules joined by a
scalability port. Nobody published its latencies. Results that rest on one should be shown over a
range, the cost of an interrupt above all: `topology.costs.ipi=500,1500,5000`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from smplab.api import Costs, Machine, Origin, Provenance, Topology, origins_of, parameter
from smplab_plugins.topologies.declared import declared

NODES, CORES_PER_NODE = 2, 4
SAME_NODE, OTHER_NODE = 300, 700
"""Cycles for a transfer between two processors."""


@dataclass(eq=False)
class XeonMp8Costs(Costs):
    """The cost table of this machine."""

    hit: int = parameter(
        2, "access to a copy in the CPU's own cache", unit="cycles", minimum=1,
        source="estimated: NetBurst's first-level cache",
    )  # fmt: skip
    rmw: int = parameter(
        130, "extra for an atomic read-modify-write", unit="cycles", minimum=0,
        source="estimated: on NetBurst at 2.8 GHz cmpxchg takes 132 cycles with LOCK, 12 without",
    )  # fmt: skip
    occ_r: int = parameter(
        SAME_NODE, "how long a line is busy serving one read of a shared line", unit="cycles",
        minimum=0, source="estimated: a bus serves one transfer after the other",
    )  # fmt: skip
    mem: int = parameter(
        50, "extra when no cache holds the line", unit="cycles", minimum=0,
        source="estimated: memory answers on the bus hardly later than another cache",
    )  # fmt: skip
    ipi_send: int = parameter(
        100, "sending an interrupt, for the sender", unit="cycles", minimum=0,
        source="estimated: an uncached write to the local interrupt controller",
    )  # fmt: skip
    ipi: int = parameter(
        1500, "from an interrupt's sending to its arrival, beside the distance", unit="cycles",
        minimum=0, source="estimated: between 500 and 5,000: sweep it",
    )  # fmt: skip
    interrupt_entry: int = parameter(
        600, "from a vector's being taken to its handler's first instruction", unit="cycles",
        minimum=0, source="estimated: a gate on NetBurst, whose long pipeline empties",
    )  # fmt: skip
    interrupt_exit: int = parameter(
        400, "from a handler's end to what it interrupted", unit="cycles", minimum=0,
        source="estimated: a gate on NetBurst, whose long pipeline empties",
    )  # fmt: skip
    kernel_entry: int = parameter(
        140, "from user level into the kernel", unit="cycles", minimum=0,
        source="estimated: SYSENTER and SYSEXIT on NetBurst, whose long pipeline empties",
    )  # fmt: skip
    kernel_exit: int = parameter(
        140, "from the kernel to user level", unit="cycles", minimum=0,
        source="estimated: SYSENTER and SYSEXIT on NetBurst, whose long pipeline empties",
    )  # fmt: skip
    switch: int = parameter(
        60, "saving one thread's registers and loading another's", unit="cycles", minimum=0,
        source="estimated: eight registers out and in, and a stack",
    )  # fmt: skip
    space: int = parameter(
        400, "changing the page table, beside the misses after it", unit="cycles", minimum=0,
        source="estimated: a load of CR3, which serialises",
    )  # fmt: skip
    tlb_entries: int = parameter(
        64, "translations that a CPU's TLB holds", minimum=1,
        source="estimated: NetBurst's data TLB: 64 entries, fully associative, no tags",
    )  # fmt: skip
    tlb_ways: int = parameter(
        64, "associativity of the TLB; it divides the entries", minimum=1,
        source="estimated: NetBurst's data TLB: 64 entries, fully associative, no tags",
    )  # fmt: skip
    tlb_drop: int = parameter(
        300, "removing one page from the CPU's own TLB", unit="cycles", minimum=0,
        source="estimated: INVLPG, which serialises",
    )  # fmt: skip
    tlb_flush: int = parameter(
        400, "emptying the CPU's own TLB, of one space or of all", unit="cycles", minimum=0,
        source="estimated: a load of CR3, which serialises",
    )  # fmt: skip


@dataclass(eq=False)
class XeonMp8(Topology):
    """Two nodes of four processors, SMT off, a memory node each. Every number is an estimate.

    What an interrupt costs is unknown; sweep `topology.costs.ipi` from 500 to 5,000 and report
    where curves cross, not where they lie.
    """

    source: ClassVar[str] = "estimated: nobody published this machine's latencies"
    origins: ClassVar[dict[str, Origin]] = {
        **declared(XeonMp8Costs),
        "clock_ghz": Origin(Provenance.MEASURED, "nominal clock of the machine's class"),
        "distance_cycles": Origin(
            Provenance.ESTIMATED,
            "some 140 ns over a bus of 100 MHz; twice and more over the port between two buses",
        ),
    }

    costs: XeonMp8Costs = dataclasses.field(default_factory=XeonMp8Costs)

    def describe(self) -> Machine:
        """Return the machine: 8 CPUs, 2 places, 2 memory nodes."""
        node = np.repeat(np.arange(NODES, dtype=np.int32), CORES_PER_NODE)
        distance = np.full((NODES, NODES), OTHER_NODE, np.int32)
        np.fill_diagonal(distance, SAME_NODE)
        return Machine(
            name="xeon_mp8",
            clock_ghz=2.2,
            core=np.arange(NODES * CORES_PER_NODE, dtype=np.int32),
            cluster=node,
            socket=node,
            node=node,
            place=node,
            distance_cycles=distance,
            place_of_node=np.arange(NODES, dtype=np.int32),
            costs=self.costs,
            origins=origins_of(self),
        )
