from __future__ import annotations

import itertools

import pytest

from smplab.language.image import LINE_WORDS
from smplab.language.isa import Op
from smplab.verify.options import MemoryModel, Options
from tests.verify.images import Row, X, Y, checker_finals, enumerated_finals, program

SC, TSO, PSO = MemoryModel
RESULTS = LINE_WORDS * 4


def store(address: int, value: int) -> list[Row]:
    return [(Op.MOVI, 0, value), (Op.STORE, 15, address, 0)]


def load(address: int, result: int) -> list[Row]:
    """Load a word, and report what it held."""
    return [(Op.LOAD, 1, 15, address), (Op.STORE, 15, RESULTS + result, 1)]


FENCE: list[Row] = [(Op.FENCE,)]
END: list[Row] = [(Op.HALT,)]
# name: code of each CPU, the outcome in question (results, then x and y if given), where it can be.
# P. Sewell et al., "x86-TSO", CACM 53(7), 2010; SPARC V9 manual, appendix D, for PSO.
LITMUS = {
    "SB": ([store(X, 1) + load(Y, 0), store(Y, 1) + load(X, 1)], (0, 0), {TSO, PSO}),
    "SB with fences": (
        [store(X, 1) + FENCE + load(Y, 0), store(Y, 1) + FENCE + load(X, 1)], (0, 0), set(),
    ),
    "MP": ([store(X, 1) + store(Y, 1), load(Y, 0) + load(X, 1)], (1, 0), {PSO}),
    "MP with a fence": (
        [store(X, 1) + FENCE + store(Y, 1), load(Y, 0) + load(X, 1)], (1, 0), set(),
    ),
    "LB": ([load(X, 0) + store(Y, 1), load(Y, 1) + store(X, 1)], (1, 1), set()),
    "IRIW": (
        [store(X, 1), store(Y, 1), load(X, 0) + load(Y, 1), load(Y, 2) + load(X, 3)],
        (1, 0, 1, 0), set(),
    ),
    "2+2W": ([store(X, 1) + store(Y, 2), store(Y, 1) + store(X, 2)], None, {PSO}),
    "own store forwarded": (
        [store(X, 1) + load(X, 0) + load(Y, 1), store(Y, 1) + load(Y, 2) + load(X, 3)],
        (1, 0, 1, 0), {TSO, PSO},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "model"), list(itertools.product(LITMUS, MemoryModel)))
@pytest.mark.parametrize("reduction", [False, True])
def test_litmus(name: str, model: MemoryModel, reduction: bool) -> None:
    codes, outcome, where = LITMUS[name]
    options = Options(memory_model=model, store_buffer=4, reduction=reduction)
    finals, _ = checker_finals(program(*(code + END for code in codes)), options)
    if outcome is None:
        seen = any(memory[X] == 1 and memory[Y] == 1 for memory in finals)
    else:
        seen = any(memory[RESULTS : RESULTS + len(outcome)] == outcome for memory in finals)
    assert seen == (model in where)


@pytest.mark.parametrize("model", list(MemoryModel))
def test_litmus_sets_of_final_states_are_those_of_plain_enumeration(model: MemoryModel) -> None:
    for codes, _, _ in LITMUS.values():
        small = program(*(code + END for code in codes[:2]))
        options = Options(memory_model=model)
        assert checker_finals(small, options)[0] == enumerated_finals(small, options)[0]


def test_atomics_wait_for_an_empty_buffer() -> None:
    swap: list[Row] = [(Op.MOVI, 2, 1), (Op.SWAP, 3, 15, RESULTS + 7, 2)]
    codes = [store(X, 1) + swap + load(Y, 0) + END, store(Y, 1) + swap + load(X, 1) + END]
    for model in MemoryModel:
        finals, _ = checker_finals(program(*codes), Options(memory_model=model))
        assert all(memory[RESULTS : RESULTS + 2] != (0, 0) for memory in finals)
