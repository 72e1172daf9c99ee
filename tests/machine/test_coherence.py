"""Costs of the coherence transaction, worked out by hand, on engine and reference."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from smplab.language.isa import Cause, Op
from smplab.machine import simulate, simulate_reference
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.result import Counter, Limits, Result
from tests.machine.assemble import NODES, Row, image, load, machine

Simulate = Callable[..., Result]
both = pytest.mark.parametrize("run", [simulate, simulate_reference])


def run_all(run: Simulate, rows: list[Row], cpus: int, threads: int = 1, **costs: Any) -> Result:
    program = load(image(*rows), cpus)
    on = machine(cpus, threads, **costs)
    return run(program, on, np.arange(cpus), 1, Limits(max_cycles=10**6))


def memory_cycles(result: Result, cpu: int) -> float:
    return float(result.account_ticks[cpu, Cause.MEMORY] / TICKS_PER_CYCLE)


@both
def test_a_first_load_comes_from_memory_and_a_second_hits(run: Simulate) -> None:
    rows = [NODES, (Op.LOAD, 2, 1, 0), (Op.LOAD, 2, 1, 7), (Op.HALT,)]
    result = run_all(run, rows, 1, mem=70, hit=3)
    assert memory_cycles(result, 0) == 70 + 100 + 3
    assert result.counters[0, Counter.MEMORY_FETCHES] == 1
    assert result.counters[0, Counter.HITS] == 1
    assert result.end_cycles == 1 + 173


@both
def test_an_atomic_pays_for_being_one(run: Simulate) -> None:
    rows = [NODES, (Op.MOVI, 2, 5), (Op.FADD, 3, 1, 0, 2), (Op.FADD, 3, 1, 0, 2), (Op.HALT,)]
    result = run_all(run, rows, 1, mem=70, hit=3, rmw=15)
    assert memory_cycles(result, 0) == 70 + 100 + 15 + 3 + 15
    assert result.memory[8] == 10


@both
def test_reads_of_a_shared_line_are_served_one_after_the_other(run: Simulate) -> None:
    """All wait for the transfer, the line only for occ_r: the last of n begins (n-1) occ_r late."""
    rows = [NODES, (Op.LOAD, 2, 1, 0), (Op.HALT,)]
    result = run_all(run, rows, 5, mem=0, occ_r=30)
    waited = sorted(memory_cycles(result, cpu) for cpu in range(5))
    assert waited == [100 + 30 * n for n in range(5)]
    assert result.counters[:, Counter.QUEUED].sum() == 4
    assert result.counters[:, Counter.QUEUE_TICKS].sum() == 30 * (1 + 2 + 3 + 4) * TICKS_PER_CYCLE


@both
@pytest.mark.parametrize(("occ_w", "step"), [(100, 100), (40, 40), (200, 200)])
def test_contended_writes_take_turns(run: Simulate, occ_w: int, step: int) -> None:
    rows = [NODES, (Op.STORE, 1, 0, 2), (Op.HALT,)]
    result = run_all(run, rows, 4, mem=0, occ_w=occ_w)
    waited = sorted(memory_cycles(result, cpu) for cpu in range(4))
    if occ_w <= 100:
        assert waited == [100 + step * n for n in range(4)]
    else:  # the transfer of one that had to queue takes longer, too
        assert waited == [100, 100 + step, 100 + 2 * step, 100 + 3 * step]
    assert result.counters[:, Counter.INVALIDATIONS].sum() == 3


@both
def test_far_atomics_run_at_the_home(run: Simulate) -> None:
    rows = [NODES, (Op.MOVI, 2, 1), (Op.FADD, 3, 1, 0, 2), (Op.HALT,)]
    result = run_all(run, rows, 6, mem=0, rmw=0, far=10)
    waited = sorted(memory_cycles(result, cpu) for cpu in range(6))
    assert waited == [100 + 10 * n for n in range(6)]
    assert result.counters[:, Counter.FAR_ATOMICS].tolist() == [1] * 6
    assert result.memory[8] == 6


@both
def test_a_waiter_wakes_when_the_write_arrives_and_fetches_again(run: Simulate) -> None:
    """CPU 1 sleeps on the line that CPU 0 writes at cycle 500."""
    rows: list[Row] = [
        NODES, (Op.CPUID, 2), (Op.MOVI, 3, 0), (Op.BEQ, 2, 3, 8),
        (Op.LOAD, 4, 1, 0), (Op.WAIT, 1, 0, Cause.LOCK_WAIT), (Op.LOAD, 4, 1, 0), (Op.HALT,),
        (Op.MOVI, 5, 496), (Op.DELAY, 5), (Op.MOVI, 6, 9), (Op.STORE, 1, 0, 6), (Op.HALT,),
    ]  # fmt: skip
    result = run_all(run, rows, 2, mem=0)
    assert result.counters[:, Counter.WAITS].tolist() == [0, 1]
    # It loads from 4 to 104, sleeps until the write is done at 502 + 100, loads again, halts.
    assert result.account_ticks[1, Cause.LOCK_WAIT] == (602 - 104) * TICKS_PER_CYCLE
    assert memory_cycles(result, 1) == 200
    assert result.end_cycles == 702


@both
def test_an_smt_sibling_slows_computing_and_shares_the_cache(run: Simulate) -> None:
    rows = [NODES, (Op.LOAD, 2, 1, 0), (Op.MOVI, 3, 100), (Op.DELAY, 3), (Op.HALT,)]
    alone = run_all(run, rows, 1, smt=150, mem=0)
    shared = run_all(run, rows, 2, threads=2, smt=150, mem=0, occ_r=0, hit=3)
    assert alone.end_cycles == 1 + 100 + 1 + 100
    # CPU 1 queues behind its sibling's fetch only if the line is busy; occ_r = 0: it hits.
    assert shared.counters[1, Counter.HITS] == 1
    assert shared.end_cycles == -(-(1.5 + 100 + 1.5 + 150) // 1)


@both
def test_a_far_transfer_visits_the_home(run: Simulate) -> None:
    """D[1][2] = 100 exceeds home_from, and the home is 250 away from both."""
    on = machine(3, mem=0, home_from=90)
    on.distance_cycles[0, 1:] = on.distance_cycles[1:, 0] = 250
    rows: list[Row] = [
        NODES, (Op.CPUID, 2), (Op.MOVI, 3, 1), (Op.MOVI, 5, 1000), (Op.BLT, 2, 3, 10),
        (Op.BEQ, 2, 3, 8), (Op.DELAY, 5), (Op.NOP,), (Op.STORE, 1, 0, 3), (Op.NOP,), (Op.HALT,),
    ]  # fmt: skip
    result = run(load(image(*rows), 3), on, np.arange(3), 1, Limits(max_cycles=10**6))
    assert memory_cycles(result, 1) == 250
    assert memory_cycles(result, 2) == 250


@both
def test_near_prefers_the_nearest(run: Simulate) -> None:
    """Chains of stores hop to the nearest neighbour when near is 100."""
    cpus = 6
    on = machine(cpus, mem=0, near=100)
    for a in range(cpus):
        for b in range(cpus):
            on.distance_cycles[a, b] = 100 + abs(a - b)
    rows = [NODES, (Op.STORE, 1, 0, 2), (Op.TIME, 3), (Op.HALT,)]
    result = run(load(image(*rows), cpus), on, np.arange(cpus), 1, Limits(max_cycles=10**6))
    ends = [int(t) for t in result.account_ticks[:, Cause.MEMORY]]
    assert ends == sorted(ends)
