"""Every lock that ships passes the scenarios of its slot, and they catch each of its mutants."""

from __future__ import annotations

import pytest

from smplab.api import Lock, Scenario, contract_scenarios
from smplab_plugins.locks.clh import ClhLock
from smplab_plugins.locks.mcs import McsLock
from smplab_plugins.locks.tas import TasLock
from smplab_plugins.locks.ticket import TicketLock
from smplab_plugins.locks.ttas import TtasLock
from tests.kernel.exploring import explore, holds

LOCKS = (TasLock, TtasLock, TicketLock, McsLock, ClhLock)
SCENARIOS = [s for s in contract_scenarios().values() if "lock" in s.slots()]
MUTANTS = [(lock, mutant) for lock in LOCKS for mutant in lock.mutants]


@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("lock", LOCKS)
def test_two_cpus(lock: type[Lock], scenario: type[Scenario], model: str) -> None:
    assert holds(explore(scenario(), lock(), model=model))


@pytest.mark.exhaustive
@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("lock", LOCKS)
def test_three_cpus(lock: type[Lock], scenario: type[Scenario], model: str) -> None:
    assert holds(explore(scenario(), lock(), cpus=3, model=model))


@pytest.mark.parametrize(("lock", "mutant"), MUTANTS)
def test_each_mutant_is_caught(lock: type[Lock], mutant: str) -> None:
    caught = []
    for scenario in SCENARIOS:
        weakened = lock()
        weakened.mutant = mutant
        declared = lock.mutants[mutant]
        verdict = explore(scenario(), weakened, cpus=declared.cpus, model=declared.memory_model)
        caught.append(not holds(verdict))
    assert any(caught)


@pytest.mark.parametrize("lock", LOCKS)
def test_each_names_at_least_one(lock: type[Lock]) -> None:
    assert lock.mutants
