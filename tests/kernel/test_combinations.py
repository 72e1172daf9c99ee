"""The combinations that stand for all."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tests.kernel.combinations import Combination, every, pairwise


def pairs(combinations: list[Combination]) -> set[frozenset[tuple[str, object]]]:
    """Return all pairs of choices, and single ones, of some combinations."""
    return {
        frozenset(pair)
        for one in combinations
        for pair in itertools.combinations_with_replacement(one.items(), 2)
    }


SOME = st.lists(
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2), min_size=1), unique_by=repr
)


@given(SOME)
def test_every_pair_occurs_and_nothing_is_chosen_in_vain(some: list[Combination]) -> None:
    chosen = pairwise(some)
    assert pairs(chosen) == pairs(some)
    for i in range(len(chosen)):
        assert pairs(chosen[:i]) < pairs(chosen[: i + 1])


def test_all_kernels_are_there_with_the_slots_that_they_use() -> None:
    found = every(cpus=(1, 2))
    locks = 5 * 2 * 2  # locks, granularities, numbers of CPUs
    memories = 2 * 2 + 1  # shootdown and batched, each with bitmap and broadcast; hardware
    locked = [one for one in found if one.get("synchronization") == "locked"]
    assert len(locked) == locks * memories
    assert {"kernel": "uniprocessor", "cpus": 1} in found
    assert {
        "kernel": "multiprocessor", "synchronization": "messages", "accounting": "none",
        "tlb": "hardware", "cpus": 2,
    } in found  # fmt: skip
    assert len(found) == (locks + 2) * memories + 1
    assert len(pairwise(found)) < len(found)
