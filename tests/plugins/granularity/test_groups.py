"""Objects that move between groups: the scenarios pass, and catch every mutant of the moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from smplab.api import NULL, Cpu, Grace, Lock, Scenario, routine
from smplab.kernel.scenarios.joining import Joining, Wandering
from smplab.verify import Status
from smplab_plugins.grace.epochs import Epochs
from smplab_plugins.grace.token_ring import TokenRing
from smplab_plugins.granularity.groups import Groups
from smplab_plugins.locks.mcs import McsLock
from smplab_plugins.locks.ttas import TtasLock
from tests.kernel.exploring import explore, holds
from tests.plugins.granularity.test_dynamic import ONE_ASKS, cascade

IDLE: dict[str, Any] = {"operations": 0}  # requests alone show it sooner
CAUGHT_BY: dict[str, Callable[[], Scenario]] = {
    "claimed_by_store": lambda: Joining(**IDLE),
    "old_not_claimed": lambda: Joining(**IDLE),
    "new_not_claimed": lambda: Joining(**IDLE),
    "not_looked_again": lambda: Wandering(**IDLE),
    "no_fence_after_join": lambda: Wandering(**IDLE),
}
"""By which scenario each mutant is caught within seconds, if not by `Joining` of which one asks."""


@dataclass(eq=False)
class Consistent(Joining):
    """Looks into the filling in the end: lists, regimes, and locks."""

    filling: Any = None

    @routine
    def judge(self, cpu: Cpu) -> None:
        """Each object is in the list of its group, once, and under one kind of lock."""
        super().judge(cpu)
        listed = 0
        for number in range(self.spread):
            group = self.granularity.table[number]  # type: ignore[attr-defined]  # a filling's own
            cpu.check(group.transition == 0, "a group is claimed for ever")
            member = group.first
            before = NULL
            while member != NULL:
                listed += 1
                cpu.check(member.group == group, "an object is in the list of another group")
                cpu.check(member.previous == before, "a list is broken")
                cpu.check(member.active + group.active == 1, "not one kind of lock is active")
                before = member
                member = member.next
        cpu.check(listed == self.objects, "an object is in no list, or in two")
        for lock in self.watched:
            for c in range(cpu.count):
                cpu.check(lock.held[c] == 0, "in the end a CPU holds a lock")


@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("starts", ["coarse", "fine", "mixed"])
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_two_cpus_of_which_one_asks(grace: type[Grace], starts: str, model: str) -> None:
    filling = cascade(starts=starts, grace=grace())
    assert holds(explore(Consistent(**ONE_ASKS), filling, model=model))


@pytest.mark.parametrize(
    ("grace", "model"),
    [
        (TokenRing, "sc"),
        pytest.param(TokenRing, "tso", marks=pytest.mark.exhaustive),  # four million states
        (Epochs, "tso"),
    ],
)
def test_both_ask_and_nobody_operates(grace: type[Grace], model: str) -> None:
    filling = cascade(starts="mixed", grace=grace())
    assert holds(explore(Consistent(**IDLE), filling, model=model))


@pytest.mark.parametrize(("coarse", "fine"), [(TtasLock, McsLock), (McsLock, TtasLock)])
def test_objects_move_between_spin_locks_and_queue_locks(
    coarse: type[Lock], fine: type[Lock]
) -> None:
    filling = cascade(starts="mixed", lock=coarse(), fine_lock=fine())
    assert holds(explore(Consistent(**ONE_ASKS), filling, model="tso"))


def test_a_cpu_that_idles_holds_no_move_up() -> None:
    assert holds(explore(Joining(idles=True, **ONE_ASKS), cascade(starts="mixed"), model="tso"))


@pytest.mark.parametrize(
    ("bounds", "model"),
    [
        (IDLE, "tso"),
        (ONE_ASKS, "sc"),
        pytest.param({}, "sc", marks=pytest.mark.exhaustive),  # eleven million states
    ],
)
def test_an_object_moves_from_a_to_b_to_c(bounds: dict[str, Any], model: str) -> None:
    assert holds(explore(Wandering(**bounds), cascade(starts="mixed"), model=model))


@pytest.mark.exhaustive
@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_two_cpus_of_which_both_ask(grace: type[Grace], model: str) -> None:
    """Bounded under TSO: 100,000,000 states are not all."""
    verdict = explore(Joining(), cascade(starts="mixed", grace=grace()), model=model)
    assert verdict.status is Status.HOLDS or (model == "tso" and verdict.status is Status.BOUNDED)


@pytest.mark.exhaustive
@pytest.mark.parametrize("starts", ["coarse", "fine"])
def test_one_cpu_asks_twice(starts: str) -> None:
    scenario = Joining(requests=2, **ONE_ASKS)
    assert holds(explore(scenario, cascade(starts=starts), model="tso"))


@pytest.mark.exhaustive
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_three_cpus_of_which_two_ask(grace: type[Grace]) -> None:
    filling = cascade(starts="mixed", grace=grace())
    assert holds(explore(Wandering(**IDLE), filling, cpus=3))


@dataclass(eq=False)
class ToAndFro(Wandering):
    """One object that joins either of two groups."""

    spread = 2


@pytest.mark.exhaustive
def test_who_comes_late_does_not_end_a_move_that_began_meanwhile() -> None:
    filling = cascade("looked_before_busy", groups=1, grace=Epochs())
    assert not holds(explore(ToAndFro(workers=2), filling, cpus=3))


@pytest.mark.parametrize("mutant", sorted(Groups.mutants.keys() - {"looked_before_busy"}))
def test_each_mutant_is_caught(mutant: str) -> None:
    weakened = Groups.mutants[mutant]
    scenario = CAUGHT_BY.get(mutant, lambda: Joining(**ONE_ASKS))()
    filling = cascade(mutant, starts="mixed")
    assert not holds(explore(scenario, filling, model=weakened.memory_model))
