"""Finds siblings, clusters and sockets in a matrix of latencies.

Latencies of a machine come in a few bands with gaps between them. A gap is a level if the pairs of
CPUs below it fall apart into groups in which (nearly) every pair is below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smplab.api import MachineError

Groups = npt.NDArray[np.int32]

GAP = 1.4
"""A gap is where the next longer latency is at least so many times as long."""
COMPLETE = 0.95
"""Share of the pairs in a group that must be below the gap: a few may be outliers."""
SIBLINGS = (2, 4, 8)
MOST_SOCKETS = 8


@dataclass(frozen=True, eq=False)
class Level:
    """A way to group the CPUs.

    Attributes:
        group: int32 [cpus], number of each CPU's group; groups are numbered by their first CPU.
        median_ns: of the pairs within groups that no finer level has already.
    """

    group: Groups
    median_ns: float

    @property
    def groups(self) -> int:
        """Number of groups."""
        return int(self.group.max()) + 1

    @property
    def sizes(self) -> set[int]:
        """How many CPUs a group has."""
        return set(np.bincount(self.group).tolist())

    def __str__(self) -> str:
        """Say it in words, as errors and provenance do."""
        sizes = " or ".join(map(str, sorted(self.sizes)))
        return f"{self.groups} groups of {sizes} CPUs at {self.median_ns:.1f} ns"


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Core, cluster and socket of each CPU, int32 [cpus], and the levels they were found from."""

    core: Groups
    cluster: Groups
    socket: Groups
    levels: tuple[Level, ...]

    def __str__(self) -> str:
        """Say it in words."""
        found = "; ".join(str(level) for level in self.levels) or "no gaps: one level"
        return f"found from gaps in the latencies: {found}"


def hierarchy(latency_ns: npt.NDArray[np.float64], smt_below_ns: float, sockets: int) -> Hierarchy:
    """Find the levels and name them.

    The coarsest level with groups of 2, 4 or 8 CPUs and a median below `smt_below_ns` is that of
    SMT siblings. Of the others the finest is the cluster, and the coarsest that has at most 8
    groups the socket.

    Args:
        latency_ns: between each two CPUs, float64 [cpus, cpus], symmetric.
        smt_below_ns: latencies below are between siblings.
        sockets: how many sockets there are; 0: find out.

    Raises:
        MachineError: no level has so many sockets.
    """
    found = levels(latency_ns)
    core, coarser = np.arange(len(latency_ns), dtype=np.int32), found
    for position, level in enumerate(found, 1):
        if level.sizes <= {1, *SIBLINGS} and level.median_ns < smt_below_ns:
            core, coarser = level.group, found[position:]
    socket = np.zeros_like(core)
    if sockets != 1:
        fitting = [level for level in coarser if level.groups <= (sockets or MOST_SOCKETS)]
        if fitting and sockets in {0, fitting[0].groups}:
            socket = fitting[-1 if sockets == 0 else 0].group
        elif sockets:
            raise MachineError(
                f"topology.sockets={sockets}: no level has so many groups; there are: "
                + ("; ".join(map(str, coarser)) or "none but the whole machine")
            )
    return Hierarchy(core, coarser[0].group if coarser else socket, socket, tuple(found))


def levels(latency_ns: npt.NDArray[np.float64]) -> list[Level]:
    """Return the levels below that of the whole machine, finest first; each refines the next."""
    ordered = np.unique(latency_ns[np.tril_indices(len(latency_ns), -1)])
    found: list[Level] = []
    same = np.eye(len(latency_ns), dtype=np.bool_)  # pairs that the level before has in one group
    for shortest in ordered[:-1][ordered[1:] >= GAP * ordered[:-1]]:
        near = same | (latency_ns <= shortest)
        group = _components(near)
        inside = group[:, None] == group[None, :]
        if near[inside].mean() < COMPLETE:
            continue
        group = _with_rest_joined(group)
        inside = group[:, None] == group[None, :]
        new = inside & ~same
        if new.any() and group.any():
            found.append(Level(group, float(np.median(latency_ns[new]))))
            same = inside
    return found


def _components(near: npt.NDArray[np.bool_]) -> Groups:
    """Connected components of a symmetric relation, bool [cpus, cpus]; int32 [cpus]."""
    group = np.full(len(near), -1, np.int32)
    for cpu in range(len(near)):
        if group[cpu] < 0:
            members = near[cpu]
            while not np.array_equal(members, grown := near[members].any(axis=0)):
                members = grown
            group[members] = group.max() + 1
    return group


def _with_rest_joined(group: Groups) -> Groups:
    """Make one group of the smaller ones where together they are as large as the largest.

    On EPYC with two sockets the lines of the measurement lie in the memory of one of them. Two
    clusters of the other socket then pay for the way to the home node what a transfer across
    sockets costs, so that nothing in the latencies says that they are in one socket.
    """
    sizes = np.bincount(group)
    small = sizes < sizes.max()
    if sizes[small].sum() != sizes.max():
        return group
    joined = np.where(small[group], -1, group)
    _, first, number = np.unique(joined, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number].astype(np.int32)
