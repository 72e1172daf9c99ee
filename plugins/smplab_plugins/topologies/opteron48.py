"""Topology `opteron48`: four AMD Opteron 6172 ("Magny-Cours"), 8 dies of 6 cores, 2.1 GHz.

Latencies and the class of every pair of cores are those that MCTOP measured (G. Chatzopoulos,
R. Guerraoui, T. Harris, V. Trigonakis, "Abstracting Multi-Core Topologies with MCTOP", EuroSys
2017; its file `desc/lpd48core.mct`). The machine is the "Opteron" of T. David, R. Guerraoui,
V. Trigonakis, "Everything you always wanted to know about synchronization but were afraid to ask",
SOSP 2013.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from smplab.api import Costs, Machine, Origin, Provenance, Topology, origins_of, parameter

DIES, CORES_PER_DIE, DIES_PER_PACKAGE = 8, 6, 2
SAME_DIE, SAME_PACKAGE, ONE_HOP, TWO_HOPS = 117, 197, 217, 300
"""Cycles for a transfer between two cores: MCTOP's four classes."""


@dataclass(eq=False)
class Opteron48Costs(Costs):
    """The cost table of this machine."""

    occ_r: int = parameter(
        336, "how long a line is busy serving one read of a shared line", unit="cycles", minimum=0,
        source="calibrated: ticket lock at 48 threads, MCTOP",
    )  # fmt: skip
    occ_w: int = parameter(
        128, "how long a line is busy for a contended write, of its latency", unit="%", minimum=1,
        source="calibrated: test-and-set lock at 48 threads, MCTOP",
    )  # fmt: skip
    mem: int = parameter(
        45, "extra when no cache holds the line", unit="cycles", minimum=0,
        source="MCTOP: memory latencies 142, 247, 263, 344 less the transfers; their median",
    )  # fmt: skip


@dataclass(eq=False)
class Opteron48(Topology):
    """8 dies of 6 cores, two dies a package, a memory node a die; no SMT.

    Dies are numbered as MCTOP found them: 2p and 2p + 1 form package p. A die is one hop from the
    dies of its own parity in other packages, and two hops from those of the other parity.
    """

    source: ClassVar[str] = "MCTOP (EuroSys 2017), desc/lpd48core.mct"
    origins: ClassVar[dict[str, Origin]] = {
        "clock_ghz": Origin(Provenance.MEASURED, "nominal clock of the Opteron 6172"),
        "distance_cycles": Origin(Provenance.MEASURED, "MCTOP, desc/lpd48core.mct"),
        "costs.hit": Origin(Provenance.MEASURED, "MCTOP: first-level cache, 3 cycles"),
        "costs.occ_r": Origin(Provenance.CALIBRATED, "ticket lock at 48 threads, MCTOP"),
        "costs.occ_w": Origin(Provenance.CALIBRATED, "test-and-set lock at 48 threads, MCTOP"),
        "costs.mem": Origin(Provenance.MEASURED, "MCTOP: memory latencies less the transfers"),
    }

    costs: Opteron48Costs = dataclasses.field(default_factory=Opteron48Costs)

    def describe(self) -> Machine:
        """Return the machine: 48 CPUs, 8 places, 8 memory nodes."""
        die = np.arange(DIES, dtype=np.int32)
        package = die // DIES_PER_PACKAGE
        parity = die % DIES_PER_PACKAGE
        distance = np.where(parity[:, None] == parity[None, :], ONE_HOP, TWO_HOPS)
        distance[package[:, None] == package[None, :]] = SAME_PACKAGE
        np.fill_diagonal(distance, SAME_DIE)
        of_cpu = np.repeat(die, CORES_PER_DIE)
        return Machine(
            name="opteron48",
            clock_ghz=2.1,
            core=np.arange(DIES * CORES_PER_DIE, dtype=np.int32),
            cluster=of_cpu,
            socket=package[of_cpu],
            node=of_cpu,
            place=of_cpu,
            distance_cycles=distance.astype(np.int32),
            place_of_node=die,
            costs=self.costs,
            origins=origins_of(self),
        )
