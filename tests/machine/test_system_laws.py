"""What holds of every result of an image with interrupts, contexts and translation."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smplab.language.isa import Cause
from smplab.machine import simulate
from smplab.machine.result import Counter, Result
from tests.machine.agreement import outcome
from tests.machine.system_generator import random_system_case


@settings(max_examples=120, deadline=None)
@given(number=st.integers(100_000, 10**9))
def test_laws_of_a_result(number: int) -> None:
    case = random_system_case(number)
    result = outcome(simulate, case)
    if not isinstance(result, Result):
        return
    count, account = result.counters, result.account_ticks

    # Every cycle of every CPU has exactly one cause.
    ticks = account.sum(axis=1)
    assert (ticks == ticks[0]).all()
    assert (account >= 0).all()

    # Every access is served in one way, those of walks included.
    accesses = count[:, [Counter.LOADS, Counter.STORES, Counter.ATOMICS]].sum(axis=1)
    served = (Counter.HITS, Counter.TRANSFERS, Counter.MEMORY_FETCHES, Counter.FAR_ATOMICS)
    assert (count[:, served].sum(axis=1) == accesses).all()
    assert (count[:, Counter.WALK_LOADS] <= count[:, Counter.LOADS]).all()
    instructions = count[:, Counter.INSTRUCTIONS] + count[:, Counter.WALK_LOADS]
    assert (instructions >= accesses).all()

    # An interrupt is sent, then received, then masked or merged or neither, then taken or not.
    arrived = count[:, Counter.IPIS_RECEIVED] + count[:, Counter.TIMER_TICKS]
    assert (count[:, Counter.MASKED] <= arrived).all()
    assert (count[:, Counter.MERGED] <= arrived).all()
    if case.limits.warmup_cycles == 0:
        assert count[:, Counter.IPIS_RECEIVED].sum() <= count[:, Counter.IPIS_SENT].sum()
        assert (count[:, Counter.INTERRUPTS] <= arrived - count[:, Counter.MERGED]).all()
    if (
        not count[:, [Counter.INTERRUPTS, Counter.IPIS_SENT]].any()
        and not case.limits.warmup_cycles
    ):
        assert not account[:, Cause.IPI].any()

    assert result.operations == result.region_count[:, 0].sum()
    assert (result.histograms.sum(axis=1) == result.region_count.sum(axis=0)).all()


@pytest.mark.parametrize("number", range(25))
def test_warm_up_and_measurement_add_up(number: int) -> None:
    """What is counted before and after a moment is what is counted without a warm-up."""
    case = random_system_case(number)
    limits = dataclasses.replace(
        case.limits, warmup_cycles=0, run_cycles=2000, operations=None, max_local_instructions=10**6
    )
    early, late = (
        dataclasses.replace(limits, run_cycles=700),
        dataclasses.replace(limits, warmup_cycles=700, run_cycles=1300),
    )
    whole, first, rest = (
        outcome(simulate, dataclasses.replace(case, limits=each)) for each in (limits, early, late)
    )
    if isinstance(whole, tuple):
        assert whole == rest
        return
    assert isinstance(first, Result)
    assert isinstance(rest, Result)
    assert (first.account_ticks + rest.account_ticks == whole.account_ticks).all()
    for counter in set(Counter) - {Counter.QUEUE_TICKS}:
        both = first.counters[:, counter] + rest.counters[:, counter]
        assert np.array_equal(both, whole.counters[:, counter]), counter
    assert np.array_equal(rest.memory, whole.memory)
