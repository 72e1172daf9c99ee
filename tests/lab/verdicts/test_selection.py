"""Selections are checked against the plan and find one curve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smplab.lab.curves import curves_of, flatten
from smplab.lab.verdicts.reading import Place, TargetError
from smplab.lab.verdicts.selection import NoResultError, Selection, full_key
from tests.lab import fakes
from tests.lab.figures.test_scalability import records

FLAT = [flatten(point.config) for point in fakes.grid()]
CURVES = curves_of(records())
METRIC = "throughput_ops_per_s"


def selection(**keys: Any) -> Selection:
    return Selection.read(Place(Path("targets.yaml"), "targets[0].of", keys), METRIC)


def test_short_keys() -> None:
    known = FLAT[0]
    assert full_key("topology", known) == "topology.name"
    assert full_key("lock", known) == "mechanism.lock.name"
    assert full_key("workload.think_cycles", known) == "workload.think_cycles"


def test_values_of_the_replicas() -> None:
    found = selection(lock="mcs", cpus=4, topology="opteron48")
    found.check(FLAT)
    expected = [fakes.metrics(fakes.config("mcs", 4, r))[METRIC] for r in (0, 1)]
    assert found.values(CURVES) == expected


def test_another_metric() -> None:
    found = selection(lock="mcs", cpus=4, metric="latency_mean_cycles")
    assert found.values(CURVES)[0] > 1000


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"lok": "mcs"}, r"targets.yaml: targets\[0\].of.lok: no such key"),
        ({"lock": "msc"}, r"of.lock: no point has msc; did you mean mcs\?"),
        ({"lock": "mcs", "cpus": 3}, r"of.cpus: no point has 3; there are: 1, 2, 4"),
    ],
)
def test_what_no_point_has_is_refused_before_anything_runs(
    keys: dict[str, Any], message: str
) -> None:
    with pytest.raises(TargetError, match=message):
        selection(**keys).check(FLAT)


def test_a_combination_that_no_point_has() -> None:
    other = flatten(fakes.config("tas", topology="westmere_ex160"))
    with pytest.raises(TargetError, match="no point with all of these"):
        selection(lock="tas", topology="opteron48").check([*FLAT, other])


def test_several_curves_are_too_many() -> None:
    with pytest.raises(TargetError, match="2 curves are meant: ticket, mcs; give more keys"):
        selection(topology="opteron48").curve(CURVES)


def test_no_result_is_no_mistake() -> None:
    for keys in ({"lock": "clh", "cpus": 4}, {"lock": "mcs", "cpus": 99}):
        with pytest.raises(NoResultError):
            selection(**keys).values(CURVES)
