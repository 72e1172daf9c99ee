import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.machine import bits, draws, randomness

WORDS = st.integers(0, 2**64 - 1)
compiled_draw = draws.draw
compiled_below = draws.below
compiled_exponential = draws.exponential
compiled_nth = bits.nth_one
compiled_nth_portable = bits.nth_one_portable


@given(WORDS, st.integers(0, 10**6), st.integers(0, 2**62))
def test_draws_agree(key: int, number: int, count: int) -> None:
    assert int(compiled_draw(np.uint64(key), number, count)) == randomness.draw(key, number, count)


@given(WORDS, st.integers(1, 2**63 - 1))
def test_bounded_draws_agree_and_stay_below(word: int, bound: int) -> None:
    value = randomness.below(word, bound)
    assert 0 <= value < bound
    assert compiled_below(np.uint64(word), bound) == value


@given(WORDS, st.integers(0, randomness.MAX_MEAN - 1))
def test_exponential_draws_agree_with_each_other_and_with_the_logarithm(
    word: int, mean: int
) -> None:
    value = randomness.exponential(word, mean)
    assert compiled_exponential(np.uint64(word), mean) == value
    exact = -math.log((word | 1) / 2**64) * mean
    assert value == pytest.approx(exact, rel=1e-6, abs=2 + mean * 1e-7)


def test_an_exponential_stream_has_its_mean_and_spread() -> None:
    key = randomness.key_of(7, "stream think")
    values = [randomness.exponential(randomness.draw(key, 3, n), 10_000) for n in range(20_000)]
    assert np.mean(values) == pytest.approx(10_000, rel=0.03)
    assert np.std(values) == pytest.approx(10_000, rel=0.04)


def test_a_uniform_stream_is_uniform_and_uncorrelated() -> None:
    key = randomness.key_of(7, "line arbitration")
    values = np.array(
        [[randomness.below(randomness.draw(key, m, n), 10) for n in range(2000)] for m in range(10)]
    )
    assert (np.abs(np.bincount(values.ravel()) - 2000) < 220).all()
    assert (np.abs(np.corrcoef(values) - np.eye(10)) < 0.1).all()


def test_streams_differ_by_seed_and_purpose() -> None:
    keys = {randomness.key_of(seed, name) for seed in (0, 1, -1, 2**63) for name in ("a", "b")}
    assert len(keys) == 8


@given(st.integers(1, 2**64 - 1), st.data())
def test_the_nth_set_bit(word: int, data: st.DataObject) -> None:
    positions = [n for n in range(64) if word >> n & 1]
    n = data.draw(st.integers(0, len(positions) - 1))
    assert compiled_nth(np.uint64(word), n) == positions[n]
    assert compiled_nth_portable(np.uint64(word), n) == positions[n]
