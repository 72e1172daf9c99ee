from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.language.isa import Op
from smplab.verify import check, replay
from smplab.verify import transitions as s
from smplab.verify.options import MemoryModel, Options
from smplab.verify.stepper import Stepper
from smplab.verify.verdict import Status
from tests.verify.images import Row, X, Y, checker_finals, enumerated_finals, program

PLACES = [X, X + 1, Y]
REGISTER = st.integers(0, 3)
PLACE = st.sampled_from(PLACES)


@st.composite
def code(draw: st.DrawFn) -> list[Row]:
    """Up to six instructions that other CPUs may notice, with computing between them."""
    rows: list[Row] = []
    for _ in range(draw(st.integers(1, 6))):
        place, a, b, c = draw(PLACE), draw(REGISTER), draw(REGISTER), draw(REGISTER)
        op = draw(st.sampled_from([*"LLLSSSSAACEFGHWBR"]))
        rows.append({
            "L": (Op.LOAD, a, 15, place), "S": (Op.STORE, 15, place, a),
            "A": (draw(st.sampled_from([Op.SWAP, Op.FADD, Op.FOR, Op.FAND])), a, 15, place, b),
            "C": (Op.CAS, a, 15, place, b, c), "E": (Op.ADDI, a, b, 1), "F": (Op.FENCE,),
            "G": (Op.GLOAD, a, 15, 8), "H": (Op.GSTORE, 15, 9, a), "W": (Op.WAIT, 15, place, 2),
            "B": (Op.BEQ, a, b, len(rows) + 2), "R": (Op.MOVI, a, draw(st.integers(0, 2))),
        }[op])  # fmt: skip
    return [*rows, (Op.HALT,), (Op.HALT,)]


CODES = st.lists(code(), min_size=1, max_size=3)
MODELS = st.sampled_from(MemoryModel)


@given(CODES, MODELS, st.booleans(), st.integers(1, 3))
def test_final_states_are_those_of_plain_enumeration(
    codes: list[list[Row]], model: MemoryModel, reduction: bool, depth: int
) -> None:
    small = program(*codes[:2])
    options = Options(memory_model=model, store_buffer=depth, reduction=reduction)
    finals, deadlock, _ = enumerated_finals(small, options)
    found, reason = checker_finals(small, options)
    assert (reason == s.DEADLOCK) == deadlock
    if not deadlock:
        assert found == finals


@given(CODES, MODELS)
def test_reduction_changes_no_verdict(codes: list[list[Row]], model: MemoryModel) -> None:
    small = program(*codes)
    plain = check(small, Options(memory_model=model, reduction=False))
    reduced = check(small, Options(memory_model=model))
    assert plain.status == reduced.status
    assert reduced.states <= plain.states or plain.status is Status.VIOLATED


@given(CODES, MODELS, st.booleans())
def test_a_counterexample_replays_to_the_same_violation(
    codes: list[list[Row]], model: MemoryModel, reduction: bool
) -> None:
    small = program(*codes)
    options = Options(memory_model=model, reduction=reduction)
    verdict = check(small, options)
    if verdict.trace:
        assert replay(small, options, verdict.trace) == verdict.violation


@given(CODES, MODELS, st.integers(0, 2**32))
def test_random_walks_end_in_states_that_the_search_found(
    codes: list[list[Row]], model: MemoryModel, seed: int
) -> None:
    small = program(*codes)
    options = Options(memory_model=model)
    found, reason = checker_finals(small, options)
    dice = random.Random(seed)
    walker = Stepper(small, options)
    while actions := walker.actions():
        walker.do(dice.choice(actions))
    if walker.asleep:
        assert reason == s.DEADLOCK
    elif reason == s.DONE:
        assert tuple(walker.memory + walker.ghost) in found


@pytest.mark.parametrize("model", list(MemoryModel))
@given(codes=CODES)
def test_fingerprints_find_as_many_states(model: MemoryModel, codes: list[list[Row]]) -> None:
    small = program(*codes)
    exact = check(small, Options(memory_model=model))
    hashed = check(small, Options(memory_model=model, fingerprints=True))
    assert (exact.status, exact.violation) == (hashed.status, hashed.violation)
    if exact.status is Status.HOLDS:
        assert exact.states == hashed.states
