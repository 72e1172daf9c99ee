"""Interrupts, timers, contexts, translation and points: verdicts on small images."""

from __future__ import annotations

from typing import Any

import pytest

from smplab.api import Workload
from smplab.language.isa import Op
from smplab.verify import MemoryModel, Options, Progress, Status, Verdict, check, render, replay
from tests.verify.examples import load
from tests.verify.images import Row, X, Y, checker_finals
from tests.verify.system_examples import Flushes, Sleeper, Threads, Unmapping
from tests.verify.system_images import HALT, IRET, constant, system_program

TSO = Options(memory_model=MemoryModel.TSO)
COUNT: list[Row] = [constant(0, 1), (Op.FADD, 1, 15, X, 0), IRET]
"""A handler that counts how often it runs."""
SLEEP: list[Row] = [(Op.LOAD, 0, 15, Y), (Op.WAIT, 15, Y, 2)]


def verdict_on(workload: Workload, options: Options | None = None) -> Verdict:
    """Check, and execute the counterexample again if there is one."""
    small = load(workload)
    verdict = check(small, options)
    if verdict.trace:
        assert replay(small, verdict.options, verdict.trace) == verdict.violation
    return verdict


def memory_at(address: int, *codes: list[Row], handlers: list[list[Row]], **more: Any) -> set[int]:
    """Values of a word when every CPU has halted."""
    found, _ = checker_finals(system_program(*codes, handlers=handlers, **more), Options())
    return {memory[address] for memory in found}


def send(cpu: int, vector: int = 0) -> list[Row]:
    return [constant(2, cpu), (Op.SEND, 2, vector)]


# ------------------------------------------------------------------ interrupts


def test_a_handler_may_begin_anywhere_where_interrupts_are_on_or_never() -> None:
    stores = [(Op.ENABLE,), constant(3, 5), (Op.STORE, 15, X, 3), HALT]
    assert memory_at(X, stores, [*send(0), HALT], handlers=[COUNT]) == {5, 6}


def test_interrupts_of_a_vector_are_merged_while_it_is_pending() -> None:
    halting = [(Op.ENABLE,), (Op.LOAD, 0, 15, Y), HALT]
    twice = [*send(0), *send(0), HALT]
    assert memory_at(X, halting, twice, handlers=[COUNT]) == {0, 1, 2}
    masked = [*SLEEP, (Op.ENABLE,), (Op.LOAD, 0, 15, Y), (Op.DISABLE, 0), HALT]
    assert memory_at(X, masked, twice, handlers=[COUNT]) == {1, 2}


def test_a_handler_is_not_interrupted_unless_it_turns_interrupts_on() -> None:
    first: list[Row] = [(Op.GLOAD, 0, 15, 8), constant(1, 1), (Op.GSTORE, 15, 8, 1), IRET]
    looks: list[Row] = [(Op.GLOAD, 0, 15, 9), constant(1, 1), (Op.XOR, 0, 0, 1), (Op.CHECK, 0, 0)]
    inside: list[Row] = [constant(1, 1), (Op.GSTORE, 15, 9, 1), (Op.LOAD, 2, 15, Y),
                         constant(1, 0), (Op.GSTORE, 15, 9, 1), IRET]  # fmt: skip
    cpu: list[Row] = [(Op.ENABLE,), (Op.LOAD, 0, 15, Y), HALT]
    sender = [*send(0, 0), *send(0, 1), HALT]
    quiet = system_program(cpu, sender, handlers=[inside, [*looks, *first]])
    assert check(quiet).status is Status.HOLDS
    nested = system_program(cpu, sender, handlers=[[(Op.ENABLE,), *inside], [*looks, *first]])
    verdict = check(nested)
    assert verdict.kind == "fault"
    assert "comes while a handler runs" in verdict.violation


def test_with_interrupts_off_an_arrival_ends_one_wait() -> None:
    once = system_program([*SLEEP, HALT], [*send(0), HALT], handlers=[COUNT])
    assert check(once).status is Status.HOLDS
    # In front of LOAD or WAIT, or asleep, nothing sent; the same, it is under way; in front of LOAD
    # or WAIT, and it is noted; halted.
    assert check(once).states == 9
    twice = system_program([*SLEEP, *SLEEP, HALT], [*send(0), HALT], handlers=[COUNT])
    assert check(twice).kind == "deadlock"
    nobody = system_program([*SLEEP, HALT], [HALT], handlers=[COUNT])
    assert check(nobody).kind == "deadlock"


def test_a_vector_that_is_taken_runs_no_handler() -> None:
    taker: list[Row] = [*SLEEP, (Op.TAKE, 3, 0), (Op.STORE, 15, Y + 1, 3), (Op.ENABLE,),
                        (Op.LOAD, 0, 15, Y), HALT]  # fmt: skip
    assert memory_at(X, taker, [*send(0), HALT], handlers=[COUNT]) == {0}
    assert memory_at(Y + 1, taker, [*send(0), HALT], handlers=[COUNT]) == {1}


def test_a_wake_up_between_the_look_and_the_sleep_is_lost_where_handlers_take_it() -> None:
    assert verdict_on(Sleeper()).status is Status.HOLDS
    lost = verdict_on(Sleeper(masked=False))
    assert lost.kind == "deadlock"
    assert "CPU 1 for a write of workload.words[1]" in lost.violation


def test_an_interrupt_may_overtake_its_senders_stores() -> None:
    assert verdict_on(Sleeper(), TSO).status is Status.HOLDS
    assert verdict_on(Sleeper(fenced=False)).status is Status.HOLDS
    assert verdict_on(Sleeper(fenced=False), TSO).kind == "deadlock"


def test_who_waits_for_a_flush_serves_the_others() -> None:
    assert verdict_on(Flushes()).kind == "deadlock"
    asked = Options(progress=Progress.EVERY)
    assert verdict_on(Flushes(serves=True), asked).status is Status.HOLDS


def test_more_interrupts_under_way_than_are_followed_are_a_bound() -> None:
    many = [*send(0), *send(0), *send(0), *send(0), HALT]
    verdict = check(system_program([(Op.LOAD, 0, 15, Y), HALT], many, handlers=[COUNT]))
    assert verdict.status is Status.BOUNDED
    assert verdict.bounds == ("3 interrupts v0 under way to one CPU",)


# ------------------------------------------------------------------ timers


def test_a_timer_fires_in_the_end_but_not_at_once() -> None:
    timer: list[Row] = [constant(1, 100), (Op.TIMER, 1, 0)]
    assert check(system_program([*timer, *SLEEP, HALT], handlers=[COUNT])).status is Status.HOLDS
    assert memory_at(X, [*timer, (Op.ENABLE,), HALT], handlers=[COUNT]) == {0, 1}
    off: list[Row] = [*timer, constant(1, 0), (Op.TIMER, 1, 0), *SLEEP, HALT]
    assert check(system_program(off, handlers=[COUNT])).kind == "deadlock"
    again = system_program([*timer, *SLEEP, *SLEEP, HALT], handlers=[COUNT])
    assert check(again).kind == "deadlock", "it fires once"


# ------------------------------------------------------------------ contexts


def test_a_context_goes_on_with_its_registers_wherever_it_is_resumed() -> None:
    verdict = verdict_on(Threads())
    assert (verdict.status, verdict.violation) == (Status.HOLDS, "")


def test_a_context_that_runs_or_was_never_made_is_not_switched_to() -> None:
    early = verdict_on(Threads(waits=False))
    assert early.kind == "fault"
    assert "context 2" in early.violation
    assert "was never made" in verdict_on(Threads(makes=False)).violation
    own: list[Row] = [(Op.CONTEXT, 0), (Op.SWITCH, 0), HALT]
    assert "context 0 runs on CPU 0" in check(system_program(own)).violation


# ------------------------------------------------------------------ translation


def test_a_frame_given_away_under_a_translation_is_found_with_both_lines() -> None:
    verdict = verdict_on(Unmapping(asks=False))
    assert verdict.kind == "fault"
    assert "a stale translation, loaded at" in verdict.violation
    assert "in Unmapping.run: frame 0 was given away at" in verdict.violation
    assert "in Unmapping.unmap" in verdict.violation


@pytest.mark.parametrize("options", [Options(), TSO])
def test_who_is_asked_forgets_in_time(options: Options) -> None:
    assert verdict_on(Unmapping(), options).status is Status.HOLDS
    assert verdict_on(Unmapping(broadcasts=True), options).status is Status.HOLDS


def test_who_enters_the_mask_after_the_space_is_not_asked() -> None:
    verdict = verdict_on(Unmapping(mask_first=False))
    assert "a stale translation" in verdict.violation


# ------------------------------------------------------------------ the rest


def test_points_are_what_somebody_set_them_to() -> None:
    reads: list[Row] = [(Op.POINT, 1, 0), (Op.STORE, 15, X, 1), HALT]
    sets: list[Row] = [constant(1, 5), (Op.TOGGLE, 0, 1), HALT]
    assert memory_at(X, reads, sets, handlers=[]) == {0, 1}


def test_a_counterexample_shows_arrivals_and_handlers() -> None:
    small = load(Sleeper(masked=False))
    text = render(small, check(small))
    assert "<- interrupt work" in text
    assert "handler work" in text
    assert "self.woken[0] = 1" in text
