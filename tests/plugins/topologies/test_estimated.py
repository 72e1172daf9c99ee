"""The machines that nobody measured, or of which another was measured."""

from __future__ import annotations

import dataclasses

import numpy as np

from smplab.machine.description import Provenance
from smplab.machine.placement import place
from smplab_plugins.topologies.matrix import Matrix
from smplab_plugins.topologies.milan72 import Milan72
from smplab_plugins.topologies.xeon_mp8 import XeonMp8, XeonMp8Costs


def test_xeon_mp8_is_two_nodes_of_four() -> None:
    m = XeonMp8().describe()
    assert (m.cpus, m.nodes) == (8, 2)
    assert np.bincount(m.socket).tolist() == [4, 4]
    assert m.socket[place(m, 4, "compact")].tolist() == [0] * 4
    assert m.distance_cycles[0, 1] > m.distance_cycles[0, 0]
    assert (m.distance_cycles == m.distance_cycles.T).all()


def test_every_number_of_xeon_mp8_but_its_clock_is_an_estimate() -> None:
    origins = XeonMp8().describe().origins
    costs = {f"costs.{field.name}" for field in dataclasses.fields(XeonMp8Costs)}
    assert set(origins) == {"clock_ghz", "distance_cycles", *costs}
    measured = {name for name, o in origins.items() if o.provenance is not Provenance.ESTIMATED}
    assert measured == {"clock_ghz"}


def test_a_locked_cmpxchg_of_xeon_mp8_takes_what_was_measured_on_netburst() -> None:
    costs = XeonMp8().describe().costs
    assert costs.hit + costs.rmw == 132


def test_the_cost_of_an_interrupt_can_be_swept() -> None:
    for ipi in (500, 5000):
        machine = XeonMp8(costs=XeonMp8Costs(ipi=ipi)).describe()
        assert machine.costs.ipi == ipi
        assert machine.origins["costs.ipi"].provenance is Provenance.USER


def test_milan72_is_36_cores_with_two_siblings_each() -> None:
    m = Milan72().describe()
    assert (m.cpus, m.nodes) == (72, 1)
    assert (np.bincount(m.core) == 2).all()
    assert (m.core[:36] == m.core[36:]).all()
    assert np.bincount(m.cluster).tolist() == [12] * 6
    assert len(np.unique(m.core[place(m, 36, "sockets")])) == 36


def test_milan72_has_the_distances_of_one_socket_of_the_measured_milan() -> None:
    """The medians within a die and, on the socket that holds the lines, between two dies."""
    measured = Matrix(file="amd-epyc-7r13-2s96c.csv").describe()
    d, cluster = measured.distance_cycles, measured.cluster
    cores, first = np.unique(measured.core, return_index=True)
    die = cluster[first]
    socket = measured.socket[first] == measured.socket[0]
    same = (die[:, None] == die[None, :]) & ~np.eye(len(cores), dtype=np.bool_)
    here = socket[:, None] & socket[None, :] & (die[:, None] != die[None, :])
    m = Milan72().describe()
    assert m.clock_ghz == measured.clock_ghz
    assert m.distance_cycles[0, 0] == round(float(np.median(d[same])))
    nearest = d[here][d[here] < 1.4 * d[here].min()]
    assert m.distance_cycles[0, 1] == round(float(np.median(nearest)))
