"""Topology `matrix`: the ten machines that ship, and files of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smplab.machine.description import Provenance
from smplab.machine.errors import MachineError
from smplab_plugins.topologies import latency_csv
from smplab_plugins.topologies.levels import hierarchy
from smplab_plugins.topologies.matrix import FACTS, Matrix
from smplab_plugins.topologies.uncalibrated import UncalibratedCosts

FOUND = {  # CPUs, cores, clusters, sockets that the latencies alone show
    "amd-epyc-7302-2s32c.csv": (64, 32, 16, 2),
    "amd-epyc-7r13-2s96c.csv": (192, 96, 12, 2),
    "amd-ryzen-5950x-16c.csv": (32, 16, 2, 2),
    "amd-threadripper-3990x-64c.csv": (64, 64, 16, 1),
    "aws-graviton3-64c.csv": (64, 64, 1, 1),
    "hisilicon-kunpeng920-64c.csv": (64, 64, 2, 2),
    "ibm-power7-2s16c.csv": (16, 16, 2, 2),
    "intel-core-i7-6700k-4c.csv": (8, 4, 1, 1),
    "intel-xeon-6242-2s32c.csv": (64, 32, 2, 2),
    "intel-xeon-8358-2s64c.csv": (64, 64, 2, 2),
}


def test_every_file_that_ships_is_known() -> None:
    names = {path.name for path in latency_csv.SHIPPED.glob("*.csv")}
    assert names == set(FOUND) == set(FACTS)


@pytest.mark.parametrize("file", sorted(FOUND))
def test_levels_of_the_machines_that_ship(file: str) -> None:
    found = hierarchy(latency_csv.read(latency_csv.SHIPPED / file), 17.0, 0)
    groups = [int(level.max()) + 1 for level in (found.core, found.cluster, found.socket)]
    assert (len(found.core), *groups) == FOUND[file]
    for level in (found.core, found.cluster, found.socket):
        assert len(set(np.bincount(level).tolist())) == 1, "groups of one size"


@pytest.mark.parametrize("file", sorted(FOUND))
def test_machines_that_ship(file: str) -> None:
    m = Matrix(file=file).describe()
    assert m.name == f"matrix:{file}"
    assert (m.clock_ghz, m.nodes) == FACTS[file]
    assert (m.distance_cycles == m.distance_cycles.T).all()
    assert m.distance_cycles.min() > 0
    for node, place in enumerate(m.place_of_node):
        assert m.socket[m.place == place].tolist() == [node] * int((m.place == place).sum())
    latency_ns = latency_csv.read(latency_csv.SHIPPED / file)
    between = m.distance_cycles[m.place[:, None], m.place[None, :]] / m.clock_ghz
    others = m.core[:, None] != m.core[None, :]
    assert np.median(between[others] / latency_ns[others]) == pytest.approx(1, abs=0.01)
    for name in ("distance_cycles", "clock_ghz"):
        assert m.origins[name].provenance is Provenance.MEASURED
    assert "uncalibrated" in m.origins["costs.occ_r"].source


def write(folder: Path, text: str) -> str:
    path = folder / "own.csv"
    path.write_text(text)
    return str(path)


FOUR = ",,,\n7,,,\n50,52,,\n54,60,8,\n"
"""Two cores with two siblings each."""


def test_siblings_are_one_place_and_distances_medians_of_their_pairs(tmp_path: Path) -> None:
    m = Matrix(file=write(tmp_path, FOUR), clock_ghz=2.0).describe()
    assert m.core.tolist() == m.place.tolist() == [0, 0, 1, 1]
    assert m.distance_cycles.tolist() == [[106, 106], [106, 106]]
    assert m.costs.occ_r == round(0.4 * 106)


def test_nothing_below_the_limit_means_no_siblings(tmp_path: Path) -> None:
    m = Matrix(file=write(tmp_path, FOUR), smt_below_ns=5.0).describe()
    assert m.core.tolist() == [0, 1, 2, 3]
    assert m.cluster.tolist() == [0, 0, 1, 1]


def test_two_siblings_alone_are_a_machine(tmp_path: Path) -> None:
    m = Matrix(file=write(tmp_path, ",\n7,\n")).describe()
    assert m.cpus == 2
    assert m.distance_cycles.min() > 0


def test_a_file_of_ones_own_has_an_estimated_clock(tmp_path: Path) -> None:
    file = write(tmp_path, FOUR)
    m = Matrix(file=file).describe()
    assert m.clock_ghz == 2.5
    assert m.origins["clock_ghz"].provenance is Provenance.ESTIMATED
    m = Matrix(file=file, clock_ghz=2.5).describe()
    assert m.origins["clock_ghz"].provenance is Provenance.USER


def test_a_cost_of_the_user_is_kept(tmp_path: Path) -> None:
    m = Matrix(file=write(tmp_path, FOUR), costs=UncalibratedCosts(occ_r=46)).describe()
    assert m.costs.occ_r == 46
    assert m.origins["costs.occ_r"].provenance is Provenance.USER


def test_sockets_that_no_level_has_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"topology.sockets=3: no level"):
        Matrix(file=write(tmp_path, FOUR), sockets=3).describe()


def test_a_clock_that_stands_still_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"topology.clock_ghz=-1: must be above 0"):
        Matrix(file=write(tmp_path, FOUR), clock_ghz=-1).describe()
