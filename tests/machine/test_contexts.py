"""Threads: made, switched to, preempted, moved to another CPU; on engine and reference."""

from smplab.language.isa import Cause, Op
from smplab.machine.result import Counter
from tests.machine.assemble import NODES, Row
from tests.machine.system_assemble import HALT, IRET, Simulate, both, cycles, run_rows


@both
def test_a_context_keeps_its_registers_cause_and_calls(run: Simulate) -> None:
    """CPU 0 (context 0) switches to thread 1 and back within a called routine, twice."""
    rows: list[Row] = [
        NODES, (Op.MOVI, 2, 1), (Op.MOVI, 3, 42), (Op.CREATE, 2, 11, 3), (Op.CALL, 8, 4),
        (Op.STORE, 1, 0, 3), (Op.STORE, 1, 1, 2), HALT,
        (Op.MOVI, 0, 1), (Op.SWITCH, 0), (Op.RET,),
        (Op.ADDI, 0, 0, 1), (Op.MOVI, 3, 99), (Op.PARAM, 1, 1), (Op.STORE, 1, 2, 0),
        (Op.CONTEXT, 2), (Op.STORE, 1, 3, 2), (Op.MOVI, 1, 0), (Op.SWITCH, 1), HALT,
    ]  # fmt: skip
    result = run_rows(run, rows, 1, switch=50, hit=3)
    assert result.memory[8:12].tolist() == [42, 1, 43, 1]
    assert result.counters[0, Counter.SWITCHES] == 2
    # Away from USER at cycle 6, and back for good after the second switch, which the thread pays.
    assert cycles(result, 0, Cause.KERNEL) == 3 + 1 + 1 + 50
    assert cycles(result, 0, Cause.USER) == 6 + 50 + 1


@both
def test_a_handler_preempts_and_the_delay_goes_on_on_another_cpu(run: Simulate) -> None:
    """CPU 0's thread (context 2) is cut in a delay; CPU 1 resumes it, in the handler, and halts."""
    rows: list[Row] = [
        (Op.CPUID, 1), (Op.MOVI, 2, 2), (Op.MOVI, 3, 0), (Op.BNE, 1, 3, 9),
        (Op.CREATE, 2, 13, 3), (Op.MOVI, 4, 200), (Op.TIMER, 4, 0), (Op.SWITCH, 2), HALT,
        (Op.MOVI, 4, 1000), (Op.DELAY, 4), (Op.SWITCH, 2), HALT,
        (Op.BEGIN, 1), (Op.EXIT,), (Op.MOVI, 4, 800), (Op.DELAY, 4), (Op.END, 1), (Op.CPUID, 5),
        NODES, (Op.STORE, 1, 0, 5), HALT,
        (Op.MOVI, 0, 0), (Op.SWITCH, 0), IRET,
    ]  # fmt: skip
    result = run_rows(
        run, rows, 2, handlers=(22,), interrupt_entry=20, interrupt_exit=30, switch=40,
        kernel_exit=5,
    )  # fmt: skip
    assert result.memory[8] == 1
    # The region belongs to the thread: begun by CPU 0, ended by CPU 1, which resumes it at 1005.
    assert result.region_count[:, 1].tolist() == [0, 1]
    begun = 7 + 40
    delay_ends = begun + 5 + 1 + 800
    left = delay_ends - 200
    assert result.region_sum_cycles[1, 1] == 1005 + 40 + 30 + left - begun
    assert result.counters[:, Counter.INTERRUPTS].tolist() == [1, 0]


@both
def test_threads_take_turns_in_order_of_the_switches(run: Simulate) -> None:
    thread: list[Row] = [
        (Op.PARAM, 1, 1), (Op.MOVI, 2, 0), (Op.LOAD, 3, 1, 0), (Op.MOVI, 4, 10),
        (Op.MUL, 3, 3, 4), (Op.ADD, 3, 3, 0), (Op.STORE, 1, 0, 3), (Op.SWITCH, 2),
    ]  # fmt: skip
    main: list[Row] = [
        (Op.MOVI, 1, 1), (Op.MOVI, 2, 2), (Op.CREATE, 1, 11, 1), (Op.CREATE, 2, 11, 2),
        (Op.SWITCH, 2), (Op.SWITCH, 1), (Op.SWITCH, 1), (Op.SWITCH, 2), (Op.SWITCH, 1), HALT, HALT,
    ]  # fmt: skip
    result = run_rows(run, [*main, *thread, (Op.JMP, 12)], 1)
    assert result.memory[8] == 21121
