from __future__ import annotations

from smplab.language.isa import Op
from smplab.verify.equivalence import representatives
from smplab.verify.flow import analyse
from tests.verify.images import X, Y, program

FIRST = 3
"""Code address of the first row of a program of one CPU."""


def test_a_register_is_live_from_its_definition_to_its_last_use() -> None:
    rows = [(Op.LOAD, 1, 15, X), (Op.LOAD, 2, 15, Y), (Op.ADD, 3, 1, 2), (Op.STORE, 15, X, 3),
            (Op.HALT,)]  # fmt: skip
    live = analyse(program(rows).image).live[FIRST:]
    assert [bits & 0b1111 for bits in live] == [0, 0b10, 0b110, 0b1000, 0]


def test_what_only_a_delay_needs_is_dead() -> None:
    rows = [(Op.LOAD, 1, 15, X), (Op.DELAY, 1), (Op.COUNT, 0, 1), (Op.HALT,)]
    assert not any(bits & 2 for bits in analyse(program(rows).image).live)


def test_a_loops_register_is_live_around_the_loop() -> None:
    rows = [(Op.MOVI, 1, 0), (Op.ADDI, 1, 1, 1), (Op.LOAD, 2, 15, X), (Op.BLT, 1, 2, 1),
            (Op.HALT,)]  # fmt: skip
    live = analyse(program(rows).image).live[FIRST:]
    assert [bits >> 1 & 1 for bits in live] == [0, 1, 1, 1, 0]


def test_a_line_is_watched_between_the_load_and_the_wait() -> None:
    rows = [(Op.LOAD, 1, 15, X), (Op.STORE, 15, Y, 1), (Op.WAIT, 15, X, 2), (Op.LOAD, 1, 15, X),
            (Op.HALT,)]  # fmt: skip
    assert analyse(program(rows).image).watching[FIRST:] == (False, True, True, False, False)


def test_a_call_keeps_what_the_caller_needs_and_what_the_callee_reads() -> None:
    rows = [(Op.LOAD, 1, 15, X), (Op.LOAD, 4, 15, Y), (Op.CALL, FIRST + 5, 4), (Op.STORE, 15, X, 1),
            (Op.HALT,), (Op.ADDI, 0, 0, 1), (Op.RET,)]  # fmt: skip
    live = analyse(program(rows).image).live[FIRST:]
    assert live[2] & 0b10010 == 0b10010
    assert not live[1] & 0b10000
    assert live[5] & 1


def test_a_copied_loop_condition_is_one_place() -> None:
    rows = [(Op.LOAD, 1, 15, X), (Op.BEQ, 1, 2, 4), (Op.LOAD, 1, 15, X), (Op.BNE, 2, 1, 2),
            (Op.HALT,)]  # fmt: skip
    same = representatives(program(rows).image)
    assert same[FIRST + 2] == same[FIRST]
    assert same[FIRST + 4] != same[FIRST]


def test_jumps_and_delays_are_passed_over_but_different_operands_are_not_merged() -> None:
    rows = [(Op.LOAD, 1, 15, X), (Op.DELAY, 1), (Op.JMP, 5), (Op.LOAD, 1, 15, Y), (Op.HALT,),
            (Op.STORE, 15, X, 1), (Op.HALT,)]  # fmt: skip
    same = representatives(program(rows).image)
    assert same[FIRST + 1] == same[FIRST + 2] == same[FIRST + 5]
    assert same[FIRST] != same[FIRST + 3]
