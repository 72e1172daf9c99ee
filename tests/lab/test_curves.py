"""Points become curves, and curves get names that tell them apart."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from smplab.lab.curves import curves_of, flatten, labels
from smplab.lab.records import Record
from tests.lab import fakes


def record(config: dict[str, Any], status: str = "ok", **metrics: float) -> Record:
    name = repr(config)
    return Record(name, config, {"schema": 1}, 1, config["replica"], status, metrics)  # type: ignore[arg-type]


def test_flatten_uses_dots_and_keeps_order() -> None:
    nested = {"b": {"name": "x", "costs": {"hit": 3}}, "a": None, "c": {}}
    assert list(flatten(nested).items()) == [
        ("b.name", "x"), ("b.costs.hit", 3), ("a", None), ("c", None),
    ]  # fmt: skip


def test_cpus_and_replica_alone_make_a_curve() -> None:
    points = [fakes.config(k, n, r) for k in ("ticket", "mcs") for n in (4, 1) for r in (1, 0)]
    curves = curves_of([record(p, throughput=p["cpus"] + p["replica"] / 10) for p in points])
    assert [curve.label for curve in curves] == ["ticket", "mcs"]
    assert curves[0].cpus == [1, 4]
    assert curves[0].values("throughput", 4) == [4.0, 4.1]
    cpus, found = curves[0].series("throughput")
    assert (cpus, [value.mean for value in found]) == ([1, 4], [1.05, 4.05])


def test_failed_points_and_missing_metrics_leave_gaps() -> None:
    ok = record(fakes.config(cpus=1), latency=2.0)
    bare = record(fakes.config(cpus=2))
    nan = record(fakes.config(cpus=3), latency=float("nan"))
    failed = record(fakes.config(cpus=4), "failed")
    (curve,) = curves_of([ok, bare, nan, failed])
    assert curve.cpus == [1, 2, 3]
    assert curve.series("latency")[0] == [1]


def test_one_curve_is_named_by_its_choices() -> None:
    (curve,) = curves_of([record(fakes.config())])
    assert curve.label == "opteron48 ticket lock_contention"


def test_a_choice_stands_for_its_parameters() -> None:
    first = flatten(fakes.config())
    second = first | {"topology.name": "westmere_ex160", "topology.costs.hit": 4}
    third = first | {"topology.costs.hit": 5}
    assert labels([first, second]) == ["opteron48", "westmere_ex160"]
    assert labels([first, third]) == ["hit=3", "hit=5"]
    assert labels([first, second, third])[2] == "opteron48 hit=5"


def test_what_follows_from_a_choice_is_left_out() -> None:
    first = flatten(fakes.config())
    second = first | {"topology.name": "westmere_ex160", "workload.think_cycles": 200}
    assert labels([first, second]) == ["opteron48", "westmere_ex160"]


KEYS = st.sampled_from(["topology.name", "topology.x", "mechanism.lock.name", "seed"])


@given(st.lists(st.dictionaries(KEYS, st.integers(0, 2), min_size=4), min_size=2, max_size=6,
                unique_by=lambda d: tuple(sorted(d.items()))))  # fmt: skip
def test_different_curves_have_different_names(configs: list[dict[str, Any]]) -> None:
    assert len(set(labels(configs))) == len(configs)
