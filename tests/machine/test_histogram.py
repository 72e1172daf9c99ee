import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.machine import histogram

LATENCIES = st.integers(0, 2**63 - 1)


@given(LATENCIES)
def test_a_bucket_holds_its_value_within_a_64th(value: int) -> None:
    bucket = histogram.bucket_of(value)
    assert 0 <= bucket < histogram.BUCKETS
    least, greatest = histogram.bounds_of(bucket)
    assert least <= value <= greatest
    assert (greatest - least + 1) * 64 <= max(value, 64)


@given(LATENCIES, LATENCIES)
def test_buckets_keep_the_order(a: int, b: int) -> None:
    low, high = sorted((a, b))
    assert histogram.bucket_of(low) <= histogram.bucket_of(high)


def test_buckets_leave_no_gap() -> None:
    ends = [histogram.bounds_of(b) for b in range(histogram.BUCKETS)]
    assert all(after[0] == before[1] + 1 for before, after in itertools.pairwise(ends))
    assert ends[0][0] == 0
    assert ends[-1][1] == 2**63 - 1


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=200), st.floats(1, 100))
def test_percentiles_are_those_of_the_values(values: list[int], percent: float) -> None:
    counts = np.zeros(histogram.BUCKETS, np.int64)
    for value in values:
        counts[histogram.bucket_of(value)] += 1
    exact = sorted(values)[max(1, math.ceil(len(values) * percent / 100)) - 1]
    assert histogram.percentile(counts, percent) == pytest.approx(exact, rel=1 / 100, abs=0.5)


def test_an_empty_histogram_has_no_percentile() -> None:
    assert math.isnan(histogram.percentile(np.zeros(histogram.BUCKETS, np.int64), 50))
