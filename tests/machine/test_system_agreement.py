"""Engine and reference on random images with interrupts, contexts and translation."""

from collections import Counter as Tally

import numpy as np
import pytest

from smplab.machine import simulate, simulate_reference
from smplab.machine.result import Counter, Result
from tests.machine.agreement import difference, outcome
from tests.machine.system_generator import random_system_case

BLOCK = 100
FEW = 4
"""Blocks of each run of the suite: in them, everything happens and runs end in every way."""


def check(numbers: range) -> None:
    wrong = {}
    for number in numbers:
        case = random_system_case(number)
        text = difference(outcome(simulate, case), outcome(simulate_reference, case))
        if text:
            wrong[number] = text
    assert not wrong


@pytest.mark.parametrize("block", range(FEW))
def test_engine_and_reference_agree(block: int) -> None:
    check(range(block * BLOCK, (block + 1) * BLOCK))


@pytest.mark.exhaustive
@pytest.mark.parametrize("block", range(FEW, 150))
def test_engine_and_reference_agree_on_many(block: int) -> None:
    check(range(block * BLOCK, (block + 1) * BLOCK))


@pytest.mark.parametrize("slice_steps", [1, 7, 1000])
def test_the_length_of_a_slice_changes_nothing(slice_steps: int) -> None:
    for number in range(40):
        case = random_system_case(number)
        sliced = outcome(simulate, case, slice_steps=slice_steps)
        assert not difference(outcome(simulate, case), sliced), number


def test_random_images_use_everything_and_end_in_every_way() -> None:
    """The comparison is worth something only if everything happens, and runs end in all ways."""
    total = np.zeros(len(Counter), np.int64)
    ends: Tally[str] = Tally()
    for number in range(400):
        result = outcome(simulate, random_system_case(number))
        ends[result[0] if isinstance(result, tuple) else "result"] += 1
        if isinstance(result, Result):
            total += result.counters.sum(axis=0)
    assert (total > 0).all()
    assert ends["result"] > 150
    assert {"Deadlock", "CycleLimit", "BadInterrupt", "BadTranslation"} <= set(ends)
