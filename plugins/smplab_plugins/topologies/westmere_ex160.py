"""Topology `westmere_ex160`: eight Intel Xeon E7-8867L ("Westmere-EX"), 160 CPUs, 2.13 GHz.

Latencies and the class of every pair of CPUs are those that MCTOP measured (G. Chatzopoulos,
R. Guerraoui, T. Harris, V. Trigonakis, "Abstracting Multi-Core Topologies with MCTOP", EuroSys
2017; its file `desc/diassrv8.mct`). The machine is the "Xeon" of T. David, R. Guerraoui,
V. Trigonakis, "Everything you always wanted to know about synchronization but were afraid to ask",
SOSP 2013.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from smplab.api import Costs, Machine, Origin, Provenance, Topology, origins_of, parameter

SOCKETS, CORES_PER_SOCKET, SIBLINGS = 8, 10, 2
SAME_SOCKET, ONE_HOP, TWO_HOPS = 116, 341, 458
"""Cycles for a transfer between two cores: MCTOP's classes."""

LINKS = (
    *((s, (s + 1) % SOCKETS) for s in range(SOCKETS)),
    (0, 5), (1, 4), (2, 6), (3, 7),
)  # fmt: skip
"""Sockets that are one hop apart: three QPI links each.

MCTOP lists CPUs as the operating system numbers them, which puts CPU 0 in one socket with 81 to 89.
Our numbers follow the ring that the links form, so that consecutive sockets are neighbours; by
their first CPU in MCTOP's list, sockets 0 to 7 are those of 0, 31, 21, 1, 11, 100, 110 and 90.
"""


@dataclass(eq=False)
class WestmereEx160Costs(Costs):
    """The cost table of this machine."""

    occ_r: int = parameter(
        97, "how long a line is busy serving one read of a shared line", unit="cycles", minimum=0,
        source="calibrated: ticket lock at 80 threads, MCTOP",
    )  # fmt: skip
    occ_w: int = parameter(
        200, "how long a line is busy for a contended write, of its latency", unit="%", minimum=1,
        source="calibrated: test-and-set lock at 80 threads, MCTOP",
    )  # fmt: skip
    mem: int = parameter(
        156, "extra when no cache holds the line", unit="cycles", minimum=0,
        source="MCTOP: memory latencies 367, 497, 604 less the transfers; their median",
    )  # fmt: skip


@dataclass(eq=False)
class WestmereEx160(Topology):
    """8 sockets of 10 cores with two SMT siblings each, a memory node a socket.

    CPUs 0 to 79 are the cores, socket after socket; CPU c + 80 is the sibling of CPU c.
    """

    source: ClassVar[str] = "MCTOP (EuroSys 2017), desc/diassrv8.mct"
    origins: ClassVar[dict[str, Origin]] = {
        "clock_ghz": Origin(Provenance.MEASURED, "nominal clock of the Xeon E7-8867L"),
        "distance_cycles": Origin(Provenance.MEASURED, "MCTOP, desc/diassrv8.mct"),
        "costs.hit": Origin(Provenance.MEASURED, "MCTOP: first-level cache, 3 cycles"),
        "costs.occ_r": Origin(Provenance.CALIBRATED, "ticket lock at 80 threads, MCTOP"),
        "costs.occ_w": Origin(Provenance.CALIBRATED, "test-and-set lock at 80 threads, MCTOP"),
        "costs.mem": Origin(Provenance.MEASURED, "MCTOP: memory latencies less the transfers"),
    }

    costs: WestmereEx160Costs = dataclasses.field(default_factory=WestmereEx160Costs)

    def describe(self) -> Machine:
        """Return the machine: 160 CPUs, 8 places, 8 memory nodes."""
        distance = np.full((SOCKETS, SOCKETS), TWO_HOPS, np.int32)
        for a, b in LINKS:
            distance[a, b] = distance[b, a] = ONE_HOP
        np.fill_diagonal(distance, SAME_SOCKET)
        core = np.tile(np.arange(SOCKETS * CORES_PER_SOCKET, dtype=np.int32), SIBLINGS)
        socket = core // CORES_PER_SOCKET
        return Machine(
            name="westmere_ex160",
            clock_ghz=2.13,
            core=core,
            cluster=socket,
            socket=socket,
            node=socket,
            place=socket,
            distance_cycles=distance,
            place_of_node=np.arange(SOCKETS, dtype=np.int32),
            costs=self.costs,
            origins=origins_of(self),
        )
