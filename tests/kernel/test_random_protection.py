"""Random calls leave behind what they mean, whatever is said of protection meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from smplab.language.build import build_image
from smplab.language.image import Layout
from smplab.machine.result import Limits
from tests.kernel.calls import read_log
from tests.kernel.combinations import Combination, name_of, wired
from tests.kernel.hinting import CHOSEN, HintedCalls, HintedMemory, check_settled
from tests.kernel.memory_calls import Logging
from tests.kernel.memory_state import check as check_memory
from tests.kernel.memory_systems import run as run_memory
from tests.kernel.memory_systems import system
from tests.kernel.model import check
from tests.kernel.systems import run
from tests.kernel.test_random_calls import CAPACITIES
from tests.kernel.words import Words, check_places

FEW = Limits(run_cycles=3_000_000)


def meetings(one: Combination, seeds: range, room: Mapping[str, int]) -> int:
    """Run random IPC with hints, once a seed; return how many messages passed."""
    workload = HintedCalls(live=3, calls=8)
    image = build_image(wired(one, workload, **room))
    layout = Layout(one["cpus"], 1, (0,) * one["cpus"])
    base = {"kernel.tick_cycles": 20_000 if one["cpus"] > 4 else 6_000}
    programs = [
        image.load(
            {**base, "kernel.poll_cycles": 2_000 + 3_000 * p, "workload.patience": p,
             "workload.churn": churn},
            layout,
        )
        for p in range(4)
        for churn in (0, 50)
    ]  # fmt: skip
    total = 0
    for seed in seeds:
        program = programs[seed % len(programs)]
        words = Words.of(program, workload.kernel, run(program, FEW, seed))
        total += check(read_log(words, workload, one["cpus"]))
        check_places(words)
        check_settled(words)
    return total


def operations(one: Combination, seeds: range) -> int:
    """Run random memory calls with hints, once a seed; how many operations there were."""
    program, parts = system(one, HintedMemory(), None, ("", ""), poll_cycles=5_000)
    kernel = parts["kernel"]
    assert isinstance(kernel, Logging)
    total = 0
    for seed in seeds:
        result = run_memory(one, program, seed)
        assert result.operations == one["cpus"] * 2 * 20, "a thread is lost"
        total += check_memory(program, kernel, result)
        check_settled(Words.of(program, kernel, result))
    return total


@pytest.mark.parametrize("room", CAPACITIES)
@pytest.mark.parametrize("one", CHOSEN, ids=name_of)
def test_messages_pass_as_their_meaning_allows(one: Combination, room: str) -> None:
    assert meetings(one, range(24), CAPACITIES[room]) > 24


@pytest.mark.parametrize("one", CHOSEN, ids=name_of)
def test_memory_is_as_its_meaning_allows(one: Combination) -> None:
    assert operations(one, range(5)) > 40


@pytest.mark.exhaustive
@pytest.mark.parametrize("one", CHOSEN, ids=name_of)
def test_many(one: Combination) -> None:
    for room in CAPACITIES.values():
        assert meetings(one, range(1000, 1500), room) > 500
    assert operations(one, range(100, 200)) > 1000
