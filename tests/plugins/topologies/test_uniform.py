"""Topology `uniform`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.machine.description import MAX_CPUS, Provenance
from smplab.machine.errors import MachineError
from smplab_plugins.topologies.uncalibrated import UncalibratedCosts
from smplab_plugins.topologies.uniform import Uniform


@given(st.integers(1, 64), st.integers(1, 8))
def test_every_core_has_its_siblings(cores: int, smt: int) -> None:
    m = Uniform(cpus=cores * smt, smt=smt).describe()
    assert m.cpus == cores * smt
    assert np.bincount(m.core).tolist() == [smt] * cores


def test_the_largest_machine_is_one_place() -> None:
    m = Uniform().describe()
    assert m.cpus == MAX_CPUS
    assert m.distance_cycles.shape == (1, 1)
    assert m.nodes == 1


def test_reads_occupy_a_line_for_0_4_of_the_distance_unless_said_otherwise() -> None:
    m = Uniform(cpus=2, distance_cycles=250).describe()
    assert m.costs.occ_r == 100
    assert m.origins["costs.occ_r"].provenance is Provenance.ESTIMATED
    assert "uncalibrated" in m.origins["costs.occ_r"].source
    m = Uniform(cpus=2, costs=UncalibratedCosts(occ_r=46)).describe()
    assert m.costs.occ_r == 46
    assert m.origins["costs.occ_r"].provenance is Provenance.USER


def test_what_the_user_sets_is_the_users() -> None:
    origins = Uniform(cpus=2, distance_cycles=250, clock_ghz=3.0).describe().origins
    assert origins["distance_cycles"].provenance is Provenance.USER
    assert origins["clock_ghz"].provenance is Provenance.USER


def test_cores_must_come_out_even() -> None:
    with pytest.raises(MachineError, match=r"topology.cpus=7 is no multiple.*set topology.cpus=6"):
        Uniform(cpus=7, smt=2).describe()


def test_the_clock_must_run() -> None:
    with pytest.raises(MachineError, match=r"topology.clock_ghz=0.0: must be above 0"):
        Uniform(clock_ghz=0.0).describe()
