from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smplab.language.isa import Op
from smplab.verify import Options, Status, check, replay
from smplab.verify.options import MemoryModel
from smplab.verify.symmetry import interchangeable
from tests.verify.images import Row, X, program, same_program
from tests.verify.test_agreement import MODELS, code

LOST_UPDATE: list[Row] = [
    (Op.LOAD, 0, 15, X), (Op.ADDI, 0, 0, 1), (Op.STORE, 15, X, 0), (Op.GLOAD, 1, 15, 8),
    (Op.ADDI, 1, 1, 1), (Op.GSTORE, 15, 8, 1), (Op.MOVI, 2, 3), (Op.BNE, 1, 2, 10),
    (Op.LOAD, 3, 15, X), (Op.CHECK, 15, 0), (Op.HALT,),
]  # fmt: skip


@given(code(), MODELS, st.integers(2, 3))
def test_symmetry_changes_no_verdict(rows: list[Row], model: MemoryModel, cpus: int) -> None:
    same = same_program(cpus, rows)
    plain = check(same, Options(memory_model=model, symmetry=False))
    reduced = check(same, Options(memory_model=model))
    assert plain.status == reduced.status
    if reduced.trace:
        options = Options(memory_model=model)
        assert replay(same, options, reduced.trace) == reduced.violation
    elif plain.status is Status.HOLDS:
        assert reduced.states <= plain.states


def test_three_equal_cpus_that_race_have_few_states_and_a_trace_in_terms_of_the_real_ones() -> None:
    same = same_program(3, LOST_UPDATE)
    plain = check(same, Options(symmetry=False, reduction=False))
    reduced = check(same, Options(reduction=False))
    assert plain.kind == reduced.kind == "check"
    assert reduced.states < plain.states / 3
    assert reduced.trace is not None
    assert {event.cpu for event in reduced.trace.events} == {0, 1, 2}


def test_code_that_asks_who_it_is_is_not_symmetric() -> None:
    assert not interchangeable(program(LOST_UPDATE, LOST_UPDATE).image)
    assert interchangeable(same_program(2, LOST_UPDATE).image)
