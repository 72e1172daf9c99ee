"""A trace changes no result, and says of every CPU what the reference says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smplab.language.isa import Cause, Op
from smplab.machine import simulate, simulate_traced
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.errors import SimulationError
from smplab.machine.reference_traced import trace_reference
from smplab.machine.result import Limits, Result
from smplab.machine.trace import Kind, Slice, Trace
from tests.machine.agreement import Outcome, difference, outcome
from tests.machine.assemble import load, machine
from tests.machine.generator import Case, random_case
from tests.machine.system_assemble import HALT, IRET, system_image
from tests.machine.system_generator import random_system_case

EVERYTHING = 10**9
FIELDS = ("begin", "end", "cut", "slices", "events", "spent")


def traced(case: Case, trace_events: int = EVERYTHING) -> tuple[Outcome, Trace | None]:
    """Return how a traced case ends, and its trace if it got beyond its boot routines."""
    try:
        ended, trace = simulate_traced(
            case.program, case.machine, case.cpus, case.seed, case.limits, case.instr_cycles,
            trace_events,
        )  # fmt: skip
    except SimulationError as error:
        return (type(error).__name__, str(error)), None
    if isinstance(ended, SimulationError):
        return (type(ended).__name__, str(ended)), trace
    return ended, trace


def check(case: Case) -> bool:
    """Compare a traced case with the same without trace, and with the reference."""
    ended, trace = traced(case)
    assert not difference(ended, outcome(simulate, case))
    if not isinstance(ended, Result):
        return False
    _, expected = trace_reference(
        case.program, case.machine, case.cpus, case.seed, case.limits, case.instr_cycles
    )
    wrong = [name for name in FIELDS if getattr(trace, name) != getattr(expected, name)]
    assert not wrong
    return True


def test_engine_and_reference_record_the_same() -> None:
    assert sum(check(random_case(number)) for number in range(30)) > 10


def test_engine_and_reference_record_the_same_of_kernels() -> None:
    assert sum(check(random_system_case(number)) for number in range(50)) > 15


@pytest.mark.exhaustive
@pytest.mark.parametrize("block", range(20))
def test_engine_and_reference_record_the_same_of_many(block: int) -> None:
    for number in range(block * 50, (block + 1) * 50):
        check(random_case(number))
        check(random_system_case(number))


@settings(max_examples=40, deadline=None)
@given(number=st.integers(100_000, 10**9), systems=st.booleans())
def test_slices_fill_the_window_and_add_up_to_the_account(number: int, systems: bool) -> None:
    case = random_system_case(number) if systems else random_case(number)
    ended, trace = traced(case)
    if trace is None:
        return
    for cpu, slices in enumerate(trace.slices):
        assert all(a.end == b.begin and a.cause != b.cause for a, b in pairwise(slices))
        if slices:
            assert (slices[0].begin, slices[-1].end) == (trace.begin, trace.end)
        if isinstance(ended, Result):
            spent = np.zeros(len(Cause), np.int64)
            for begin, end, cause in slices:
                spent[cause] += end - begin
            account = ended.account_ticks[cpu]
            # The own cache's share of memory is what the CPU was doing.
            assert spent.sum() == account.sum()
            assert spent[Cause.MEMORY] <= account[Cause.MEMORY]
            others = [cause for cause in Cause if cause is not Cause.MEMORY]
            assert (spent[others] >= account[others]).all()
    assert [e.ticks for e in trace.events] == sorted(e.ticks for e in trace.events)
    assert 0 <= sum(trace.spent.values()) <= len(case.cpus) * (trace.end - trace.begin)


@pytest.mark.parametrize("limit", [1, 7, 40])
def test_a_trace_that_is_cut_is_the_beginning_of_the_whole_one(limit: int) -> None:
    cut = 0
    for number in range(60):
        case = random_system_case(number)
        ended, trace = traced(case, limit)
        _, whole = traced(case)
        assert not difference(ended, outcome(simulate, case))
        if trace is None or whole is None or not trace.cut:
            continue
        cut += 1
        assert trace.begin <= trace.end <= whole.end
        assert whole.events[: len(trace.events)] == trace.events
        for mine, complete in zip(trace.slices, whole.slices, strict=True):
            # The last one may go on, or turn out to be the beginning of something longer.
            assert mine[:-1] == complete[: max(0, len(mine) - 1)]
        at_first = sum(event.ticks == trace.begin for event in trace.events)
        at_last = 4 * len(case.cpus)  # what is under way is closed, with all that one event did
        recorded = sum(map(len, trace.slices)) + len(trace.events)
        assert recorded <= max(limit, at_first) + at_last
    assert cut > 10


def test_a_run_that_fails_is_traced_up_to_its_failure() -> None:
    rows = [(Op.MOVI, 1, 700), (Op.DELAY, 1), (Op.DELAY, 1), (Op.CHECK, 0, 0), HALT]
    program = load(system_image(*rows), 1)
    ended, trace = simulate_traced(
        program, machine(1), np.arange(1), 1, Limits(max_cycles=10**4), 1.0, EVERYTHING
    )
    assert isinstance(ended, SimulationError)
    assert "check failed" in str(ended)
    assert trace.end == 701 * TICKS_PER_CYCLE
    assert trace.slices == [[Slice(0, trace.end, Cause.USER)]]


def test_what_happens_between_cpus_is_told_in_its_order() -> None:
    rows = [
        (Op.CPUID, 0),
        (Op.ENABLE,),
        (Op.MOVI, 1, 0),
        (Op.MOVI, 2, 5000),
        (Op.BEQ, 0, 1, 7),
        (Op.SEND, 1, 0),
        (Op.JMP, 7),
        (Op.BEGIN, 0),
        (Op.DELAY, 2),
        (Op.END, 0),
        HALT,
        IRET,
    ]
    program = load(system_image(*rows, handlers=(11,)), 2)
    _, trace = simulate_traced(
        program, machine(2, 1, mem=0), np.arange(2), 1, Limits(max_cycles=10**5), 1.0, EVERYTHING
    )
    told = [(e.kind, e.cpu) for e in trace.events if e.kind is not Kind.SWITCH]
    (send,) = (e for e in trace.events if e.kind is Kind.SEND)
    (arrive,) = (e for e in trace.events if e.kind is Kind.ARRIVE)
    assert (send.cpu, send.other, send.until) == (1, 0, arrive.ticks)
    assert told.index((Kind.SEND, 1)) < told.index((Kind.ARRIVE, 0)) < told.index((Kind.HANDLE, 0))
    assert told.count((Kind.BEGIN, 0)) == told.count((Kind.END, 0)) == 1
    handled = [s for s in trace.slices[0] if s.cause is Cause.IPI]
    assert handled[0].begin == arrive.ticks
