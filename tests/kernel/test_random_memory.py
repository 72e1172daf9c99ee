"""Random memory calls on one to eight CPUs leave behind what map, grant and unmap mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from smplab.kernel.spaces import INVALID, NO_MAPPING, NO_MEMORY, OCCUPIED
from smplab.kernel.trees import MAP
from smplab.machine import simulate, simulate_reference
from smplab.machine.result import Limits
from smplab.testing.locks import small_machine
from tests.kernel.combinations import Combination, every, name_of, pairwise
from tests.kernel.memory_calls import Logging, RandomMemory
from tests.kernel.memory_model import Alone, NotAllowed, Operation, Tree
from tests.kernel.memory_state import State, check
from tests.kernel.memory_systems import ONE, filled, run, system
from tests.kernel.revoking import Revoking

ALL = every(cpus=(1, 2, 4, 8), tags=(False, True))


def operations(one: Combination, seeds: range) -> int:
    """Run random memory calls once a seed, and compare; how many operations there were."""
    program, parts = system(one, RandomMemory())
    kernel = parts["kernel"]
    assert isinstance(kernel, Logging)
    total = 0
    for seed in seeds:
        result = run(one, program, seed)
        assert result.operations == one["cpus"] * 2 * 20, "a thread is lost"
        total += check(program, kernel, result)
    return total


def revoke(one: Combination, seeds: range, **capacities: int) -> None:
    """Let all CPUs revoke the same pages."""
    program, _ = system(one, Revoking(), map_nodes=20, flush_entries=2, **capacities)
    for seed in seeds:
        run(one, program, seed, Limits(operations=one["cpus"], max_cycles=10**8), ipi_cycles=4000)


@pytest.mark.parametrize("one", pairwise(ALL), ids=name_of)
def test_memory_and_page_tables_agree_with_the_model(one: Combination) -> None:
    assert operations(one, range(8)) > 70


@pytest.mark.parametrize("one", [c for c in pairwise(ALL) if c["cpus"] > 1], ids=name_of)
def test_nobody_uses_what_was_revoked(one: Combination) -> None:
    revoke(one, range(3))


@pytest.mark.exhaustive
@pytest.mark.parametrize("one", ALL, ids=name_of)
def test_all_combinations_agree_with_the_model(one: Combination) -> None:
    assert operations(one, range(100, 200)) > 1000
    if one["cpus"] > 1:
        revoke(one, range(50))


def test_alone_every_result_is_known() -> None:
    """With one CPU and one tree, refusals for lack of room or memory are exact, too."""
    program, parts = system(ONE, RandomMemory(churn=False), page_levels=2, spaces=2, map_nodes=4)
    kernel = parts["kernel"]
    assert isinstance(kernel, Logging)
    seen = set()
    for seed in range(50):
        result = run(ONE, program, seed)
        tables = kernel.free_tables.count
        check(program, kernel, result, Alone(4, {0, 1}, tables, nodes=4))
        seen |= {op.result for op in State(program, kernel, result).log(0)}
    assert {OCCUPIED, NO_MEMORY, INVALID} <= seen


@pytest.mark.parametrize("how", ["locked", "messages"])
def test_engine_and_reference_agree(how: str) -> None:
    one = filled(synchronization=how, cpus=3, tags=True)
    program, _ = system(one, RandomMemory())
    machine = small_machine(3)
    machine.costs.tlb_tags = True
    fast, slow = (
        engine(program, machine, np.arange(3, dtype=np.int64), 5, Limits(run_cycles=60_000))
        for engine in (simulate, simulate_reference)
    )
    assert np.array_equal(fast.memory, slow.memory)
    assert np.array_equal(fast.counters, slow.counters)


LEND = Operation(MAP, 0, 0, 0, 1, 1, 0, 4, 1, 7, 0)
"""Page 1 of space 0 to page 7 of space 1, to be written."""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"from_page": 8}, NO_MAPPING), ({"mode": 8}, INVALID), ({"from_level": 0}, NO_MAPPING),
        ({}, 0),
    ],
)  # fmt: skip
def test_the_model_knows_results(changes: dict[str, int], expected: int) -> None:
    operation = replace(LEND, **changes)
    Tree(0, 4).step(replace(operation, result=expected))
    with pytest.raises(NotAllowed, match="should have had the result"):
        Tree(0, 4).step(replace(operation, result=expected + 1))
