"""The quality of the code: what a loop of a lock costs, and what is not compiled at all."""

from __future__ import annotations

from smplab.language import Image, build_image
from smplab.language.isa import FREE, Op
from smplab.language.liveness import live_registers
from smplab_plugins.locks.mcs import McsLock
from smplab_plugins.locks.tas import TasLock
from smplab_plugins.locks.ticket import TicketLock
from smplab_plugins.workloads.lock_contention import LockContention
from tests.language.compiling import component, image_of, out


def lock_image(lock: object) -> Image:
    workload = LockContention()
    workload.lock = lock  # type: ignore[assignment]
    return build_image({"lock": lock, "workload": workload})  # type: ignore[dict-item]


def loop_from(image: Image, op: Op, nth: int = 0) -> list[Op]:
    """Operations of one turn of the innermost loop that begins at the nth `op`, branches not taken
    out of it."""
    rows = image.code.tolist()
    start = [pc for pc, row in enumerate(rows) if row[0] == op][nth]
    turn, pc = [], start
    while True:
        code, a, _, c, *_ = rows[pc]
        turn.append(Op(code))
        pc += 1
        if code == Op.JMP:
            pc = a
        elif Op.BEQ <= code <= Op.BLE and c <= start:
            pc = c
        if pc == start or len(turn) > 30:
            return turn


def test_spinning_on_a_ticket_costs_four_local_instructions_a_turn() -> None:
    image = lock_image(TicketLock())
    wait = [row[0] for row in image.code.tolist()].index(Op.WAIT)
    turn = [Op(row[0]) for row in image.code[wait : wait + 4]]
    assert turn == [Op.WAIT, Op.LOAD, Op.SUB, Op.BNE]


def test_spinning_on_an_mcs_node_is_load_branch_wait() -> None:
    assert loop_from(lock_image(McsLock()), Op.WAIT) == [Op.WAIT, Op.LOAD, Op.BNE]


def test_test_and_set_is_swap_and_branch() -> None:
    assert loop_from(lock_image(TasLock()), Op.SWAP, 1) == [Op.SWAP, Op.BNE]


def test_no_loop_moves_constants_or_parameters() -> None:
    for lock in (TicketLock(), McsLock(), TasLock()):
        image = lock_image(lock)
        rows = image.code.tolist()
        begin = next(pc for pc, row in enumerate(rows) if row[0] == Op.BEGIN)
        end = image.boot if image.boot > begin else len(rows)
        body = {row[0] for row in rows[begin:end]}
        assert not body & {Op.PARAM, Op.CPUID}


def test_an_uncontended_ticket_operation_is_thirteen_timed_instructions() -> None:
    rows = lock_image(TicketLock()).code.tolist()
    pc = next(pc for pc, row in enumerate(rows) if row[0] == Op.BEGIN)
    timed = 0
    while True:  # free lock, no lines dirtied
        op = Op(rows[pc][0])
        timed += op not in FREE
        taken = op in (Op.BEQ, Op.BLE)
        pc = rows[pc][3] if taken else rows[pc][1] if op is Op.JMP else pc + 1
        if op is Op.JMP and Op(rows[pc][0]) is Op.BEGIN:
            break
        assert timed < 30
    assert timed <= 13


def test_returned_truth_values_cost_no_comparison() -> None:
    above = """
    @routine
    def positive(cpu, x: Word) -> bool:
        if x > 0:
            return True
        return False
    """
    image = image_of(component("if positive(cpu, self.out[0]):\n    self.out[1] = 1", above=above))
    branches = [op for op in (Op(row[0]) for row in image.code) if Op.BEQ <= op <= Op.BLE]
    assert len(branches) == 1


def test_invariant_arithmetic_leaves_the_loop_unless_it_might_fail_unasked() -> None:
    body = """
    for i in range(8):
        if self.out[i] > 0:
            self.out[i] = self.n // self.m
    """
    main = component(body, fields="n: int = parameter(1)\nm: int = parameter(0)")
    assert out(main) == [0] * 8  # the division by zero is never reached


def test_arithmetic_that_fails_is_never_dropped() -> None:
    image = image_of(component("x = self.n + 1\ny = self.n ^ 1", fields="n: int = parameter(1)"))
    operations = [Op(row[0]) for row in image.code]
    assert Op.ADDI in operations
    assert Op.XOR not in operations


def test_frames_are_compact() -> None:
    body = "\n".join(f"x{i} = self.out[{i}] + 1\nself.out[{i}] = x{i}" for i in range(8))
    assert image_of(component(body)).registers <= 3


def test_nothing_is_live_where_a_run_starts_and_ends() -> None:
    image = lock_image(McsLock())
    live = live_registers(image)
    assert (live[image.entry], live[image.boot]) == (0, 0)
    assert all(live[pc] == 0 for pc, row in enumerate(image.code.tolist()) if row[0] == Op.HALT)
    assert max(live) < 1 << image.registers
