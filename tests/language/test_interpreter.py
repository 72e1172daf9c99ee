"""The meaning of instructions, and how runs that cannot go on end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.language import Image, Layout
from smplab.language.image import Site
from smplab.language.interpreter import Fault, Interpreter
from smplab.language.isa import Op
from tests.language.compiling import component, out, run

WORDS = st.integers(-(2**63), 2**63 - 1) | st.integers(-70, 70)


def interpreter() -> Interpreter:
    image = Image(
        np.array([[Op.HALT, 0, 0, 0, 0, 0]], np.int64), (Site("f", 1, "r"),), 0, -1, ("cpus",), {},
        (), (), ("operation",), (), (), 1, 0,
    )  # fmt: skip
    return Interpreter(image.load({}, Layout(1, 1, (0,))))


@given(st.sampled_from([op for op in Op if Op.ADD <= op <= Op.SAR]), WORDS, WORDS)
def test_arithmetic_is_that_of_int64_or_a_fault(op: Op, x: int, y: int) -> None:
    with np.errstate(all="ignore"):
        a, b = np.int64(x), np.int64(y)
        wrapped = {
            Op.ADD: lambda: a + b, Op.SUB: lambda: a - b, Op.MUL: lambda: a * b,
            Op.DIV: lambda: a // b, Op.MOD: lambda: a % b, Op.AND: lambda: a & b,
            Op.OR: lambda: a | b, Op.XOR: lambda: a ^ b, Op.SHL: lambda: a << b,
            Op.SHR: lambda: (a.view(np.uint64) >> np.uint64(y)).view(np.int64),
            Op.SAR: lambda: a >> b,
        }  # fmt: skip
        kind, result = "", None
        try:
            result = interpreter().arithmetic(op, x, y)
        except Fault as fault:
            kind = fault.kind
        if op in (Op.DIV, Op.MOD) and y == 0:
            assert kind == "division"
        elif op in (Op.SHL, Op.SHR, Op.SAR) and not 0 <= y <= 63:
            assert kind == "shift"
        elif kind:
            assert (kind, op in (Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.SHL)) == ("overflow", True)
        else:
            assert result == int(wrapped[op]())


@given(WORDS, st.integers(1, 63))
def test_logical_shift_brings_zeros(x: int, n: int) -> None:
    assert interpreter().arithmetic(Op.SHR, x, n) == (x % 2**64) >> n


FAULTS = {
    "overflow": "self.out[0] = 9223372036854775807 + self.out[0] + 1",
    "division": "self.out[0] = 3 // self.out[1]",
    "shift": "self.out[0] = 3 << (self.out[1] + 64)",
    "address": "self.out[0] = self.out[1000]",
    "check": 'cpu.check(self.out[0] == 1, "not one")',
    "endless": "while True:\n    pass",
    "waiting": "cpu.wait(self.out[0])",
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_run_that_cannot_go_on_says_why_and_where(kind: str) -> None:
    with pytest.raises(Fault) as caught:
        run(component(FAULTS[kind]))
    assert caught.value.kind == kind
    assert "in Main.run" in str(caught.value)


def test_an_access_through_null_is_diagnosed() -> None:
    above = "class Node(Struct):\n    a: Word\n    next: Ref[Node]\n"
    body = "node = self.first.next\nself.out[0] = node.a"
    with pytest.raises(Fault, match="through NULL") as caught:
        run(component(body, layout="self.first = memory.struct(Node)", above=above))
    assert caught.value.kind == "address"


def test_a_failed_assert_names_file_line_and_condition() -> None:
    with pytest.raises(Fault, match=r":\d+: self\.out\[0\] == 1") as caught:
        run(component("assert self.out[0] == 1"))
    assert caught.value.kind == "check"


def test_calls_deeper_than_declared_are_diagnosed() -> None:
    machine = interpreter()
    machine._rows = [[Op.CALL, 0, 0, 0, 0, 0]]
    with pytest.raises(Fault) as caught:
        machine.run(0)
    assert caught.value.kind == "stack"


def test_time_is_the_sum_of_delays() -> None:
    assert out(component("cpu.delay(30)\ncpu.delay(12)\nself.out[0] = cpu.time()"))[0] == 42


def test_random_numbers_come_from_where_the_caller_says() -> None:
    main = component('self.out[0] = cpu.random(9, "a") + cpu.exponential(5, "b")')
    program = run(main).program
    asked = []

    def draw(stream: str, number: int, exponential: bool) -> int:
        asked.append((stream, number, exponential))
        return 3

    machine = Interpreter(program, draw=draw)
    machine.run()
    assert machine.memory[8] == 6
    assert asked == [("a", 9, False), ("b", 5, True)]
