"""The examples show what their texts say."""

from __future__ import annotations

import pytest

from smplab.api import Scenario
from smplab_plugins.scenarios.broken_lock import BrokenLock
from smplab_plugins.scenarios.dekker import Dekker
from smplab_plugins.scenarios.lost_wakeup import LostWakeup
from smplab_plugins.scenarios.peterson import Peterson
from tests.kernel.exploring import explore, holds


@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("scenario", [Peterson, Dekker])
@pytest.mark.parametrize("cpus", [2, 3])
def test_with_their_fence_they_hold(scenario: type[Scenario], model: str, cpus: int) -> None:
    assert holds(explore(scenario(), cpus=cpus, model=model))


@pytest.mark.parametrize("scenario", [Peterson, Dekker])
def test_without_it_store_buffers_break_them(scenario: type[Scenario]) -> None:
    weakened = scenario()
    weakened.mutant = "no_fence"
    assert holds(explore(weakened, model="sc"))
    assert "two CPUs are in the critical section" in explore(weakened, model="tso").violation


@pytest.mark.parametrize(
    ("scenario", "mutant", "kind"), [(Peterson, "own_turn", "check"), (Dekker, "stubborn", "stuck")]
)
def test_what_else_can_go_wrong(scenario: type[Scenario], mutant: str, kind: str) -> None:
    weakened = scenario()
    weakened.mutant = mutant
    assert explore(weakened).kind == kind


@pytest.mark.parametrize("model", ["sc", "tso", "pso"])
def test_two_instructions_are_no_test_and_set(model: str) -> None:
    verdict = explore(BrokenLock(), model=model)
    assert "two CPUs hold the lock" in verdict.violation
    assert "broken_lock.py" in verdict.violation


@pytest.mark.parametrize("model", ["sc", "tso", "pso"])
def test_a_wakeup_is_lost(model: str) -> None:
    verdict = explore(LostWakeup(), model=model)
    assert verdict.kind == "deadlock"
    assert "CPU 0" in verdict.violation
