"""Targets are read, and each mistake is told with its file and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.lab.experiment import read_experiment
from smplab.lab.verdicts.reading import TargetError
from smplab.lab.verdicts.targets import Target, Tolerance
from tests.lab.verdicts.examples import FIGURE, folder, target

LOOKUP: dict[str, Any] = {
    "file": "data.csv", "column": "value", "where": {"machine": "M1", "lock": "TICKET"},
    "of": {"threads": 4}, "over": {"threads": 1},
}  # fmt: skip


def read(path: Path, *targets: dict[str, Any]) -> Target:
    return read_experiment(folder(path, *targets)).targets[0]


def test_a_target_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, target(known_miss="blocking stores"))
    assert (found.id, found.quantity, found.reference) == ("ticket-4-over-1", "ratio", 0.33)
    assert found.counts
    assert found.known_miss == "blocking stores"
    assert [str(s) for s in found.selections] == ["lock=ticket cpus=4", "lock=ticket cpus=1"]
    assert not read(tmp_path, target(role="calibrated")).counts


def test_a_reference_is_looked_up(tmp_path: Path) -> None:
    assert read(tmp_path, target(reference=LOOKUP)).reference == pytest.approx(300 / 900)
    one = LOOKUP | {"where": {"machine": "M1", "lock": "MCS", "threads": 4}}
    del one["of"], one["over"]
    point = target(quantity="point", over=None, reference=one)
    assert read(tmp_path, point).reference == 840


@pytest.mark.parametrize(
    ("text", "reference", "met", "unmet"),
    [
        ("30%", 10.0, (7.0, 13.0), (6.9, 13.1)),
        ("factor 1.5", 3.0, (2.0, 4.5), (1.99, 4.51)),
        ("at least", 8.0, (8.0, 99.0), (7.99,)),
        ("at most", 1.25, (1.25, 0.0), (1.26,)),
    ],
)
def test_tolerances(
    text: str, reference: float, met: tuple[float, ...], unmet: tuple[float, ...]
) -> None:
    tolerance = Tolerance(text)
    assert all(tolerance.met(value, reference) for value in met)
    assert not any(tolerance.met(value, reference) for value in unmet)


@given(st.floats(0.001, 1e6), st.integers(0, 100))
def test_what_agrees_exactly_is_within_every_tolerance(value: float, percent: int) -> None:
    texts = (f"{percent}%", f"factor {1 + percent / 10:.1f}", "at least", "at most")
    assert all(Tolerance(text).met(value, value) for text in texts)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"quantity": "ration"}, r"targets\[0\].quantity: 'ration' is not valid; did you mean ra"),
        ({"kind": "rumour"}, r"targets\[0\].kind: 'rumour' is not valid"),
        ({"over": None}, r"targets\[0\].over: is missing; the quantity ratio needs it"),
        ({"at": {}}, r"targets\[0\].at: means nothing for the quantity ratio"),
        ({"tollerance": "3%"}, r"targets\[0\].tollerance: means nothing here; did you mean tol"),
        ({"tolerance": "roughly"}, r"targets\[0\].tolerance: 'roughly' is none; write"),
        ({"tolerance": "factor 0.5"}, r"targets\[0\].tolerance: 'factor 0.5' is none"),
        ({"reference": "high"}, r"targets\[0\].reference: 'high' is no number"),
        ({"of": ["ticket"]}, r"targets\[0\].of: must be a mapping"),
        ({"of": {"lock": "ticket"}}, r"targets\[0\].of.cpus: is missing: which point"),
        ({"source": None}, r"targets\[0\].source: is missing; give a text"),
        ({"about": True}, r"targets\[0\].about: True is no text"),
        ({"reference": LOOKUP | {"column": "valu"}}, r"reference.column: the file has no column v"),
        ({"reference": LOOKUP | {"of": {"threads": 7}}}, r"reference.of: 0 rows have machine=M1"),
        ({"reference": LOOKUP | {"where": {"machine": "M1"}}}, r"reference.of: 2 rows have"),
        ({"reference": LOOKUP | {"where": {"m": "M1"}}}, r"reference.of: the file has no column m"),
        ({"reference": LOOKUP | {"file": "no.csv"}}, r"reference.file: no.csv cannot be read"),
        ({"reference": LOOKUP | {"column": "lock"}}, r"reference.column: 'TICKET' is no number"),
        (
            {"quantity": "slope", "over": None},
            r"targets\[0\].of.cpus: a slope takes the whole curve",
        ),
    ],
)
def test_each_mistake_is_told_with_its_place(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(TargetError, match=message) as error:
        read(tmp_path, target(**changes))
    assert str(error.value).startswith(str(tmp_path / "targets.yaml"))


ORDER = {"quantity": "order", "of": None, "over": None, "reference": None, "tolerance": None}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"at": {}, "among": {"lock": ["mcs", "ticket"]}}, r"at.cpus: is missing"),
        ({"at": {"cpus": 4}, "among": {"lock": ["mcs"]}}, r"among.lock: an order needs two"),
        ({"at": {"cpus": 4}, "among": {}}, r"among: must have one key"),
    ],
)
def test_mistakes_in_an_order(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TargetError, match=message):
        read(tmp_path, target(**ORDER | changes))


def test_two_targets_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"targets\[1\].id: ticket-4-over-1 is there twice"):
        read(tmp_path, target(), target())


@pytest.mark.parametrize(
    ("text", "message"),
    [("title: [", "no YAML"), ("- 1", "must be a mapping"), ("titel: x", "did you mean title")],
)
def test_a_file_that_is_none(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "targets.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(TargetError, match=message):
        read_experiment(tmp_path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"targets.yaml: cannot be read: No such file"):
        read_experiment(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": {"panel": "machine"}}, "figure.columns.series: is missing"),
        ({"columns": FIGURE["columns"] | {"low": "mini"}}, "figure.columns.low: the file has no"),
        ({"calibrated": [{"panel": "M1"}]}, r"figure.calibrated\[0\].series: is missing"),
        ({"scale": {"opteron48": 3}}, "figure.scale.opteron48: must be a mapping"),
        ({"colour": "red"}, "figure.colour: means nothing here"),
    ],
)
def test_mistakes_in_a_figure(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    folder(tmp_path, figure=FIGURE | changes)
    with pytest.raises(TargetError, match=message):
        read_experiment(tmp_path)
