from collections import Counter

import pytest

from smplab.machine import simulate, simulate_reference
from tests.machine.agreement import difference, disagreement, outcome
from tests.machine.generator import random_case

BLOCK = 100
FEW = 8
"""Blocks of each run of the suite: in the first four, runs end in every way."""


def check(numbers: range) -> None:
    wrong = {n: text for n in numbers if (text := disagreement(random_case(n)))}
    assert not wrong


@pytest.mark.parametrize("block", range(FEW))
def test_engine_and_reference_agree_on_random_images(block: int) -> None:
    check(range(block * BLOCK, (block + 1) * BLOCK))


@pytest.mark.exhaustive
@pytest.mark.parametrize("block", range(FEW, 300))
def test_engine_and_reference_agree_on_many_random_images(block: int) -> None:
    check(range(block * BLOCK, (block + 1) * BLOCK))


@pytest.mark.parametrize("slice_steps", [1, 7, 1000])
def test_the_length_of_a_slice_changes_nothing(slice_steps: int) -> None:
    for number in range(60):
        case = random_case(number)
        whole = outcome(simulate, case)
        sliced = outcome(simulate, case, slice_steps=slice_steps)
        assert not difference(whole, sliced), number


def test_random_images_end_in_every_way() -> None:
    """The comparison is worth something only if runs end in all ways, results foremost."""
    outcomes = [outcome(simulate, random_case(n)) for n in range(400)]
    ends = Counter(o[0] if isinstance(o, tuple) else "result" for o in outcomes)
    assert ends["result"] > 150
    expected = {"Deadlock", "CycleLimit", "AddressError", "ArithmeticFault", "CheckFailed"}
    assert expected | {"StackOverflow"} <= set(ends)


def test_a_run_repeats_itself() -> None:
    case = random_case(12)
    assert not difference(outcome(simulate, case), outcome(simulate, case))
    assert not difference(outcome(simulate_reference, case), outcome(simulate_reference, case))
