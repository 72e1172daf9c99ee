"""Locks that are turned on and off: the scenarios of the slot pass, and catch every mutant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from smplab.api import (
    Array,
    Cpu,
    Grace,
    LanguageError,
    Memory,
    Scenario,
    Word,
    parameter,
    routine,
)
from smplab.kernel.scenarios.asking import Asking
from smplab.kernel.scenarios.sharing import (
    Blocking,
    Fickle,
    Grains,
    Moving,
    Overtaken,
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

SCENARIOS = (Blocking, Fickle, Grains, Moving, Overtaken, Regimes, Steady, TwoHomes)
ONE_ASKS: dict[str, Any] = {"askers": 1, "pollers": 1}
CAUGHT_BY: dict[str, Callable[[], Scenario]] = {
    "no_promotion": Regimes,
    "no_demotion": Regimes,
    "grace_before_regime": Regimes,
    "not_busy": Regimes,
    "not_looked_again": Fickle,
    "not_atomic": Overtaken,
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


@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("scenario", [Blocking, Fickle, Grains, Regimes])
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_two_cpus_of_which_the_home_asks(
    grace: type[Grace], scenario: type[Asking], model: str
) -> None:
    """It promotes at once; in the test before, the other CPU asked, after a grace period."""
    assert holds(explore(scenario(home=1, **ONE_ASKS), dynamic(grace=grace()), model=model))


@pytest.mark.parametrize("home", [0, 1])
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_a_cpu_that_idles_holds_nobody_up(grace: type[Grace], home: int) -> None:
    scenario = Regimes(requests=2, idles=True, home=home, **ONE_ASKS)
    assert holds(explore(scenario, dynamic(grace=grace()), model="tso"))


@dataclass(eq=False)
class AloneOrShared(Regimes):
    """As in IPC: without `enter` where a CPU is alone with the object, else by `enter_shared`."""

    together: bool = parameter(False, "who is not alone does not enter at all", build=True)

    @routine(call=True)
    def perform(self, cpu: Cpu, number: Word, who: Word) -> None:
        if self.together or self.synchronization.alone(cpu, self.guard(cpu, number)):
            self.touch(cpu, number, who)
        else:
            node: Any = self.synchronization.enter_shared(cpu, self.guard(cpu, number))
            self.touch(cpu, number, who)
            self.synchronization.leave(cpu, self.guard(cpu, number), node)


@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_who_is_not_alone_enters_without_another_look(grace: type[Grace], model: str) -> None:
    scenario = AloneOrShared(requests=2, **ONE_ASKS)
    assert holds(explore(scenario, dynamic(grace=grace()), model=model))
    assert holds(explore(AloneOrShared(home=1), dynamic(grace=grace()), model=model))
    assert not holds(explore(AloneOrShared(together=True), dynamic(grace=grace()), model=model))


@dataclass(eq=False)
class AlwaysShared(Regimes):
    """Everybody operates here, by `enter_shared`, which takes the lock also while it is off."""

    @routine(call=True)
    def operate(self, cpu: Cpu, number: Word) -> bool:
        cpu.begin("operation")
        self.wanted[cpu.id] += 1
        self.enter_kernel(cpu)
        node: Any = self.synchronization.enter_shared(cpu, self.guard(cpu, number))
        self.touch(cpu, number, cpu.id)
        self.synchronization.leave(cpu, self.guard(cpu, number), node)
        self.exit_kernel(cpu)
        cpu.end("operation")
        return True


def test_who_enters_as_shared_has_the_lock_though_its_home_is_alone() -> None:
    """Two CPUs that both take the lock exclude each other, whatever the regime."""
    assert holds(explore(AlwaysShared(), dynamic()))


def test_grace_periods_for_others_do_not_matter() -> None:
    assert holds(explore(Regimes(turning=True, **ONE_ASKS), dynamic(), model="tso"))


def test_objects_may_start_enabled() -> None:
    assert holds(explore(Fickle(), dynamic(starts="enabled")))


@pytest.mark.parametrize("model", ["sc", "tso"])
def test_messages_and_a_cascade_in_one_object(model: str) -> None:
    scenario = Grains(requests=2, **ONE_ASKS)
    assert holds(explore(scenario, dynamic(granularity=DynamicLocks()), model=model))


@dataclass(eq=False)
class Started(TokenRing):
    """The token is anywhere, and perhaps others wait for it."""

    position: int = parameter(0, "where it is", build=True)
    ahead: int = parameter(0, "how many positions others wait for", build=True)

    @routine
    def boot(self, cpu: Cpu) -> None:
        self.ring.position = self.position
        self.ring.target = self.position + self.ahead


@pytest.mark.parametrize("position", [0, 1])
def test_the_token_may_be_anywhere(position: int) -> None:
    scenario = Regimes(operations=2, requests=3, idles=True, **ONE_ASKS)
    assert holds(explore(scenario, dynamic(grace=Started(position=position))))
    weakened = Started(position=position)
    weakened.mutant = "one_short"
    assert "two CPUs operate" in explore(Regimes(), dynamic(grace=weakened)).violation


@pytest.mark.exhaustive
@pytest.mark.parametrize("position", [0, 1])
def test_others_keep_the_token_turning(position: int) -> None:
    scenario = Regimes(operations=2, askers=1)
    grace = Started(position=position, ahead=4)
    assert holds(explore(scenario, dynamic(grace=grace), model="tso"))


@dataclass(eq=False)
class Queueing(Regimes):
    """Before they operate, CPUs put something into a queue: under the lock, whatever the regime."""

    def layout(self, memory: Memory) -> None:
        super().layout(memory)
        self.queue: Array[Word] = memory.array(Word, 1)
        self.queueing: Array[Word] = memory.ghost(Word, 2)  # who is at it; how often one was

    @routine
    def work(self, cpu: Cpu) -> None:
        self.enter_kernel(cpu)
        node: Any = self.synchronization.enter_shared(cpu, self.guard(cpu, 0))
        cpu.check(self.queueing[0] == 0, "two CPUs are at the queue")
        self.queueing[0] = 1
        length = self.queue[0]
        cpu.check(length == self.queueing[1], "something in the queue is lost")
        self.queue[0] = length + 1
        self.queueing[1] = length + 1
        self.queueing[0] = 0
        self.synchronization.leave(cpu, self.guard(cpu, 0), node)
        self.exit_kernel(cpu)
        super().work(cpu)


def test_a_path_that_always_locks_is_not_hurt_by_who_does_not() -> None:
    assert holds(explore(Queueing(requests=0), dynamic(), cpus=3))
    assert holds(explore(Queueing(**ONE_ASKS), dynamic(), model="tso"))
    assert not holds(explore(Queueing(requests=0), dynamic("always_released"), cpus=3))


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


@pytest.mark.exhaustive
@pytest.mark.parametrize("grace", [TokenRing, Epochs])
def test_three_cpus_of_which_the_home_asks(grace: type[Grace]) -> None:
    scenario = Regimes(home=2, requests=2, askers=1)
    assert holds(explore(scenario, dynamic(grace=grace()), cpus=3))


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


@pytest.mark.parametrize("grace", [Epochs, pytest.param(TokenRing, marks=pytest.mark.exhaustive)])
def test_who_completes_another_change_than_the_one_it_knew_is_caught(grace: type[Grace]) -> None:
    """The home has promoted at once, and so the same regime is back."""
    verdict = explore(Overtaken(), dynamic("overtaken", grace=grace()), cpus=3)
    assert "two CPUs operate" in verdict.violation


def test_no_mutant_is_forgotten() -> None:
    shown = {name for name, mutant in Dynamic.mutants.items() if not mutant.not_shown}
    assert shown == {*CAUGHT_BY, "cancelled", "joined_late", "overtaken"}


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
