"""Means, intervals, ratios and lines against known values, and laws that they obey."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from smplab.lab.stats import estimate, fit_line, ratio, student_t

VALUES = st.lists(st.floats(0.1, 1e6), min_size=2, max_size=8)


def test_student_t_is_that_of_the_tables() -> None:
    assert student_t(2) == pytest.approx(4.3027, abs=1e-4)
    assert student_t(30) == pytest.approx(2.0423, abs=1e-4)


@given(VALUES)
def test_the_interval_is_scipys(values: list[float]) -> None:
    found = estimate(values)
    if min(values) == max(values):
        assert (found.mean, found.ci95) == (values[0], 0.0)
        return
    low, high = scipy_stats.t.interval(
        0.95, len(values) - 1, loc=sum(values) / len(values), scale=scipy_stats.sem(values)
    )
    assert found.mean == pytest.approx((low + high) / 2)
    assert found.ci95 == pytest.approx((high - low) / 2, rel=1e-6)


def test_one_value_has_no_interval_and_no_value_no_mean() -> None:
    assert math.isnan(estimate([3.0]).ci95)
    assert estimate([3.0]).mean == 3.0
    assert math.isnan(estimate([]).mean)
    assert estimate([]).n == 0


@given(VALUES, st.floats(0.01, 100))
def test_what_replicas_share_cancels_in_their_ratio(values: list[float], factor: float) -> None:
    found = ratio([factor * value for value in values], values)
    assert found.mean == pytest.approx(factor)
    assert found.ci95 == pytest.approx(0, abs=1e-6 * factor)


def test_the_ratios_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    import numpy as np

    random = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        shared = random.normal(0, 5, 6)
        above = 200 + 2 * shared + random.normal(0, 2, 6)
        below = 100 + shared + random.normal(0, 2, 6)
        found = ratio(list(above), list(below))
        covered += abs(found.mean - 2) <= found.ci95
    assert 0.91 <= covered / 400 <= 0.985


def test_a_ratio_wants_pairs() -> None:
    with pytest.raises(ValueError, match="not paired: 2 against 1"):
        ratio([1.0, 2.0], [1.0])
    assert math.isnan(ratio([1.0], [0.0]).mean)


@given(
    st.floats(-100, 100),
    st.floats(-100, 100),
    st.lists(st.integers(0, 1000), min_size=2, max_size=9, unique=True),
)
def test_a_line_is_found_again(slope: float, intercept: float, x: list[int]) -> None:
    found = fit_line(x, [intercept + slope * value for value in x])
    assert found.slope == pytest.approx(slope, abs=1e-6)
    assert found.intercept == pytest.approx(intercept, abs=1e-3)


def test_scatter_lowers_r2() -> None:
    assert fit_line([1, 2, 3], [1, 2, 3]).r2 == pytest.approx(1)
    assert fit_line([1, 2, 3, 4], [1, 3, 1, 3]).r2 == pytest.approx(0.2)


def test_a_line_needs_two_places() -> None:
    with pytest.raises(ValueError, match="two different x"):
        fit_line([2, 2], [1, 3])
