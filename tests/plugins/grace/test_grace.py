"""Both grace periods pass the scenarios of their slot, and their mutants do not."""

from __future__ import annotations

import pytest

from smplab.api import Grace, Scenario, contract_scenarios
from smplab.kernel.scenarios.grace import JoiningReader, Readers
from smplab_plugins.grace.epochs import Epochs
from smplab_plugins.grace.token_ring import TokenRing
from tests.kernel.exploring import explore, holds

FILLINGS = (TokenRing, Epochs)
SCENARIOS = [s for s in contract_scenarios().values() if "grace" in s.slots()]
MUTANTS = [(filling, name) for filling in FILLINGS for name in filling.mutants]


@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("filling", FILLINGS)
@pytest.mark.parametrize("cpus", [2, pytest.param(3, marks=pytest.mark.exhaustive)])
def test_no_reader_is_left_behind(
    filling: type[Grace], scenario: type[Scenario], model: str, cpus: int
) -> None:
    assert holds(explore(scenario(), filling(), cpus=cpus, model=model))


@pytest.mark.parametrize(("filling", "mutant"), MUTANTS)
def test_each_mutant_is_caught(filling: type[Grace], mutant: str) -> None:
    caught = []
    for scenario in SCENARIOS:
        weakened = filling()
        weakened.mutant = mutant
        declared = filling.mutants[mutant]
        verdict = explore(scenario(), weakened, cpus=declared.cpus, model=declared.memory_model)
        caught.append(not holds(verdict))
    assert any(caught)


@pytest.mark.parametrize(
    ("filling", "mutant"),
    [(f, n) for f, n in MUTANTS if f.mutants[n].memory_model == "tso"],
)
def test_what_takes_a_store_buffer_is_not_seen_without(filling: type[Grace], mutant: str) -> None:
    for scenario in SCENARIOS:
        weakened = filling()
        weakened.mutant = mutant
        assert holds(explore(scenario(), weakened, model="sc"))


@pytest.mark.parametrize("filling", FILLINGS)
def test_a_period_begun_before_the_change_protects_nothing(filling: type[Grace]) -> None:
    scenario = Readers()
    scenario.mutant = "begun_early"
    assert "old version" in explore(scenario, filling()).violation


def plainly_passed() -> TokenRing:
    weakened = TokenRing()
    weakened.mutant = "plain_pass"
    return weakened


def test_a_token_that_is_passed_by_a_plain_store_takes_three_cpus_to_fail() -> None:
    assert holds(explore(Readers(), plainly_passed(), model="tso"))
    assert "old version" in explore(Readers(), plainly_passed(), cpus=3, model="tso").violation


@pytest.mark.exhaustive
def test_nor_does_it_fail_without_a_store_buffer() -> None:
    """Thirty-four million states; with two CPUs the test of all such mutants says the same."""
    assert holds(explore(Readers(), plainly_passed(), cpus=3, model="sc"))


@pytest.mark.parametrize("mutant", JoiningReader.mutants)
def test_a_mistake_with_the_set_harms_who_relies_on_it(mutant: str) -> None:
    model = JoiningReader.mutants[mutant].memory_model
    for filling in FILLINGS:
        scenario = JoiningReader()
        scenario.mutant = mutant
        assert holds(explore(scenario, filling(), model=model)) == (not filling.sets)


def test_who_has_left_the_set_is_not_waited_for() -> None:
    """Without a kick, a period ends although a CPU that has left stays in user mode."""
    deaf = Epochs()
    deaf.mutant = "no_kick"
    assert holds(explore(JoiningReader(), deaf))
