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
    memories = 2 * 2 + 1  # shootdown and batched, each with bitmap and broadcast; hardware
    tracked = 3 * 2  # with dynamic, hardware comes with either, too
    cascades = 5 * 2  # fine locks, grace periods
    locked = 5 * (2 + cascades) * 2  # locks; global, object or dynamic; numbers of CPUs
    dynamic = 5 * (2 + cascades) * 2  # as above; grace periods with object, no global
    many = {"locked": locked * memories, "dynamic": dynamic * tracked, "messages": 2 * memories}
    for how, number in many.items():
        assert len([one for one in found if one.get("synchronization") == how]) == number
    assert {"kernel": "uniprocessor", "cpus": 1} in found
    assert {
        "kernel": "multiprocessor", "synchronization": "messages", "accounting": "none",
        "tlb": "hardware", "cpus": 2,
    } in found  # fmt: skip
    assert len(found) == sum(many.values()) + 1
    assert len(pairwise(found)) < len(found)
