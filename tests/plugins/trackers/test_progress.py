"""Progress: a bar on a terminal, few lines elsewhere, and always how it ended."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from rich.console import Console

from smplab.plugin.contexts import PointFinished, SweepFinished
from smplab_plugins.trackers.progress import ProgressBar, _duration


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


def finished(done: int, total: int, failed: int = 0) -> PointFinished:
    return PointFinished(Path("x"), {}, done, total, failed)


def ended(console: Console, done: int, total: int, failed: int) -> SweepFinished:
    return SweepFinished(Path("x"), done, total, failed, False, 1.0, console)


def play(console: Console, clock: Clock, points: int, each_s: float) -> str:
    bar = ProgressBar(console, points)
    for done in range(1, points + 1):
        clock.now += each_s
        bar.point_finished(finished(done, points, failed=done // 50))
    bar.sweep_finished(ended(console, points, points, points // 50))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_without_a_terminal_lines_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    text = play(Console(file=io.StringIO(), width=80), Clock(monkeypatch), 100, 1.0)
    lines = text.splitlines()
    assert lines[0] == "100 points to compute"
    assert lines[1] == "2 of 100 points, 1/s, 1 min 38 s left"
    assert lines[-1] == "100 of 100 points in 1 min 40 s, 2 failed"
    assert 10 <= len(lines) <= 13


def test_a_quick_sweep_has_no_line_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    text = play(Console(file=io.StringIO(), width=80), Clock(monkeypatch), 20, 0.01)
    assert len(text.splitlines()) == 2


def test_the_time_before_the_first_point_is_no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    console = Console(file=io.StringIO(), width=80)
    bar = ProgressBar(console, 10)
    clock.now += 30
    bar.point_finished(finished(1, 10))
    clock.now += 20
    bar.point_finished(finished(2, 10))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines[1:] == [
        "1 of 10 points, 30.0 s to the first",
        "2 of 10 points, 20 s each, 2 min 40 s left",
    ]


def test_on_a_terminal_the_bar_tells_count_rate_and_failures() -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    bar = ProgressBar(console, 4)
    for done in (1, 2, 3):
        bar.point_finished(finished(done, 4, failed=1))
    assert bar._bar is not None
    bar._bar.refresh()
    bar.sweep_finished(ended(console, 3, 4, 1))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "3/4" in text
    assert "left, 1 failed" in text
    assert "3 of 4 points in" in text


def test_nothing_to_do_is_said() -> None:
    console = Console(file=io.StringIO(), width=80)
    bar = ProgressBar(console, 0)
    bar.sweep_finished(ended(console, 0, 0, 0))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "every point has its result\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.21, "3.2 s"), (250, "4 min 10 s"), (7500, "2 h 5 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert _duration(seconds) == text
