"""Interrupts and timers, worked out by hand, on engine and reference."""

from typing import Any

from smplab.language.isa import Cause, Op
from smplab.machine.result import Counter, Limits
from tests.machine.assemble import NODES, Row
from tests.machine.system_assemble import HALT, IRET, Simulate, both, cycles, run_rows

COSTS: dict[str, Any] = {"ipi_send": 10, "ipi": 90, "interrupt_entry": 20, "interrupt_exit": 30}


def to_cpu_1(*rows: Row, sender_waits: int = 0) -> list[Row]:
    """CPU 0 sends vector 0 to CPU 1 at cycle 4 + sender_waits; CPU 1 begins at row 8 in cycle 3."""
    return [
        (Op.CPUID, 1), (Op.MOVI, 2, 1), (Op.BEQ, 1, 2, 8), (Op.MOVI, 3, sender_waits),
        (Op.DELAY, 3), (Op.SEND, 2, 0), HALT, HALT, *rows,
    ]  # fmt: skip


@both
def test_an_interrupt_arrives_after_its_cost_and_distance_and_splits_a_delay(run: Simulate) -> None:
    """It is sent at 4, arrives at 4 + 10 + 90 + 100 = 204, within a delay from 5 to 505."""
    rows = to_cpu_1(
        (Op.MOVI, 3, 500), (Op.ENABLE,), (Op.DELAY, 3), (Op.TIME, 4), NODES, (Op.STORE, 1, 0, 4),
        HALT, (Op.TIME, 4), (Op.PARAM, 1, 1), (Op.STORE, 1, 8, 4), IRET,
    )  # fmt: skip
    result = run_rows(run, rows, 2, handlers=(15,), hit=3, occ_r=0, **COSTS)
    # The handler begins at 224, computes for 2 cycles, stores for 100, and leaves for 30.
    assert result.memory[16] == 224
    assert result.memory[8] == 505 + (20 + 2 + 100 + 30)
    assert cycles(result, 1, Cause.IPI) == 20 + 2 + 30
    assert cycles(result, 0, Cause.IPI) == 10
    assert result.counters[:, Counter.IPIS_SENT].tolist() == [1, 0]
    assert result.counters[:, Counter.IPIS_RECEIVED].tolist() == [0, 1]
    assert result.counters[:, Counter.INTERRUPTS].tolist() == [0, 1]
    assert not result.counters[:, [Counter.MASKED, Counter.MERGED]].any()


@both
def test_what_comes_while_interrupts_are_off_waits_and_merges(run: Simulate) -> None:
    rows = to_cpu_1(
        (Op.MOVI, 3, 1000), (Op.DELAY, 3), (Op.ENABLE,), (Op.NOP,), HALT, (Op.NOP,), IRET,
    )  # fmt: skip
    rows[6] = (Op.SEND, 2, 0)
    result = run_rows(run, rows, 2, handlers=(14,), **COSTS)
    row = result.counters[1]
    assert (row[Counter.IPIS_RECEIVED], row[Counter.MASKED], row[Counter.MERGED]) == (2, 2, 1)
    assert row[Counter.INTERRUPTS] == 1
    # Taken where HALT stood, after the delay, ENABLE and NOP.
    assert result.end_cycles == 4 + 1000 + 1 + 1 + 20 + 30


@both
def test_an_interrupt_ends_a_wait_which_then_looks_again(run: Simulate) -> None:
    rows = to_cpu_1(
        NODES, (Op.LOAD, 3, 1, 0), (Op.ENABLE,), (Op.WAIT, 1, 0, Cause.IDLE), HALT, IRET,
        sender_waits=400,
    )  # fmt: skip
    result = run_rows(run, rows, 2, handlers=(13,), **COSTS)
    arrival = 404 + 10 + 90 + 100
    assert cycles(result, 1, Cause.IDLE) == arrival - 105 + 0  # asleep from 105 on
    assert result.end_cycles == arrival + 20 + 30 + 1  # the WAIT falls through in a cycle
    assert result.counters[1, Counter.WAITS] == 1


@both
def test_with_interrupts_off_an_arrival_ends_a_wait_and_can_be_served_there(run: Simulate) -> None:
    rows = to_cpu_1(
        NODES, (Op.LOAD, 3, 1, 0), (Op.WAIT, 1, 0, Cause.LOCK_WAIT), (Op.TAKE, 4, 0),
        (Op.TAKE, 5, 0), (Op.STORE, 1, 0, 4), (Op.STORE, 1, 1, 5), (Op.ENABLE,), (Op.NOP,), HALT,
        IRET, sender_waits=400,
    )  # fmt: skip
    result = run_rows(run, rows, 2, handlers=(18,), **COSTS)
    assert result.memory[8:10].tolist() == [1, 0]
    assert result.counters[1, Counter.INTERRUPTS] == 0
    assert cycles(result, 1, Cause.LOCK_WAIT) == 604 - 104


@both
def test_an_interrupt_sent_before_a_delay_cuts_it_all_the_same(run: Simulate) -> None:
    """It is pending when interrupts are turned on, and is taken before the delay begins."""
    rows = to_cpu_1(
        (Op.MOVI, 3, 300), (Op.DELAY, 3), (Op.ENABLE,), (Op.DELAY, 3), HALT, IRET,
    )  # fmt: skip
    result = run_rows(run, rows, 2, handlers=(13,), **COSTS)
    assert result.end_cycles == 4 + 300 + 1 + 20 + 30 + 300


@both
def test_the_least_vector_is_taken_first(run: Simulate) -> None:
    rows: list[Row] = [
        (Op.CPUID, 1), (Op.SEND, 1, 1), (Op.SEND, 1, 0), (Op.MOVI, 2, 900), (Op.DELAY, 2),
        (Op.ENABLE,), (Op.NOP,), HALT,
        (Op.PARAM, 1, 1), (Op.LOAD, 2, 1, 0), (Op.STORE, 1, 1, 2), IRET,  # v0 reads what v1 wrote
        (Op.PARAM, 1, 1), (Op.MOVI, 2, 7), (Op.STORE, 1, 0, 2), IRET,
    ]  # fmt: skip
    result = run_rows(run, rows, 1, handlers=(8, 12), **COSTS)
    assert result.memory[8:10].tolist() == [7, 0]


@both
def test_a_timer_fires_once_a_new_time_replaces_the_old_and_0_turns_it_off(run: Simulate) -> None:
    set_to: list[Row] = [
        row for at in (300, 700, 500, 900, 0) for row in ((Op.MOVI, 1, at), (Op.TIMER, 1, 0))
    ]
    fires = [*set_to[:6], (Op.ENABLE,), (Op.MOVI, 1, 2000), (Op.DELAY, 1), HALT, IRET]
    result = run_rows(run, fires, 1, handlers=(10,), **COSTS)
    assert result.counters[0, Counter.TIMER_TICKS] == 1
    assert result.counters[0, Counter.INTERRUPTS] == 1
    assert not result.counters[0, [Counter.IPIS_RECEIVED, Counter.IPIS_SENT]].any()
    never = [*set_to, (Op.ENABLE,), (Op.MOVI, 1, 2000), (Op.DELAY, 1), HALT, IRET]
    assert run_rows(run, never, 1, handlers=(14,)).counters[0, Counter.TIMER_TICKS] == 0


@both
def test_timers_that_were_set_anew_do_not_keep_a_run_alive(run: Simulate) -> None:
    rows: list[Row] = [(Op.MOVI, 1, 10**9), (Op.TIMER, 1, 0), (Op.MOVI, 1, 50), (Op.TIMER, 1, 0),
                       (Op.TIMER, 2, 0), HALT, IRET]  # fmt: skip
    result = run_rows(run, rows, 1, handlers=(6,), limits=Limits(max_cycles=10**4))
    assert result.end_cycles == 5


@both
def test_entry_and_exit_change_the_cause_and_the_flag(run: Simulate) -> None:
    rows: list[Row] = [
        (Op.EXIT,), (Op.NOP,), (Op.ENTER,), (Op.DISABLE, 3), (Op.EXIT,), (Op.DISABLE, 4), NODES,
        (Op.STORE, 1, 0, 3), (Op.STORE, 1, 1, 4), HALT,
    ]  # fmt: skip
    result = run_rows(run, rows, 1, kernel_entry=70, kernel_exit=60)
    assert result.memory[8:10].tolist() == [0, 1]
    assert cycles(result, 0, Cause.KERNEL) == 60 + 70 + 1 + 60
    assert cycles(result, 0, Cause.USER) == 1 + 1 + 1
    assert result.counters[0, Counter.KERNEL_ENTRIES] == 1


@both
def test_an_instrumentation_point_costs_nothing_and_a_toggle_does(run: Simulate) -> None:
    rows: list[Row] = [(Op.POINT, 2, 0), (Op.MOVI, 3, 1), (Op.TOGGLE, 0, 3), (Op.POINT, 4, 0),
                       NODES, (Op.STORE, 1, 0, 4), (Op.STORE, 1, 1, 2), HALT]  # fmt: skip
    result = run_rows(run, rows, 1, toggle=250, hit=3)
    assert result.memory[8:10].tolist() == [1, 0]
    assert result.end_cycles == 1 + 250 + 1 + 100 + 3
