"""Search, stepper and engine on random small images with interrupts, contexts and translation."""

from __future__ import annotations

import random
from collections import Counter as Tally

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from smplab.language.image import Program
from smplab.language.isa import Op
from smplab.machine import simulate
from smplab.machine.result import Limits, Result
from smplab.verify import check, replay
from smplab.verify import transitions as s
from smplab.verify.options import MemoryModel, Options
from smplab.verify.verdict import Status
from tests.machine.agreement import outcome
from tests.machine.assemble import machine
from tests.machine.generator import Case
from tests.verify.images import Row, X, Y, checker_finals, enumerated_finals
from tests.verify.system_images import HALT, IRET, OTHER, ROOT, leaf, system_program

SPACES = ((0, ROOT), (1, OTHER))
FORGETTING: tuple[Row, ...] = (
    (Op.FLUSH,), (Op.DROP, 0, 1), (Op.DROPSPACE, 2), (Op.DROPALL, 6, 7), (Op.DROPSPACEALL, 6),
    (Op.REUSE, 6), (Op.REUSE, 7),
)  # fmt: skip
UNDER_IT: tuple[list[Row], ...] = ([(Op.REUSE, 9)], [(Op.FLUSH,)])


def part(dice: random.Random, length: int, cpus: int, where: str) -> list[Row]:
    """Some instructions; `where` is "cpu", "handler" or "thread"."""
    rows: list[Row] = []
    while len(rows) < length:
        a, b = dice.randrange(4), dice.randrange(4)
        place = dice.choice([X, X + 1, Y])
        kind = dice.choice("LLSSAWwwwGHIIDDEKXVVVTZCCcQPOMUUUuuRRFBffNb")
        if kind in "IEXC" and where == "handler" and dice.random() < 0.9:
            continue
        if kind == "B":
            rows.append((Op.BEQ, a, b, min(len(rows) + 2, length)))
            continue
        kinds: dict[str, list[Row]] = {
            "L": [(Op.LOAD, a, 15, place)], "S": [(Op.STORE, 15, place, a)],
            "A": [(Op.FADD, a, 15, place, b)], "W": [(Op.WAIT, 15, place, 2)],
            "w": [(Op.LOAD, a, 15, place), (Op.WAIT, 15, place, 2)],
            "u": [(Op.TOUCH, a, 9, 9), *dice.choice(UNDER_IT), (Op.TOUCH, a, 9, 9)],
            "G": [(Op.GLOAD, a, 15, 8)], "H": [(Op.GSTORE, 15, 9, a)],
            "I": [(Op.ENABLE,)], "D": [(Op.DISABLE, a)], "E": [(Op.ENTER,)], "K": [(Op.TAKE, a, 0)],
            "X": [(Op.EXIT,)], "N": [(Op.MOVI, a, 50), (Op.DELAY, a)],
            "V": [(Op.MOVI, a, dice.randrange(cpus)), (Op.SEND, a, dice.randrange(2))],
            "T": [(Op.MOVI, a, dice.choice((0, 60, 200))), (Op.TIMER, a, 1)],
            "Z": [(Op.CONTEXT, a)],
            "C": [(Op.MOVI, a, dice.choice((cpus, cpus, 0))), (Op.SWITCH, a)],
            "c": [(Op.MOVI, a, cpus), (Op.CREATE, a, 0, b)],
            "Q": [(Op.POINT, a, 0)], "P": [(Op.TOGGLE, 0, a)], "F": [(Op.FENCE,)],
            "O": [(Op.STORE, 15, dice.choice((ROOT, ROOT + 1, OTHER)), a)],
            "M": [(Op.MOVI, a, leaf(dice.randrange(2), dice.random() < 0.7))],
            "U": [(Op.MOVI, 5, dice.randrange(2)), (Op.TOUCH, a, 5, b)],
            "R": [(Op.MOVI, a, dice.randrange(3))],
            "f": [dice.choice(FORGETTING)],
            "b": [(Op.MOVI, 6, dice.randrange(2)), (Op.MOVI, 8, OTHER), (Op.SPACE, 6, 8)],
        }  # fmt: skip
        rows += kinds[kind]
    return rows


def random_program(number: int) -> Program:
    """Two CPUs, two vectors, a thread, a page table with one page mapped."""
    dice = random.Random(number)
    cpus = 2
    size = dice.randrange(3, 7)
    codes = []
    for _ in range(cpus):
        on: list[Row] = [(Op.ENABLE,)] if dice.random() < 0.5 else []
        space = [(Op.MOVI, 8, ROOT), (Op.MOVI, 7, 1), (Op.SPACE, 9, 8)]
        on += [(Op.MOVI, 0, cpus), (Op.CREATE, 0, 0, 0)] if dice.random() < 0.5 else []
        body = part(dice, dice.randrange(1, size), cpus, "cpu")
        shift = len(on) + len(space)
        codes.append([*space, *on, *_moved(body, shift), HALT, HALT])
    handlers = [[*part(dice, dice.randrange(3), cpus, "handler"), IRET, IRET] for _ in range(2)]
    home: list[Row] = [(Op.CPUID, 0), (Op.SWITCH, 0), HALT]
    thread = [*part(dice, dice.randrange(3), cpus, "thread"), *home, HALT]
    boot = [(Op.MOVI, 0, leaf(0)), (Op.STORE, 15, ROOT, 0), HALT]
    return system_program(*codes, handlers=handlers, thread=thread, boot=boot)


def _moved(rows: list[Row], by: int) -> list[Row]:
    return [(*row[:3], row[3] + by) if row[0] == Op.BEQ else row for row in rows]


NUMBERS = st.integers(0, 2**32)
MODELS = st.sampled_from(MemoryModel)


@given(NUMBERS, MODELS, st.booleans())
def test_final_states_are_those_of_plain_enumeration(
    number: int, model: MemoryModel, reduction: bool
) -> None:
    small = random_program(number)
    options = Options(memory_model=model, store_buffer=1, reduction=reduction)
    finals, deadlock, failed = enumerated_finals(small, options)
    found, reason = checker_finals(small, options)
    assert (reason == s.FAULTED) <= failed
    assert (reason == s.DEADLOCK) <= deadlock
    if reason == s.DONE:
        assert not deadlock
        assert not failed
        assert found == finals


@given(NUMBERS, MODELS)
def test_reduction_changes_no_verdict(number: int, model: MemoryModel) -> None:
    small = random_program(number)
    plain = check(small, Options(memory_model=model, store_buffer=1, reduction=False))
    reduced = check(small, Options(memory_model=model, store_buffer=1))
    assert plain.status == reduced.status
    assert reduced.states <= plain.states or plain.status is Status.VIOLATED


@given(NUMBERS, MODELS, st.booleans())
def test_a_counterexample_replays_to_the_same_violation(
    number: int, model: MemoryModel, reduction: bool
) -> None:
    small = random_program(number)
    options = Options(memory_model=model, store_buffer=1, reduction=reduction)
    verdict = check(small, options)
    if verdict.trace:
        assert replay(small, options, verdict.trace) == verdict.violation


def engine_ends(number: int) -> Tally[str]:
    """Run a program on machines of several costs and compare; return how the runs ended."""
    small = random_program(number)
    finals, deadlock, failed = enumerated_finals(small, Options())
    memories = {memory[: small.memory_words] for memory in finals}
    ends: Tally[str] = Tally()
    dice = random.Random(number)
    for seed in range(6):
        costs = {
            "ipi": dice.choice((0, 40, 300)), "ipi_send": dice.choice((0, 20)),
            "interrupt_entry": dice.choice((0, 50)), "tlb_tags": dice.random() < 0.5,
            "tlb_entries": dice.choice((1, 8)), "tlb_ways": 1, "tlb_broadcast": 10,
            "mem": dice.choice((0, 90)),
        }  # fmt: skip
        on = machine(2, 1, dice.choice((1, 30, 100)), **costs)
        how = outcome(simulate, Case(small, on, np.arange(2), seed, Limits(max_cycles=10**5), 1.0))
        if isinstance(how, Result):
            ends["result"] += 1
            assert tuple(how.memory.tolist()) in memories, number
        elif how[0] != "CycleLimit":  # goes round for ever
            ends[how[0]] += 1
            assert deadlock if how[0] == "Deadlock" else failed, (number, how)
    return ends


def test_whatever_the_engine_reaches_the_checker_reaches() -> None:
    ends: Tally[str] = Tally()
    for number in range(150):
        ends += engine_ends(number)
    assert min(ends["result"], ends["Deadlock"], ends["BadContext"], ends["StaleTranslation"]) > 3
