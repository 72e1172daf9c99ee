"""Placement: every policy is an order of all CPUs, and says which come first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.machine.description import Costs, Machine
from smplab.machine.errors import MachineError
from smplab.machine.placement import POLICIES, place


def machine(sockets: int, clusters: int, cores: int, smt: int, *, shuffle: int = 0) -> Machine:
    """A regular machine: `clusters` of `cores` a socket; `shuffle` permutes the CPUs' numbers."""
    core = np.repeat(np.arange(sockets * clusters * cores, dtype=np.int32), smt)
    core = np.random.default_rng(shuffle).permutation(core) if shuffle else core
    cluster = core // np.int32(cores)
    socket = cluster // np.int32(clusters)
    zeros = np.zeros_like(core)
    return Machine(
        name="regular", clock_ghz=1.0, core=core, cluster=cluster, socket=socket, node=zeros,
        place=zeros, distance_cycles=np.full((1, 1), 100, np.int32),
        place_of_node=np.zeros(1, np.int32), costs=Costs(), origins={},
    )  # fmt: skip


MACHINES = st.builds(
    machine, st.integers(1, 4), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4),
    shuffle=st.integers(0, 3),
)  # fmt: skip


@given(MACHINES, st.sampled_from(POLICIES), st.data())
def test_more_cpus_keep_the_fewer_where_they_are(
    m: Machine, policy: str, data: st.DataObject
) -> None:
    everything = place(m, m.cpus, policy)
    assert sorted(everything) == list(range(m.cpus))
    some = data.draw(st.integers(1, m.cpus))
    assert place(m, some, policy).tolist() == everything[:some].tolist()


@given(MACHINES, st.data())
def test_compact_uses_as_few_cores_clusters_and_sockets_as_possible(
    m: Machine, data: st.DataObject
) -> None:
    chosen = place(m, data.draw(st.integers(1, m.cpus)), "compact")
    for level in (m.core, m.cluster, m.socket):
        size = int(np.bincount(level).max())
        assert len(np.unique(level[chosen])) == -(-len(chosen) // size)


@given(MACHINES, st.data())
def test_scatter_loads_every_socket_cluster_and_core_alike(m: Machine, data: st.DataObject) -> None:
    chosen = place(m, data.draw(st.integers(1, m.cpus)), "scatter")
    for level in (m.core, m.cluster, m.socket):
        load = np.bincount(level[chosen], minlength=int(level.max()) + 1)
        assert load.max() - load.min() <= 1


@given(MACHINES, st.data())
def test_sockets_takes_all_cores_before_any_sibling(m: Machine, data: st.DataObject) -> None:
    chosen = place(m, data.draw(st.integers(1, m.cpus)), "sockets")
    cores = int(m.core.max()) + 1
    first_round = chosen[:cores]
    assert len(np.unique(m.core[first_round])) == len(first_round)
    for start in range(0, len(chosen), cores):
        in_order = m.socket[chosen[start : start + cores]]
        assert (np.diff(in_order) >= 0).all()


def test_the_orders_on_two_sockets_with_siblings() -> None:
    m = machine(sockets=2, clusters=1, cores=2, smt=2)  # cores 0 0 1 1 | 2 2 3 3
    assert place(m, 8, "compact").tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert place(m, 8, "scatter").tolist() == [0, 4, 2, 6, 1, 5, 3, 7]
    assert place(m, 8, "sockets").tolist() == [0, 2, 4, 6, 1, 3, 5, 7]


def test_scatter_alternates_between_the_clusters_of_a_socket() -> None:
    m = machine(sockets=2, clusters=2, cores=2, smt=1)  # sockets 0..3 | 4..7, clusters of two
    assert place(m, 8, "scatter").tolist() == [0, 4, 2, 6, 1, 5, 3, 7]


def test_too_many_cpus_say_what_there_is_and_what_to_do() -> None:
    with pytest.raises(
        MachineError, match=r"cpus=9 is more than topology regular has: it has 8.*cpus=8"
    ):
        place(machine(2, 1, 2, 2), 9, "compact")


@pytest.mark.parametrize("cpus", [0, -1])
def test_no_cpus_are_refused(cpus: int) -> None:
    with pytest.raises(MachineError, match=f"cpus={cpus}: a run needs at least one CPU"):
        place(machine(1, 1, 1, 1), cpus, "compact")


def test_an_unknown_policy_names_the_known_ones() -> None:
    with pytest.raises(
        MachineError, match=r"placement=spread is unknown.*compact, scatter, sockets"
    ):
        place(machine(1, 1, 1, 1), 1, "spread")
