from __future__ import annotations

from typing import Any

import pytest

from smplab.language.isa import Op
from smplab.verify import MemoryModel, Options, Progress, Status, Verdict, check, render, replay
from smplab.verify.errors import VerifyError
from tests.verify.examples import (
    BrokenTestAndSet,
    Courteous,
    Dropped,
    LostWakeUp,
    Peterson,
    load,
)
from tests.verify.images import X, program

TSO = Options(memory_model=MemoryModel.TSO)


def confirmed(verdict: Verdict, workload: Peterson | BrokenTestAndSet | LostWakeUp) -> str:
    assert verdict.trace is not None
    assert replay(load(workload), verdict.options, verdict.trace) == verdict.violation
    return verdict.kind


def test_peterson_holds_under_sc_and_needs_its_fence_under_tso() -> None:
    assert check(load(Peterson(rounds=2, fenced=False))).status is Status.HOLDS
    assert check(load(Peterson(rounds=2, fenced=True)), TSO).status is Status.HOLDS
    broken = check(load(Peterson(fenced=False)), TSO)
    assert confirmed(broken, Peterson(fenced=False)) == "check"


def test_a_test_and_set_in_two_steps_is_refuted_with_a_shortest_run() -> None:
    verdict = check(load(BrokenTestAndSet()))
    assert confirmed(verdict, BrokenTestAndSet()) == "check"
    assert verdict.trace is not None
    assert len(verdict.trace.events) == 7
    assert verdict.violation.endswith("check failed: two CPUs are inside")


def test_a_lost_wake_up_is_a_deadlock_that_names_the_sleeper() -> None:
    verdict = check(load(LostWakeUp()))
    assert confirmed(verdict, LostWakeUp()) == "deadlock"
    assert "CPU 1 for a write of workload.words[1]" in verdict.violation
    assert check(load(LostWakeUp(careful=True))).status is Status.HOLDS


@pytest.mark.parametrize("endless", [False, True])
def test_stepping_back_for_ever_is_a_livelock_with_its_cycle(endless: bool) -> None:
    small = load(Courteous(endless=endless))
    assert check(small).status is Status.HOLDS
    verdict = check(small, Options(progress=Progress.SOME))
    assert (verdict.status, verdict.kind) == (Status.VIOLATED, "livelock")
    assert verdict.trace is not None
    assert verdict.trace.cycle is not None
    assert {action.cpu for action in verdict.trace.actions[verdict.trace.cycle :]} == {0, 1}
    assert "from here on, for ever" in render(small, verdict)


def test_looking_for_ever_without_hope_is_stuck() -> None:
    verdict = check(load(Dropped()), Options(progress=Progress.EVERY))
    assert (verdict.status, verdict.kind) == (Status.VIOLATED, "stuck")


def test_peterson_lets_everyone_in() -> None:
    options = Options(progress=Progress.EVERY, memory_model=MemoryModel.TSO)
    assert check(load(Peterson(endless=True)), options).status is Status.HOLDS


def test_rendering_has_a_column_for_each_cpu_and_the_authors_lines() -> None:
    small = load(BrokenTestAndSet())
    text = render(small, check(small))
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "examples:" in text
    assert "self.words[0].value = 1" in text
    assert render(small, check(load(Peterson()))) == ""


@pytest.mark.parametrize(
    ("bound", "name"),
    [({"max_states": 50}, "max_states"), ({"max_depth": 5}, "max_depth"),
     ({"max_memory_bytes": 500_000}, "max_memory"), ({"max_wall_s": 1e-9}, "max_wall_s")],
)  # fmt: skip
def test_a_bound_ends_the_search_and_is_named(bound: dict[str, Any], name: str) -> None:
    counting = program(*[[(Op.ADDI, 0, 0, 1), (Op.STORE, 15, X, 0), (Op.JMP, 0)]] * 2)
    limits = {"max_wall_s": 5.0, **bound}
    verdict = check(counting, Options(reduction=False, **limits))
    assert verdict.status is Status.BOUNDED
    assert name in verdict.bounds[0]


def test_faults_are_violations() -> None:
    null = check(program([(Op.LOAD, 0, 15, 3), (Op.HALT,)]))
    assert "access to NULL" in null.violation
    division = check(program([(Op.LOAD, 0, 15, X), (Op.DIV, 1, 0, 0), (Op.HALT,)]))
    assert "division by zero" in division.violation
    overflow = check(program([(Op.MOVI, 0, 2**62), (Op.FADD, 1, 15, X, 0), (Op.FADD, 1, 15, X, 0),
                              (Op.HALT,)]))  # fmt: skip
    assert "64 bits" in overflow.violation
    forever = check(program([(Op.LOAD, 0, 15, X), (Op.JMP, 1), (Op.HALT,)]))
    assert "for ever" in forever.violation


def test_random_values_are_all_tried() -> None:
    draws = program([(Op.MOVI, 0, 4), (Op.RAND, 1, 0, 0), (Op.MOVI, 2, 3), (Op.NE, 3, 1, 2),
                     (Op.LOAD, 5, 15, X), (Op.CHECK, 3, 0), (Op.HALT,)])  # fmt: skip
    assert check(draws).kind == "check"
    few = check(draws, Options(random_values=3))
    assert few.kind == "check"
    assert few.notes


def test_progress_refuses_fingerprints() -> None:
    with pytest.raises(VerifyError, match="excludes fingerprints"):
        Options(progress=Progress.SOME, fingerprints=True)


def test_a_cpu_that_draws_for_ever_hides_no_other() -> None:
    draws = [(Op.MOVI, 0, 2), (Op.RAND, 1, 0, 0), (Op.BLE, 15, 1, 1), (Op.HALT,)]
    fails = [(Op.LOAD, 0, 15, X), (Op.CHECK, 15, 0), (Op.HALT,)]
    assert check(program(draws, fails)).kind == "check"
