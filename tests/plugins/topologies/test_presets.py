"""The two machines whose locks were measured, against the published latency tables."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from smplab.machine.description import Machine, Provenance
from smplab.machine.errors import MachineError
from smplab.machine.placement import place
from smplab_plugins.topologies.opteron48 import Opteron48, Opteron48Costs
from smplab_plugins.topologies.westmere_ex160 import WestmereEx160

PRESETS = [Opteron48(), WestmereEx160()]


def published(machine: str) -> dict[str, int]:
    """Latency of each level in MCTOP's table, cycles."""
    with (Path(__file__).parent / "mctop_machines.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["machine"] == machine]
    return {row["level"]: int(row["latency_cycles"]) for row in rows}


def ordered_pairs(m: Machine) -> Counter[int]:
    """How many ordered pairs of CPUs are how far apart; siblings count as 0."""
    between = m.distance_cycles[m.place[:, None], m.place[None, :]].copy()
    between[m.core[:, None] == m.core[None, :]] = 0
    apart = ~np.eye(m.cpus, dtype=np.bool_)
    return Counter(between[apart].tolist())


def test_opteron48_has_the_published_number_of_pairs_at_each_distance() -> None:
    level = published("lpd48core")
    assert ordered_pairs(Opteron48().describe()) == {
        level["same-die"]: 240,
        level["same-mcm"]: 288,
        level["one-hop"]: 864,
        level["two-hop"]: 864,
    }


def test_westmere_ex160_has_three_links_a_socket() -> None:
    level = published("diassrv8")
    assert ordered_pairs(WestmereEx160().describe()) == {
        0: 160,
        level["same-socket"]: 160 * 18,
        level["one-hop"]: 160 * 3 * 20,
        level["two-hop"]: 160 * 4 * 20,
    }


def test_memory_and_cache_are_near_the_published_latencies() -> None:
    for topology, name in ((Opteron48(), "lpd48core"), (WestmereEx160(), "diassrv8")):
        m, level = topology.describe(), published(name)
        assert m.costs.hit == level["L1"]
        local = m.costs.mem + m.distance_cycles[0, 0]
        assert local == pytest.approx(level["mem-local"], rel=0.3)
        far = m.costs.mem + m.distance_cycles.max()
        assert far == pytest.approx(level["mem-2hop"], rel=0.02)


def test_one_hop_links_explain_every_distance_of_westmere_ex160() -> None:
    distance = WestmereEx160().describe().distance_cycles
    one_hop = distance == 341
    assert (one_hop.sum(axis=0) == 3).all()
    assert ((one_hop @ one_hop)[distance == 458] > 0).all(), "two hops must lead everywhere"


@pytest.mark.parametrize("topology", PRESETS, ids=lambda t: type(t).__name__)
def test_distances_are_symmetric_and_no_detour_is_shorter(
    topology: Opteron48 | WestmereEx160,
) -> None:
    d = topology.describe().distance_cycles
    assert (d == d.T).all()
    detour = (d[:, :, None] + d[None, :, :]).min(axis=1)
    assert (d <= detour).all()


@pytest.mark.parametrize("topology", PRESETS, ids=lambda t: type(t).__name__)
def test_levels_nest_and_nodes_are_at_home(topology: Opteron48 | WestmereEx160) -> None:
    m = topology.describe()
    for fine, coarse in ((m.core, m.cluster), (m.cluster, m.socket), (m.core, m.place)):
        pairs = {(a, b) for a, b in zip(fine.tolist(), coarse.tolist(), strict=True)}
        assert len(pairs) == len(set(fine.tolist()))
    for cpu in range(m.cpus):
        assert m.place_of_node[m.node[cpu]] == m.place[cpu]


@pytest.mark.parametrize("topology", PRESETS, ids=lambda t: type(t).__name__)
def test_numbers_that_decide_a_lock_curve_name_their_source(
    topology: Opteron48 | WestmereEx160,
) -> None:
    origins = topology.describe().origins
    for name in ("distance_cycles", "clock_ghz"):
        assert origins[name].provenance is Provenance.MEASURED
    for name in ("costs.occ_r", "costs.occ_w"):
        assert origins[name].provenance is Provenance.CALIBRATED


def test_a_cost_of_the_user_changes_machine_and_provenance() -> None:
    plain = Opteron48().describe()
    changed = Opteron48(costs=Opteron48Costs(occ_r=46)).describe()
    assert changed.costs.occ_r == 46
    assert changed.origins["costs.occ_r"].provenance is Provenance.USER
    assert changed.digest != plain.digest == Opteron48().describe().digest


def test_siblings_of_westmere_ex160_share_a_core() -> None:
    m = WestmereEx160().describe()
    assert (m.core[:80] == m.core[80:]).all()
    assert (np.bincount(m.core) == 2).all()


def test_sockets_placement_uses_siblings_of_westmere_ex160_only_beyond_80() -> None:
    m = WestmereEx160().describe()
    assert len(np.unique(m.core[place(m, 80, "sockets")])) == 80
    assert np.unique(m.socket[place(m, 20, "sockets")]).tolist() == [0, 1]
    assert np.unique(m.socket[place(m, 100, "sockets")[80:]]).tolist() == [0, 1]


def test_a_49th_cpu_on_opteron48_is_refused() -> None:
    with pytest.raises(
        MachineError, match="cpus=49 is more than topology opteron48 has: it has 48"
    ):
        place(Opteron48().describe(), 49, "compact")
