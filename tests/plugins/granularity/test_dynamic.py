"""Locks in cascade: the scenarios of the slot pass, and catch every mutant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from smplab.api import Cpu, Grace, Lock, Scenario, Word, routine
from smplab.kernel.scenarios.cascade import Cascade, FickleCascade
from smplab.kernel.scenarios.joining import Joining
from smplab.kernel.scenarios.sharing import Grains
from smplab.verify import Status
from smplab_plugins.grace.epochs import Epochs
from smplab_plugins.grace.token_ring import TokenRing
from smplab_plugins.granularity.dynamic import DynamicLocks
from smplab_plugins.granularity.groups import Groups
from smplab_plugins.locks.mcs import McsLock
from smplab_plugins.locks.ttas import TtasLock
from smplab_plugins.synchronization.locked import Locked
from tests.kernel.exploring import explore, holds, wire

CAUGHT_BY: dict[str, tuple[Callable[[], Scenario], str]] = {
    "coarse_if_active": (lambda: Joining(**ONE_ASKS), "fine"),
    "new_group_released": (lambda: Joining(requests=2, **ONE_ASKS), "coarse"),
}
"""By which scenario, from which locks, each mutant is caught; the others by `Cascade`."""

ONE_ASKS: dict[str, Any] = {"askers": 1, "pollers": 1}


def cascade(
    mutant: str = "", starts: str = "coarse", groups: int = 2, spanned: int = 4, **fillings: Any
) -> DynamicLocks:
    filling = DynamicLocks(starts=starts, groups=groups, spanned=spanned)
    wire(filling, **fillings)
    filling.mutant = mutant
    return filling


@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("starts", ["coarse", "fine"])
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_two_cpus_of_which_one_asks(grace: type[Grace], starts: str, model: str) -> None:
    filling = cascade(starts=starts, grace=grace())
    assert holds(explore(Cascade(**ONE_ASKS), filling, model=model))


@pytest.mark.parametrize(("coarse", "fine"), [(TtasLock, McsLock), (McsLock, TtasLock)])
def test_a_spin_lock_and_a_queue_lock_replace_each_other(
    coarse: type[Lock], fine: type[Lock]
) -> None:
    filling = cascade(lock=coarse(), fine_lock=fine())
    assert holds(explore(Cascade(**ONE_ASKS), filling, model="tso"))


@pytest.mark.parametrize(("scenario", "starts"), [(Cascade, "coarse"), (Joining, "fine")])
def test_an_operation_on_a_group_may_hold_no_fine_lock(
    scenario: type[Scenario], starts: str
) -> None:
    filling = cascade(starts=starts, spanned=0)
    assert holds(explore(scenario(**ONE_ASKS), filling, model="tso"))


def test_a_change_is_asked_for_during_a_change() -> None:
    assert holds(explore(FickleCascade(pollers=1), cascade()))


def test_a_cpu_that_idles_holds_nobody_up() -> None:
    assert holds(explore(Cascade(idles=True, **ONE_ASKS), cascade(), model="tso"))


def test_the_slot_synchronization_hands_on_what_is_asked_for() -> None:
    locked = wire(Locked(), granularity=DynamicLocks())
    assert holds(explore(Grains(requests=2, **ONE_ASKS), locked))


@pytest.mark.exhaustive
@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("fine", [TtasLock, McsLock])
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_two_cpus_of_which_both_ask(grace: type[Grace], fine: type[Lock], model: str) -> None:
    assert holds(explore(Cascade(), cascade(grace=grace(), fine_lock=fine()), model=model))


@dataclass(eq=False)
class Unequal(Cascade):
    """One CPU asks four times, the other one once."""

    @routine
    def requests_of(self, cpu: Cpu) -> Word:
        return 1 + 3 * cpu.id


@pytest.mark.exhaustive
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_two_cpus_ask_five_times(grace: type[Grace]) -> None:
    """Bounded: 100,000,000 states are not all."""
    verdict = explore(Unequal(operations=2), cascade(grace=grace()))
    assert verdict.status is not Status.VIOLATED


@pytest.mark.exhaustive
def test_two_cpus_operate_once_and_ask_five_times() -> None:
    assert holds(explore(Unequal(), cascade(grace=Epochs())))


@pytest.mark.exhaustive
@pytest.mark.parametrize("starts", ["coarse", "fine"])
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_three_cpus_of_which_one_asks_twice(grace: type[Grace], starts: str) -> None:
    scenario = Cascade(workers=2, requests=2, **ONE_ASKS)
    assert holds(explore(scenario, cascade(starts=starts, grace=grace()), cpus=3))


def test_a_token_that_skips_a_cpu_lets_two_in() -> None:
    grace = TokenRing()
    grace.mutant = "one_short"
    assert "two CPUs operate" in explore(Cascade(), cascade(grace=grace)).violation


@pytest.mark.parametrize("grace", [TokenRing, Epochs])
@pytest.mark.parametrize("mutant", sorted(DynamicLocks.mutants.keys() - Groups.mutants.keys()))
def test_each_mutant_is_caught(mutant: str, grace: type[Grace]) -> None:
    scenario, starts = CAUGHT_BY.get(mutant, (Cascade, "coarse"))
    assert not holds(explore(scenario(), cascade(mutant, starts, grace=grace())))
