"""Locks that are turned on and off: the scenarios of the slot pass, and catch every mutant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from smplab.api import Grace, LanguageError, Scenario
from smplab.kernel.scenarios.asking import Asking
from smplab.kernel.scenarios.sharing import (
    Blocking,
    Fickle,
    Grains,
    Moving,
    Regimes,
    Steady,
    TwoHomes,
)
from smplab_plugins.grace.epochs import Epochs
from smplab_plugins.grace.token_ring import TokenRing
from smplab_plugins.granularity.dynamic import DynamicLocks
from smplab_plugins.granularity.global_lock import GlobalLock
from smplab_plugins.locks.mcs import McsLock
from smplab_plugins.synchronization.dynamic import Dynamic
from tests.kernel.exploring import explore, holds, image_of, wire

SCENARIOS = (Blocking, Fickle, Grains, Moving, Regimes, Steady, TwoHomes)
ONE_ASKS: dict[str, Any] = {"askers": 1, "pollers": 1}
CAUGHT_BY: dict[str, Callable[[], Scenario]] = {
    "no_promotion": Regimes,
    "no_demotion": Regimes,
    "grace_before_regime": Regimes,
    "not_busy": Regimes,
    "not_looked_again": Fickle,
    "always_released": Regimes,
    "no_fence_after_want": Regimes,
}
"""By which scenario each mutant is caught within seconds; `cancelled` takes longer."""


def dynamic(mutant: str = "", starts: str = "disabled", **fillings: Any) -> Dynamic:
    filling = Dynamic(starts=starts)
    wire(filling, **fillings)
    filling.mutant = mutant
    return filling


@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_two_cpus_of_which_one_asks(grace: type[Grace], scenario: type[Asking], model: str) -> None:
    assert holds(explore(scenario(**ONE_ASKS), dynamic(grace=grace()), model=model))


@pytest.mark.parametrize("home", [0, 1])
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_a_cpu_that_idles_holds_nobody_up(grace: type[Grace], home: int) -> None:
    scenario = Regimes(requests=2, idles=True, home=home, **ONE_ASKS)
    assert holds(explore(scenario, dynamic(grace=grace()), model="tso"))


def test_grace_periods_for_others_do_not_matter() -> None:
    assert holds(explore(Regimes(turning=True, **ONE_ASKS), dynamic(), model="tso"))


def test_objects_may_start_enabled() -> None:
    assert holds(explore(Fickle(), dynamic(starts="enabled")))


@pytest.mark.parametrize("model", ["sc", "tso"])
def test_messages_and_a_cascade_in_one_object(model: str) -> None:
    scenario = Grains(requests=2, **ONE_ASKS)
    assert holds(explore(scenario, dynamic(granularity=DynamicLocks()), model=model))


@pytest.mark.exhaustive
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_two_cpus_of_which_both_ask(grace: type[Grace], scenario: type[Asking]) -> None:
    assert holds(explore(scenario(), dynamic(grace=grace(), lock=McsLock()), model="tso"))


@pytest.mark.exhaustive
@pytest.mark.parametrize("scenario", [Regimes, Moving])
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_three_cpus(grace: type[Grace], scenario: type[Asking]) -> None:
    assert holds(explore(scenario(requests=2, askers=1), dynamic(grace=grace()), cpus=3))


@pytest.mark.parametrize("grace", [TokenRing, Epochs])
@pytest.mark.parametrize("mutant", CAUGHT_BY)
def test_each_mutant_is_caught(mutant: str, grace: type[Grace]) -> None:
    declared = Dynamic.mutants[mutant]
    weakened = dynamic(mutant, grace=grace())
    scenario = CAUGHT_BY[mutant]()
    model = declared.memory_model
    assert not holds(explore(scenario, weakened, cpus=declared.cpus, model=model))


@pytest.mark.exhaustive
def test_a_change_that_is_taken_back_is_caught() -> None:
    assert "two CPUs operate" in explore(Fickle(), dynamic("cancelled"), cpus=3).violation


def test_no_mutant_is_forgotten() -> None:
    shown = {name for name, mutant in Dynamic.mutants.items() if not mutant.not_shown}
    assert shown == {*CAUGHT_BY, "cancelled", "joined_late"}


@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_who_joins_late_harms_where_periods_are_over_sets(grace: type[Grace]) -> None:
    weakened = dynamic("joined_late", starts="enabled", grace=grace())
    assert holds(explore(Regimes(home=1, **ONE_ASKS), weakened)) == (not grace.sets)


@pytest.mark.parametrize(
    ("scenario", "mutant"), [(s, m) for s in SCENARIOS for m in s.mutants], ids=str
)
def test_each_mistake_of_those_who_ask_is_caught(scenario: type[Asking], mutant: str) -> None:
    weakened = scenario()
    weakened.mutant = mutant
    assert not holds(explore(weakened, dynamic(), cpus=scenario.mutants[mutant].cpus))


def test_a_token_that_skips_a_cpu_lets_two_in() -> None:
    grace = TokenRing()
    grace.mutant = "one_short"
    scenario = Regimes(operations=2, requests=2, turning=True, **ONE_ASKS)
    assert "two CPUs operate" in explore(scenario, dynamic(grace=grace)).violation


def test_there_must_be_locks_to_turn_off() -> None:
    with pytest.raises(LanguageError, match="granularity has none: choose mechanism/granularity=o"):
        image_of(Regimes(), dynamic(granularity=GlobalLock()))
