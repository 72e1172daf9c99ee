"""Topology `matrix`: the machine on which somebody measured a core-to-core latency matrix."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from smplab.api import Machine, MachineError, Origin, Provenance, Topology, origins_of, parameter
from smplab_plugins.topologies import latency_csv
from smplab_plugins.topologies.levels import Groups, Hierarchy, hierarchy
from smplab_plugins.topologies.uncalibrated import OCC_R_ORIGIN, UncalibratedCosts

OTHER_CLOCK_GHZ = 2.5

FACTS = {  # nominal clock in GHz, sockets
    "amd-epyc-7302-2s32c.csv": (3.0, 2),
    "amd-epyc-7r13-2s96c.csv": (2.65, 2),
    "amd-ryzen-5950x-16c.csv": (3.4, 1),
    "amd-threadripper-3990x-64c.csv": (2.9, 1),
    "aws-graviton3-64c.csv": (2.6, 1),
    "hisilicon-kunpeng920-64c.csv": (2.6, 2),
    "ibm-power7-2s16c.csv": (3.3, 2),
    "intel-core-i7-6700k-4c.csv": (4.0, 1),
    "intel-xeon-6242-2s32c.csv": (2.8, 2),
    "intel-xeon-8358-2s64c.csv": (2.6, 2),
}
"""What the matrices that ship do not say of their machines.

The two dies of the Kunpeng count as sockets: each has its own memory.
"""


@dataclass(eq=False)
class Matrix(Topology):
    """A place a core, with the measured distances; siblings, clusters and sockets are found.

    A socket has one memory node, at its first core. The file is as the core-to-core-latency tool
    writes it: see `topologies/latency_csv.py`; how levels are found: `topologies/levels.py`.
    """

    source: ClassVar[str] = "the file's measurement; siblings, clusters and sockets are inferred"
    origins: ClassVar[dict[str, Origin]] = {
        "clock_ghz": Origin(Provenance.ESTIMATED, "a usual clock; topology.clock_ghz sets it"),
        "costs.occ_r": OCC_R_ORIGIN,
    }

    file: str = parameter(
        doc="CSV of one-way latencies in ns, below the diagonal; a path, or a file that ships",
    )
    clock_ghz: float = parameter(
        0.0, "clock; 0: the nominal one of a file that ships, 2.5 for others", unit="GHz"
    )
    smt_below_ns: float = parameter(
        17.0, "latencies below are between siblings of one core", unit="ns",
        source="estimated: siblings take 7 to 17 ns, neighbouring cores 16 and more",
    )  # fmt: skip
    sockets: int = parameter(
        0,
        "number of sockets; 0: the known one of a file that ships, else as many as the coarsest "
        "level of at most 8 groups has",
        minimum=0,
    )
    costs: UncalibratedCosts = dataclasses.field(default_factory=UncalibratedCosts)

    def describe(self) -> Machine:
        """Return the machine.

        Raises:
            MachineError: the file is missing or no matrix, or its levels are not as asked for.
        """
        path = latency_csv.find(self.file)
        shipped = path.parent == latency_csv.SHIPPED and path.name in FACTS
        known_clock, known_sockets = FACTS[path.name] if shipped else (OTHER_CLOCK_GHZ, 0)
        clock_ghz = self.clock_ghz or known_clock
        if not clock_ghz > 0:
            raise MachineError(f"topology.clock_ghz={self.clock_ghz}: must be above 0")
        latency_ns = latency_csv.read(path)
        found = hierarchy(latency_ns, self.smt_below_ns, self.sockets or known_sockets)
        distance = _distance_cycles(latency_ns * clock_ghz, found)
        _, node_cpu = np.unique(found.socket, return_index=True)
        measured = Origin(Provenance.MEASURED, f"{path.name}: medians of pairs, one way")
        origins = {"distance_cycles": measured, **origins_of(self)}
        origins["levels"] = Origin(Provenance.ESTIMATED, str(found))
        if shipped and not self.clock_ghz:
            origins["clock_ghz"] = Origin(Provenance.MEASURED, "nominal clock of the processor")
        return Machine(
            name=f"matrix:{path.name}",
            clock_ghz=clock_ghz,
            core=found.core,
            cluster=found.cluster,
            socket=found.socket,
            node=found.socket,
            place=found.core,
            distance_cycles=distance,
            place_of_node=found.core[node_cpu],
            costs=self.costs.resolved(int(np.median(np.diag(distance)))),
            origins=origins,
        )


def _distance_cycles(latency: npt.NDArray[np.float64], found: Hierarchy) -> npt.NDArray[np.int32]:
    """Median over the pairs of CPUs of each two cores, whole cycles, int32 [cores, cores].

    On the diagonal stands the way to a neighbour: the median over the other cores of the cluster.

    Args:
        latency: between each two CPUs, cycles, float64 [cpus, cpus].
        found: which CPUs are siblings, and which cores neighbours.
    """
    members = _members(found.core)
    cores, most = members.shape
    pairs = latency[members.ravel()[:, None], members.ravel()[None, :]]
    between = pairs.reshape(cores, most, cores, most).transpose(0, 2, 1, 3)
    distance = np.median(between.reshape(cores, cores, most * most), axis=2)
    cluster = found.cluster[members[:, 0]]
    near = (cluster[:, None] == cluster[None, :]) & ~np.eye(cores, dtype=np.bool_)
    shortest = latency[latency > 0].min()
    for core in range(cores):
        own = distance[core][near[core]]
        distance[core, core] = np.median(own) if len(own) else shortest
    return np.maximum(np.rint(distance), 1).astype(np.int32)


def _members(core: Groups) -> npt.NDArray[np.int64]:
    """CPUs of each core, int64 [cores, most]; rows of smaller cores repeat, which keeps medians.

    That holds since cores have 1, 2, 4 or 8 CPUs: every number divides the largest.
    """
    sizes = np.bincount(core)
    order = np.argsort(core, kind="stable")
    first = np.cumsum(sizes) - sizes
    members: npt.NDArray[np.int64] = order[
        first[:, None] + np.arange(sizes.max())[None, :] % sizes[:, None]
    ]
    return members
