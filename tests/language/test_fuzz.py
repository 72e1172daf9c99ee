"""Random programs: what the compiler makes of them does what CPython does."""

from __future__ import annotations

import ast

import pytest

from smplab.language import Layout, build_image
from smplab.language.interpreter import Fault, Interpreter
from smplab.language.liveness import live_registers
from tests.language import oracle
from tests.language.compiling import module
from tests.language.generator import Generator

CHUNK = 100
FEW = 800
"""Programs of each run of the suite; a hundred of them end in every way that there is."""
LAYOUT = Layout(3, 2, (0, 1, 0))
CPU = 2
BUDGETS = (256, 256, 20, 1)
"""Inlined where possible; hardly; never."""


seen: set[str] = set()
"""How programs ended."""


def disagreement(seed: int) -> str | None:
    """How compiled code and CPython differ on one program; None if they agree."""
    source = Generator(seed).program()
    tree = ast.parse(source)
    main = module(source, f"<program {seed}>", tree)["Main"]()
    image = build_image({"workload": main}, inline_budget=BUDGETS[seed % len(BUDGETS)])
    live = live_registers(image)
    if live[image.entry] or live[image.boot]:
        return "registers are read before they are written"
    program = image.load({}, LAYOUT)
    try:
        expected = oracle.execute(tree, program, main, CPU, LAYOUT.cpus)
    except oracle.TooLong:
        return None
    interpreter = Interpreter(program, CPU)
    outcome = "halt"
    try:
        interpreter.boot()
        interpreter.run()
    except Fault as fault:
        outcome = fault.kind
    seen.add(outcome)
    if outcome != expected.outcome:
        return f"{outcome}, not {expected.outcome}"
    if interpreter.memory != expected.memory:
        return "memory differs"
    if interpreter.tallies != expected.tallies or interpreter.time != expected.time:
        return "tallies or delays differ"
    return None


def check(first: int) -> None:
    wrong = {seed: disagreement(seed) for seed in range(first, first + CHUNK)}
    assert {seed: text for seed, text in wrong.items() if text} == {}


@pytest.mark.parametrize("first", range(0, FEW, CHUNK))
def test_programs_do_what_python_does(first: int) -> None:
    check(first)


@pytest.mark.exhaustive
@pytest.mark.parametrize("first", range(FEW, 52_000, CHUNK))
def test_many_more_programs_do_what_python_does(first: int) -> None:
    check(first)


def test_programs_end_in_every_way_that_the_language_knows() -> None:
    for seed in range(CHUNK):
        disagreement(seed)
    assert seen >= {"halt", "overflow", "division", "shift", "address", "check"}


def test_programs_hold_what_the_language_offers() -> None:
    nodes = {
        type(n).__name__ for s in range(200) for n in ast.walk(ast.parse(Generator(s).program()))
    }
    assert nodes >= {
        "If", "While", "For", "Break", "Continue", "Return", "Assert", "IfExp", "BoolOp",
        "Compare", "AugAssign", "AnnAssign", "Tuple", "Call", "UnaryOp", "FloorDiv", "Mod",
    }  # fmt: skip
