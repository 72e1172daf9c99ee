"""Levels: what was built into a matrix is found in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.machine.errors import MachineError
from smplab_plugins.topologies.levels import hierarchy, levels

Groups = npt.NDArray[np.int64]


def build(smt: int, cores: int, clusters: int, sockets: int, seed: int) -> tuple[Groups, ...]:
    """Core, cluster and socket of CPUs in random order."""
    cpus = smt * cores * clusters * sockets
    cpu = np.random.default_rng(seed).permutation(cpus)
    return cpu // smt, cpu // (smt * cores), cpu // (smt * cores * clusters)


def latencies(
    groups: tuple[Groups, ...], seed: int, ns: tuple[float, ...] = (8.0, 25.0, 80.0, 200.0)
) -> npt.NDArray[np.float64]:
    """A matrix with these latencies at the levels, each 8 % up or down at random."""
    cpus = len(groups[0])
    base = np.full((cpus, cpus), ns[-1])
    for group, value in reversed(list(zip(groups, ns, strict=False))):
        base[group[:, None] == group[None, :]] = value
    noisy = base * np.random.default_rng(seed).uniform(0.92, 1.08, base.shape)
    lower = np.tril(noisy, -1)
    symmetric: npt.NDArray[np.float64] = lower + lower.T
    return symmetric


def same_partition(a: npt.NDArray[np.integer], b: npt.NDArray[np.integer]) -> bool:
    pairs = set(zip(a.tolist(), b.tolist(), strict=True))
    return len(pairs) == len(set(a.tolist())) == len(set(b.tolist()))


@given(
    st.sampled_from([1, 2, 4, 8]), st.integers(2, 5), st.integers(2, 3), st.integers(2, 4),
    st.integers(0, 10**6),
)  # fmt: skip
def test_a_hierarchy_is_found_whatever_the_order_of_the_cpus(
    smt: int, cores: int, clusters: int, sockets: int, seed: int
) -> None:
    core, cluster, socket = groups = build(smt, cores, clusters, sockets, seed)
    found = hierarchy(latencies(groups, seed), 17.0, 0)
    assert same_partition(found.core, core)
    assert same_partition(found.cluster, cluster)
    assert same_partition(found.socket, socket)


@given(st.integers(2, 12), st.integers(0, 10**6))
def test_noise_alone_has_no_levels(cpus: int, seed: int) -> None:
    one = np.zeros(cpus, np.int64)
    assert levels(latencies((one,), seed, (50.0, 50.0))) == []


@given(st.integers(0, 10**6))
def test_groups_are_numbered_by_their_first_cpu(seed: int) -> None:
    for level in levels(latencies(build(2, 2, 2, 2, seed), seed)):
        _, first = np.unique(level.group, return_index=True)
        assert (np.diff(first) > 0).all()


def test_near_cores_are_no_siblings() -> None:
    groups = build(1, 4, 2, 2, 0)
    found = hierarchy(latencies(groups, 0, (0.0, 20.0, 80.0, 200.0)), 17.0, 0)
    assert len(set(found.core.tolist())) == 16
    found = hierarchy(latencies(groups, 0, (0.0, 20.0, 80.0, 200.0)), 30.0, 0)
    assert len(set(found.core.tolist())) == 4


def test_a_socket_far_from_its_memory_is_still_one() -> None:
    _, cluster, socket = groups = build(1, 4, 4, 2, 3)
    matrix = latencies(groups, 3, (0.0, 25.0, 110.0, 210.0))
    slow = (socket == 1)[:, None] & (socket == 1)[None, :] & (cluster[:, None] != cluster[None, :])
    matrix[slow] *= 210 / 110
    assert same_partition(hierarchy(matrix, 17.0, 0).socket, socket)


def test_one_slow_pair_does_not_hide_a_level() -> None:
    groups = build(1, 8, 2, 2, 0)
    matrix = latencies(groups, 0, (0.0, 25.0, 80.0, 200.0))
    a, b = np.flatnonzero(groups[1] == 0)[:2]
    matrix[a, b] = matrix[b, a] = 50.0
    found = hierarchy(matrix, 17.0, 0)
    assert same_partition(found.socket, groups[2])


def test_the_number_of_sockets_can_be_given() -> None:
    matrix = latencies(build(1, 4, 2, 2, 0), 0, (0.0, 25.0, 80.0, 200.0))
    assert hierarchy(matrix, 17.0, 1).socket.max() == 0
    assert hierarchy(matrix, 17.0, 2).socket.max() == 1
    assert hierarchy(matrix, 17.0, 4).socket.max() == 3
    with pytest.raises(MachineError, match=r"topology.sockets=3: no level.*4 groups of 4 CPUs"):
        hierarchy(matrix, 17.0, 3)
