"""What the kernel is told of what workloads declare: what changes, once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smplab.api import ALONE, COARSE, FINE, SHARED
from smplab_plugins.policies.hints import Hints
from tests.plugins.policies.declaring import (
    CONCURRENCY,
    CPUS,
    GRAIN,
    GROUP,
    GROUPS,
    OBJECTS,
    PROCESSORS,
    THREADS,
    Call,
    Declaration,
    heard,
)

NUMBERS = st.sampled_from([0, 1, 5, 6, 7, OBJECTS - 1, OBJECTS, -1])
DECLARATIONS: st.SearchStrategy[Declaration] = st.one_of(
    st.tuples(st.just("share"), NUMBERS, st.integers(0, 10), st.integers(0, 9)),
    st.tuples(st.just("involve"), NUMBERS, st.integers(0, 1), st.integers(0, 4)),
    st.tuples(st.just("group"), NUMBERS, st.integers(0, 1), st.just(0)),
    st.tuples(
        st.just("spread"), st.sampled_from([0, 9, 14, 15, -1]), st.integers(0, 3), st.just(0)
    ),
)


def call_of(declared: Declaration) -> Call | None:
    """The system call that a declaration stands for; None: that one CPU is left stands for none."""
    kind, a, b, c = declared
    if kind == "share":
        return CONCURRENCY, a, SHARED if b >= (3 if a >= CPUS * THREADS else 7) else ALONE, 0
    if kind == "involve":
        return (PROCESSORS, a, b, c) if c > 1 else None
    if kind == "group":
        return GROUP, a, b, 0
    return GRAIN, a, FINE if b > 1 else COARSE, 0


def expected(script: list[Declaration]) -> tuple[list[Call], int]:
    """The calls that a script must lead to, and how many of them are refused."""
    said: dict[tuple[int, int], Call] = {}
    calls, refused = [], 0
    for call in map(call_of, script):
        if call is None or said.get(call[:2]) == call:
            continue
        calls.append(call)
        exists = 0 <= call[1] < (GROUPS if call[0] == GRAIN else OBJECTS)
        refused += not exists
        if exists and call[1] < OBJECTS:
            said[call[:2]] = call
    return calls, refused


@settings(max_examples=15, deadline=None)
@given(st.lists(DECLARATIONS, max_size=12))
def test_the_kernel_is_told_what_changes_and_takes(script: list[Declaration]) -> None:
    calls, refused = expected(script)
    found, counters = heard(Hints(), script)
    assert found == calls
    if script:
        assert counters["hints_calls"] == len(calls)
        assert counters["hints_refused"] == refused


@pytest.mark.parametrize(
    ("number", "key"),
    [(CPUS * THREADS - 1, "shared_from_percent"), (CPUS * THREADS, "trees_shared_from_percent")],
)
def test_from_the_threshold_of_its_kind_on_an_object_is_shared(number: int, key: str) -> None:
    def told(percent: int, threshold: int) -> list[Call]:
        values: dict[str, Any] = {"policy_shared_from_percent": 50}
        values |= {"policy_trees_shared_from_percent": 50, f"policy_{key}": threshold}
        return heard(Hints(), [("share", number, percent, 0)], **values)[0]

    assert told(19, 20) == [(CONCURRENCY, number, ALONE, 0)]
    assert told(20, 20) == [(CONCURRENCY, number, SHARED, 0)]
    assert told(100, 101) == [(CONCURRENCY, number, ALONE, 0)], "101: never"


@pytest.mark.parametrize(
    ("number", "key"),
    [
        (CPUS * THREADS - 1, "delegated_from_cpus"),
        (CPUS * THREADS, "trees_delegated_from_cpus"),
    ],
)
def test_from_so_many_cpus_at_once_on_an_object_of_its_kind_has_no_lock(
    number: int, key: str
) -> None:
    def told(cpus: int, threshold: int, percent: int = 90) -> list[Call]:
        other = {"delegated_from_cpus", "trees_delegated_from_cpus"} - {key}
        values: dict[str, Any] = {f"policy_{key}": threshold, f"policy_{other.pop()}": 1}
        return heard(Hints(), [("share", number, percent, cpus)], **values)[0]

    assert told(11, 12) == [(CONCURRENCY, number, SHARED, 0)]
    assert told(12, 12) == [(CONCURRENCY, number, ALONE, 0)]
    assert told(11, 12, percent=0) == [(CONCURRENCY, number, ALONE, 0)], "nothing is remote"
    assert told(10**6, 0) == [(CONCURRENCY, number, SHARED, 0)], "0: never"


def test_a_crowd_that_grows_is_told_where_it_crosses_the_threshold() -> None:
    script: list[Declaration] = [("share", 1, 90, cpus) for cpus in (2, 3, 3, 4, 5, 5, 3, 2)]
    found, counters = heard(Hints(delegated_from_cpus=4), script)
    assert found == [(CONCURRENCY, 1, want, 0) for want in (SHARED, ALONE, SHARED)]
    assert counters["hints_calls"] == 3


def test_what_groups_without_a_grain_are_spread_over_is_not_said() -> None:
    script: list[Declaration] = [("spread", 3, 8, 0), ("share", 1, 90, 8), ("spread", 3, 1, 0)]
    assert heard(Hints(), script, splits=False)[0] == [(CONCURRENCY, 1, SHARED, 0)]
    assert len(heard(Hints(), script)[0]) == 3


@pytest.mark.parametrize("threshold", [0, 1, 2, 9])
def test_from_so_many_cpus_on_a_group_is_fine(threshold: int) -> None:
    for cpus in (0, threshold - 1, threshold, threshold + 1):
        want = FINE if cpus >= threshold else COARSE
        script: list[Declaration] = [("spread", 3, cpus, 0)]
        assert heard(Hints(fine_from_cpus=threshold), script)[0] == [(GRAIN, 3, want, 0)]


def test_every_object_has_a_memory_of_its_own() -> None:
    script = [("group", n, 1, 0) for n in range(OBJECTS)]
    assert heard(Hints(), script + script)[0] == [(GROUP, n, 1, 0) for n in range(OBJECTS)]
