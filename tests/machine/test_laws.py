import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smplab.language.isa import Cause
from smplab.machine import simulate
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.result import Counter, Result
from tests.machine.agreement import outcome
from tests.machine.generator import Case, random_case


def result_of(number: int) -> tuple[Case, Result] | None:
    case = random_case(number)
    result = outcome(simulate, case)
    return (case, result) if isinstance(result, Result) else None


@settings(max_examples=150, deadline=None)
@given(number=st.integers(100_000, 10**9))
def test_laws_of_a_result(number: int) -> None:
    found = result_of(number)
    if found is None:
        return
    case, result = found
    counters, account = result.counters, result.account_ticks

    # Every cycle of every CPU has exactly one cause.
    ticks = account.sum(axis=1)
    assert (ticks == ticks[0]).all()
    assert -(-int(ticks[0]) // TICKS_PER_CYCLE) == result.measured_cycles
    assert result.end_cycles == result.measured_cycles + case.limits.warmup_cycles
    assert (account >= 0).all()

    # Every access is served in one way.
    accesses = counters[:, [Counter.LOADS, Counter.STORES, Counter.ATOMICS]].sum(axis=1)
    served = (Counter.HITS, Counter.TRANSFERS, Counter.MEMORY_FETCHES, Counter.FAR_ATOMICS)
    assert (counters[:, served].sum(axis=1) == accesses).all()
    assert (counters[:, Counter.QUEUED] <= accesses).all()
    assert (counters[:, Counter.INSTRUCTIONS] >= accesses + counters[:, Counter.WAITS]).all()
    assert (account[:, Cause.MEMORY] >= counters[:, Counter.QUEUE_TICKS]).all()
    if case.machine.costs.far == 0:
        assert not counters[:, Counter.FAR_ATOMICS].any()

    # Operations, regions and histograms count the same.
    assert result.operations == result.region_count[:, 0].sum()
    assert (result.histograms.sum(axis=1) == result.region_count.sum(axis=0)).all()
    assert (result.region_max_cycles <= result.region_sum_cycles).all()
    whole = result.region_max_cycles * result.region_count
    assert (result.region_sum_cycles <= whole).all()

    # Totals include the warm-up.
    instructions = int(counters[:, Counter.INSTRUCTIONS].sum())
    if case.limits.warmup_cycles == 0:
        assert result.accesses_total == accesses.sum()
        assert result.instructions_total == instructions
    else:
        assert result.accesses_total >= accesses.sum()
        assert result.instructions_total >= instructions
    if case.limits.operations:
        assert result.operations <= case.limits.operations


@pytest.mark.parametrize("number", range(30))
def test_seconds_of_warm_up_and_measurement_add_up(number: int) -> None:
    """What is counted before and after a moment is what is counted without a warm-up."""
    case = random_case(number)
    limits = dataclasses.replace(
        case.limits, warmup_cycles=0, run_cycles=2000, operations=None, max_local_instructions=10**6
    )
    whole = outcome(simulate, dataclasses.replace(case, limits=limits))
    early = outcome(
        simulate, dataclasses.replace(case, limits=dataclasses.replace(limits, run_cycles=700))
    )
    late = dataclasses.replace(limits, warmup_cycles=700, run_cycles=1300)
    rest = outcome(simulate, dataclasses.replace(case, limits=late))
    if isinstance(whole, tuple):
        assert whole == rest
        return
    assert isinstance(early, Result)
    assert isinstance(rest, Result)
    assert (early.account_ticks + rest.account_ticks == whole.account_ticks).all()
    assert early.operations + rest.operations == whole.operations
    assert (early.histograms + rest.histograms == whole.histograms).all()
    assert (early.user_counters + rest.user_counters == whole.user_counters).all()
    for counter in set(Counter) - {Counter.QUEUE_TICKS}:
        both = early.counters[:, counter] + rest.counters[:, counter]
        assert np.array_equal(both, whole.counters[:, counter]), counter
    assert np.array_equal(rest.memory, whole.memory)
