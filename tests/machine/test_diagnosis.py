"""Every way in which a run can go wrong ends in one message that says what and where."""

from collections.abc import Callable

import numpy as np
import pytest

from smplab.language.isa import Cause, Op
from smplab.machine import errors, simulate, simulate_reference
from smplab.machine.result import Limits, Result
from tests.machine.assemble import NODES, Row, image, load, machine

Simulate = Callable[..., Result]
both = pytest.mark.parametrize("run", [simulate, simulate_reference])
LIMITS = Limits(max_cycles=10**5, max_local_instructions=1000)
LEAST = -(2**63)


def fails(run: Simulate, rows: list[Row], cpus: int = 1, limits: Limits = LIMITS) -> str:
    with pytest.raises(errors.SimulationError) as caught:
        run(load(image(*rows), cpus), machine(cpus), np.arange(cpus), 1, limits)
    return f"{type(caught.value).__name__}: {caught.value}"


HALT: Row = (Op.HALT,)
FAULTS: dict[str, tuple[list[Row], str]] = {
    "check": (
        [(Op.MOVI, 1, 0), (Op.CHECK, 1, 0), HALT],
        ("CheckFailed: CPU 0 at cycle 0, lock.py:11 in acquire: check failed: "
        "a ticket is never negative"),
    ),
    "null": ([(Op.LOAD, 2, 1, 0), HALT], ("AddressError: CPU 0 at cycle 0, lock.py:10 in acquire: "
             "access to NULL (word 0 of memory)")),
    "beyond": ([(Op.MOVI, 1, 5000), (Op.STORE, 1, 3, 1), HALT], ("AddressError: CPU 0 at cycle 1, "
               "lock.py:11 in acquire: access to word 5003, outside memory of 40 words")),
    "negative": ([(Op.MOVI, 1, -9), (Op.FADD, 2, 1, 0, 1), HALT], "access to word -9, outside"),
    "ghost": ([(Op.MOVI, 1, 16), (Op.GLOAD, 1, 1, 0), HALT], "outside ghost memory of 16 words"),
    "wait": ([(Op.WAIT, 1, 0, Cause.IDLE), HALT], "access to NULL"),
    "add": ([(Op.MOVI, 1, 2**63 - 1), (Op.ADDI, 1, 1, 1), HALT], "does not fit into 64 bits"),
    "mul": ([(Op.MOVI, 1, 2**40), (Op.MUL, 1, 1, 1), HALT], "ArithmeticFault"),
    "quotient": ([(Op.MOVI, 1, LEAST), (Op.MOVI, 2, -1), (Op.DIV, 1, 1, 2), HALT], "64 bits"),
    "shl": ([(Op.MOVI, 1, 3), (Op.MOVI, 2, 62), (Op.SHL, 1, 1, 2), HALT], "64 bits"),
    "shift": ([(Op.MOVI, 1, 64), (Op.SAR, 1, 1, 1), HALT], "shift by 64, which is outside 0..63"),
    "division": ([(Op.MOD, 1, 1, 2), HALT], "lock.py:10 in acquire: division by zero"),
    "fadd": (
        [NODES, (Op.MOVI, 2, 2**63 - 1), (Op.FADD, 3, 1, 0, 2), (Op.FADD, 3, 1, 0, 2), HALT],
        "ArithmeticFault: CPU 0 at cycle 217, lock.py:13",
    ),
    "count": ([(Op.MOVI, 1, LEAST), (Op.COUNT, 0, 1), (Op.COUNT, 0, 1), HALT], "lock.py:12"),
    "delay": ([(Op.MOVI, 1, -1), (Op.DELAY, 1), HALT], "a delay of -1 cycles"),
    "random": ([(Op.RAND, 1, 1, 0), HALT], "cannot have the bound or mean 0"),
    "calls": ([(Op.CALL, 0, 1), HALT], ("StackOverflow: CPU 0 at cycle 0, lock.py:10 in acquire: "
              "calls nested deeper than 2, or beyond 8 registers")),
    "return": ([(Op.RET,), HALT], ("StackOverflow: CPU 0 at cycle 0, lock.py:10 in acquire: "
               "a return without a call")),
    "loop": ([(Op.JMP, 0), HALT], ("Livelock: CPU 0 at cycle 0, lock.py:10 in acquire: more than "
             "1000 instructions")),
    "region": ([(Op.END, 1), HALT], ("CheckFailed: CPU 0 at cycle 0, lock.py:10 in acquire: "
               "the region 'part' ends here")),
}  # fmt: skip


@both
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_names_itself_and_its_place(run: Simulate, name: str) -> None:
    rows, text = FAULTS[name]
    assert text in fails(run, rows)


@both
def test_a_deadlock_lists_who_sleeps_where(run: Simulate) -> None:
    rows: list[Row] = [
        NODES, (Op.CPUID, 2), (Op.MOVI, 3, 1), (Op.BLT, 2, 3, 6),
        (Op.LOAD, 4, 1, 25), (Op.WAIT, 1, 25, Cause.LOCK_WAIT), HALT,
    ]  # fmt: skip
    text = fails(run, rows, cpus=12).splitlines()
    assert text[0] == "Deadlock: deadlock: of 12 CPUs 11 sleep, and none will wake"
    assert text[1].startswith("  CPU 1 waits for lock.nodes[3]+1 since cycle ")
    assert text[1].endswith(", lock.py:15 in acquire")
    assert len(text) == 1 + 8 + 2
    assert text[-2:] == ["  and 3 more", "  the other 1 have halted"]


@both
def test_a_deadlock_before_the_end_is_not_a_result(run: Simulate) -> None:
    rows = [NODES, (Op.LOAD, 4, 1, 0), (Op.WAIT, 1, 0, Cause.LOCK_WAIT), HALT]
    assert "Deadlock" in fails(run, rows, limits=Limits(run_cycles=10**6))
    result = run(load(image(*rows), 1), machine(1), np.arange(1), 1, Limits(run_cycles=200))
    assert result.measured_cycles == 200  # the CPU was still fetching the line


LOOP: list[Row] = [(Op.BEGIN, 0), (Op.DELAY, 1), (Op.END, 0), (Op.MOVI, 1, 99), (Op.JMP, 0)]


@both
def test_a_run_that_is_not_done_in_time_says_how_far_it_came(run: Simulate) -> None:
    limits = Limits(operations=100, max_cycles=1000)
    assert "10 of 100 operations were complete by cycle 1000" in fails(run, LOOP, limits=limits)
    assert "not every CPU has halted" in fails(run, LOOP, limits=Limits(max_cycles=1000))
    fine = run(load(image(*LOOP), 1), machine(1), np.arange(1), 1, Limits(run_cycles=1000))
    assert fine.operations == 10


@both
def test_operations_that_can_no_longer_come(run: Simulate) -> None:
    rows: list[Row] = [(Op.BEGIN, 0), (Op.END, 0), HALT]
    text = fails(run, rows, cpus=2, limits=Limits(operations=3))
    assert "every CPU has halted, but only 2 of 3 operations are complete" in text


@both
def test_a_fault_while_booting_says_so(run: Simulate) -> None:
    rows: list[Row] = [HALT, (Op.LOAD, 2, 1, 0), HALT]
    with pytest.raises(errors.AddressError, match=r"CPU 0 while booting, lock\.py:11 in acquire"):
        run(load(image(*rows, boot=1), 3), machine(3), np.arange(3), 1, LIMITS)
    endless: list[Row] = [HALT, (Op.MOVI, 1, 2**39), (Op.DELAY, 1), (Op.JMP, 2)]
    with pytest.raises(errors.CycleLimit, match="the boot routines are not done"):
        run(load(image(*endless, boot=1), 1), machine(1), np.arange(1), 1, LIMITS)
