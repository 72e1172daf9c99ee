"""A record survives its line of JSON."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.lab.records import KEYS, Record, RecordError

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def record(**changes: object) -> Record:
    plain = {
        "hash": "abc", "config": {"cpus": 2}, "versions": {"schema": 1}, "seed": 1, "replica": 0,
        "status": "ok", "metrics": {"x": 1.5}, "wall_s": 0.25, "error": None,
    }  # fmt: skip
    return Record(**(plain | changes))  # type: ignore[arg-type]


@given(st.dictionaries(st.text(min_size=1), FLOATS), st.one_of(st.none(), st.text()))
def test_line_and_back_to_the_last_digit(metrics: dict[str, float], error: str | None) -> None:
    before = record(metrics=metrics, error=error)
    line = before.line()
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert Record.parse(line) == before


def test_keys_are_those_of_the_design_in_order() -> None:
    assert tuple(json.loads(record().line())) == KEYS


def test_what_is_no_number_is_null_and_comes_back_as_nan() -> None:
    line = record(metrics={"a": math.inf, "b": math.nan, "c": 1.0}).line()
    assert json.loads(line)["metrics"] == {"a": None, "b": None, "c": 1.0}
    back = Record.parse(line).metrics
    assert math.isnan(back["a"])
    assert back["c"] == 1.0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"hash": "a"}', "lacks config, versions"),
        (record(status="fine").line(), "unknown status 'fine'"),
        (record(config=3).line(), "config is not a dict"),
    ],
)
def test_what_is_no_record_is_refused(line: bytes, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        Record.parse(line)


def test_only_ok_is_ok() -> None:
    assert record().ok
    assert not record(status="failed", error="why").ok


def test_what_numbers_cannot_say_is_kept_where_there_is_any() -> None:
    before = record(details={"verdict": "violated", "bounds": []})
    assert json.loads(before.line())["details"] == {"verdict": "violated", "bounds": []}
    assert Record.parse(before.line()) == before
