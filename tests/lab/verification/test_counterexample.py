"""Counterexamples outlive their check: as files that are replayed, and as traces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smplab.lab.verification.counterexample import (
    CounterexampleError,
    as_plain,
    replay,
    write,
)
from smplab.lab.verification.perfetto import write_trace
from smplab.lab.verification.plan import expand
from smplab.lab.verification.point import check_identity, check_point
from smplab.plugin.host import shared_host
from smplab.verify import check
from tests.verify.examples import load
from tests.verify.system_examples import Sleeper


def violated(*overrides: str) -> tuple[dict[str, Any], dict[str, Any]]:
    (point,) = expand(overrides, shared_host(), check_identity).points
    return dict(point.config), dict(check_point(point.config).details)


@pytest.mark.parametrize(
    "overrides",
    [
        ("scenario=broken_lock",),
        ("scenario=peterson", "mutant=no_fence"),
        ("scenario=lost_wakeup", "memory_model=pso"),
        ("mechanism/lock=mcs", "scenario=lock_progress", "mutant=link_not_awaited"),
    ],
)
def test_the_interpreter_ends_where_the_search_did(
    overrides: tuple[str, ...], tmp_path: Path
) -> None:
    config, details = violated(*overrides)
    file = tmp_path / "found.json"
    write(file, config, details)
    text, end = replay(file, shared_host())
    assert end == details["violation"]
    assert text == details["counterexample"]["text"]


def test_what_goes_on_for_ever_is_replayed_to_where_it_begins(tmp_path: Path) -> None:
    config, details = violated("scenario=dekker", "mutant=stubborn")
    file = tmp_path / "found.json"
    write(file, config, details)
    assert replay(file, shared_host())[1] == ""


def test_a_counterexample_of_other_code_is_refused(tmp_path: Path) -> None:
    config, details = violated("scenario=peterson", "mutant=no_fence")
    file = tmp_path / "found.json"
    write(file, {**config, "mutant": ""}, details)
    with pytest.raises(CounterexampleError, match="the code has changed since"):
        replay(file, shared_host())


@pytest.mark.parametrize("text", ["", "{}", '{"config": {}, "counterexample": 3}'])
def test_a_file_that_holds_none_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "found.json"
    file.write_text(text)
    with pytest.raises(CounterexampleError, match="no counterexample of smplab verify"):
        replay(file, shared_host())


def test_the_trace_has_a_track_for_each_cpu_and_each_store_buffer(tmp_path: Path) -> None:
    _, details = violated("scenario=lost_wakeup", "memory_model=tso")
    file = tmp_path / "trace.json"
    write_trace(file, details["counterexample"])
    events = json.loads(file.read_text())["traceEvents"]
    names = [event["args"]["name"] for event in events if event["ph"] == "M"]
    assert names == ["CPU 0", "CPU 1", "CPU 0 store buffer", "CPU 1 store buffer"]
    steps = [event for event in events if event["ph"] == "X"]
    assert [step["ts"] for step in steps] == list(range(len(steps)))
    assert {step["tid"] for step in steps} == {0, 1, 2, 3}
    assert any(step["name"] == "self.shared.asleep = 1" for step in steps)


def test_interrupts_are_on_the_tracks_of_their_cpus(tmp_path: Path) -> None:
    small = load(Sleeper(masked=False))
    file = tmp_path / "trace.json"
    write_trace(file, as_plain(small, check(small)))
    steps = [e for e in json.loads(file.read_text())["traceEvents"] if e["ph"] == "X"]
    assert {step["tid"] for step in steps} == {0, 1}
    names = [step["name"] for step in steps if step["tid"] == 1]
    arrival = names.index("interrupt work")
    assert names[arrival + 1] == "self.woken[0] = 1"
