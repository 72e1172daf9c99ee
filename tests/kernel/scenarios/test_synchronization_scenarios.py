"""The scenarios of the slot `synchronization` refute what protects nothing, or not as asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.api import Cpu, Ref, Scenario, Synchronization, contract_scenarios, routine
from smplab.kernel.scenarios.sharing import Moving, Regimes, Steady, TwoHomes
from smplab_plugins.granularity.global_lock import GlobalLock
from smplab_plugins.granularity.object import ObjectLocks
from smplab_plugins.synchronization.locked import Locked
from smplab_plugins.synchronization.messages import Messages
from tests.kernel.exploring import explore, holds, wire

SCENARIOS = [s for s in contract_scenarios().values() if "synchronization" in s.slots()]


@dataclass(eq=False)
class Anarchy(Synchronization):
    """Everybody operates on everything."""


@dataclass(eq=False)
class Stubborn(Messages):
    """Says that it is never what was asked for."""

    @routine
    def settled(self, cpu: Cpu, guard: Ref[Any]) -> bool:
        return False


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_operations_without_protection_meet(scenario: type[Scenario]) -> None:
    assert "two CPUs operate on one object" in explore(scenario(), Anarchy()).violation


def test_what_is_asked_for_must_hold_in_the_end() -> None:
    assert "not protected as was last asked for" in explore(Regimes(), Stubborn()).violation


@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_messages_pass(scenario: type[Scenario], model: str) -> None:
    assert holds(explore(scenario(), Messages(), model=model))


@pytest.mark.parametrize("granularity", [ObjectLocks, GlobalLock])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_locks_pass(scenario: type[Scenario], granularity: type[ObjectLocks | GlobalLock]) -> None:
    assert holds(explore(scenario(), wire(Locked(), granularity=granularity()), model="tso"))


@pytest.mark.parametrize(
    ("scenario", "mutant", "kind"),
    [
        (Steady(), "taken_late", "stuck"),
        (TwoHomes(), "not_served", "stuck"),
        (Moving(), "not_refused", "check"),
    ],
)
def test_mistakes_of_those_who_ask_are_seen_without_locks(
    scenario: Scenario, mutant: str, kind: str
) -> None:
    scenario.mutant = mutant
    assert explore(scenario, Messages()).kind == kind
