"""Labels keep apart, ticks do not touch, names have units."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from smplab.lab.figures.style import (
    COLOURS,
    _apart,
    _spread,
    axis_label,
    colour,
    dash,
    dress,
    short,
)


@given(st.lists(st.floats(0, 300), min_size=1, max_size=12).map(sorted))
def test_labels_are_apart_in_order_and_not_moved_without_need(heights: list[float]) -> None:
    moved = _apart(heights, 10)
    assert len(moved) == len(heights)
    gaps = [b - a for a, b in itertools.pairwise(moved)]
    assert all(gap >= 10 - 1e-6 for gap in gaps)
    if all(b - a >= 10 for a, b in itertools.pairwise(heights)):
        assert moved == pytest.approx(heights)
    assert sum(moved) == pytest.approx(sum(heights))


@given(st.lists(st.integers(1, 4096), min_size=1, max_size=20, unique=True).map(sorted))
def test_first_and_last_tick_stay(ticks: list[int]) -> None:
    for logarithmic in (True, False):
        kept = _spread(ticks, logarithmic)
        assert kept[-1] == ticks[-1]
        assert set(kept) <= set(ticks)


def test_metrics_have_names_and_units() -> None:
    assert axis_label("throughput_ops_per_s") == "throughput (operations/s)"
    assert axis_label("latency_p99_cycles") == "latency p99 (cycles)"
    assert axis_label("fairness") == "fairness"


@pytest.mark.parametrize(
    ("value", "text"), [(2.5e6, "2.5 M"), (1e9, "1 G"), (500, "500"), (20000, "20 k"), (0, "0")]
)
def test_ticks_are_short(value: float, text: str) -> None:
    assert short(value) == text


def test_series_beyond_the_colours_get_another_dash() -> None:
    looks = {(colour(i), str(dash(i))) for i in range(3 * len(COLOURS))}
    assert len(looks) == 3 * len(COLOURS)


@pytest.mark.parametrize(("zero", "begins"), [(True, 0.0), (False, 0.87)])
def test_a_scale_of_ratios_need_not_begin_at_0(zero: bool, begins: float) -> None:
    axes = Figure().subplots()
    axes.plot([1, 2], [0.9, 1.1])
    dress(axes, [1, 2], [0.9, 1.1], logarithmic=False, zero=zero)
    assert axes.get_ylim()[0] == pytest.approx(begins)
