"""Every point of a sweep lies on one line of a figure, at one place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smplab.lab.curves import curves_of, flatten
from smplab.lab.figures.lines import address, check, lines, panels_of
from smplab.lab.figures.measured import ONE_PANEL, Comparison
from smplab.lab.records import Record
from smplab.lab.verdicts.reading import Place, TargetError
from tests.lab.figures.test_scalability import records

RECORDS = records()
CURVES = curves_of(RECORDS)
PLANNED = [flatten(record.config) for record in RECORDS]


def comparison(**changes: Any) -> Comparison:
    given: dict[str, Any] = {
        "place": Place(Path("targets.yaml"), "figure", {}), "name": "", "title": "",
        "panels": "topology", "series": ("lock",), "x": "cpus", "metric": "throughput_ops_per_s",
        "over": "", "only": {}, "names": {}, "measured": {}, "scale": {},
    }  # fmt: skip
    return Comparison(**{**given, **changes})


def with_length(record: Record, length: Any) -> dict[str, Any]:
    return {**record.config, "workload": {"name": "w", "length": length}}


def test_lines_are_the_curves_when_x_is_cpus() -> None:
    found = lines(CURVES, comparison())
    expected = [curve.series("throughput_ops_per_s") for curve in CURVES]
    assert [([int(x) for x in line.x], list(line.values)) for line in found] == expected
    assert panels_of(found) == list(dict.fromkeys(c.config["topology.name"] for c in CURVES))
    line = found[0]
    assert line.at(line.x[-1]) == line.values[-1]
    assert line.at(-1) is None


def test_lines_over_one_of_them() -> None:
    found = lines(CURVES, comparison())
    over = found[0].series
    ratios = {(line.panel, line.series): line for line in lines(CURVES, comparison(over=over))}
    units = {line.panel: line for line in found if line.series == over}
    for line in found:
        ratio = ratios[line.panel, line.series]
        for x, value in zip(ratio.x, ratio.values, strict=True):
            whole, unit = line.at(x), units[line.panel].at(x)
            assert whole is not None
            assert unit is not None
            assert value.mean * unit.mean == pytest.approx(whole.mean)
    assert {value.mean for value in ratios[found[0].panel, over].values} == {1.0}
    assert lines(CURVES, comparison(over="nobody")) == []


def test_series_join_several_keys_and_leave_out_what_is_null() -> None:
    found = lines(CURVES, comparison(panels=None, series=("topology", "lock", "policy")))
    assert {line.panel for line in found} == {ONE_PANEL}
    assert {line.series for line in found} == {
        f"{c.config['topology.name']} {c.config['mechanism.lock.name']}" for c in CURVES
    }


def test_a_parameter_that_another_filling_has_is_left_out_of_a_series() -> None:
    first = PLANNED[0] | {"mechanism.lock.backoff": 3}
    planned = [first, *PLANNED[1:]]
    named = comparison(series=("lock", "mechanism.lock.backoff"))
    check(planned, named)
    addresses = [address(flat, named) for flat in planned]
    series = [at[1] for at in addresses if at is not None]
    assert series[0].endswith(" 3")
    assert not series[1].endswith(" 3")
    with pytest.raises(TargetError, match=r"no point has a key mechanism\.lock\.backof$"):
        check(planned, comparison(series=("lock", "mechanism.lock.backof")))


def test_only_chooses() -> None:
    lock = CURVES[0].config["mechanism.lock.name"]
    assert {line.series for line in lines(CURVES, comparison(only={"lock": lock}))} == {lock}


def test_x_may_be_any_number_of_the_configuration() -> None:
    one = [r for r in RECORDS if r.config["cpus"] == RECORDS[0].config["cpus"]][:1]
    many = [Record(**{**vars(one[0]), "config": with_length(one[0], n)}) for n in (8, 0, 64)]
    (line,) = lines(curves_of(many), comparison(x="workload.length"))
    assert line.x == (0, 8, 64)


def test_two_points_at_one_place_are_refused_before_the_run() -> None:
    check(PLANNED, comparison())
    with pytest.raises(TargetError, match=r"they differ in mechanism\.lock\.name"):
        check(PLANNED, comparison(series=("topology",)))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"series": ("locks",)}, "figure.series: no point has a key locks"),
        ({"panels": "machine"}, "figure.panels: no point has a key machine"),
        ({"only": {"words": 3}}, "figure.only: no point has a key words"),
        ({"only": {"lock": "none"}}, "no point of the experiment is drawn"),
        ({"x": "lock"}, "no number"),
    ],
)
def test_what_no_point_has_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(TargetError, match=reason):
        check(PLANNED, comparison(**changes))
