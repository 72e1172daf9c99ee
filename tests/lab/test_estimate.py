from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from smplab.lab import estimate
from smplab.plugin.contexts import Point


class Clock:
    """Stands still but for what the runs are said to take: a tick for each CPU and cycle."""

    def __init__(self) -> None:
        self.now = 0.0
        self.runs: list[Mapping[str, Any]] = []

    def perf_counter(self) -> float:
        return self.now

    def run(self, config: Mapping[str, Any]) -> None:
        self.runs.append(config)
        length = config["warmup_cycles"] + (config["run_cycles"] or config["operations"])
        self.now += config["cpus"] * length


def point(cpus: int, run_cycles: int | None = 1000, operations: int | None = None) -> Point:
    config = {
        "cpus": cpus, "warmup_cycles": 200, "run_cycles": run_cycles, "operations": operations,
    }  # fmt: skip
    return Point(config, f"{cpus}", 1, 0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock that the module reads."""
    clock = Clock()
    monkeypatch.setattr(estimate, "time", clock)
    return clock


def test_points_of_a_kind_take_the_same(clock: Clock) -> None:
    for count in (1, 2, 3, 7):
        found = estimate.estimated_s([point(4)] * count, clock.run)
        assert found == pytest.approx(1200 * 4 * count)


def test_what_grows_with_the_cpus_is_summed_along_the_line(clock: Clock) -> None:
    points = [point(cpus) for cpus in range(1, 101)]
    assert estimate.estimated_s(points, clock.run) == pytest.approx(1200 * 5050, rel=0.01)
    assert len(clock.runs) == 2 * estimate.SAMPLES


def test_samples_are_short_whatever_ends_the_run(clock: Clock) -> None:
    found = estimate.estimated_s([point(3, None, 500)], clock.run)
    assert clock.runs[0]["operations"] == 25
    assert clock.runs[0]["run_cycles"] is None
    assert found == pytest.approx(3 * 700)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "less than a second"), (40.2, "40 s"), (720, "12 min"), (12600, "3.5 h")],
)
def test_a_time_is_said_in_words(seconds: float, words: str) -> None:
    assert estimate.in_words(seconds) == words
