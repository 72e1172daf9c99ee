"""The scenarios of the slot `granularity` refute locks that are too few, or not those asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.api import Cpu, Granularity, Ref, Scenario, Word, contract_scenarios, routine
from smplab.kernel.scenarios.cascade import Cascade
from smplab.kernel.scenarios.joining import Joining
from smplab_plugins.granularity.global_lock import GlobalLock
from smplab_plugins.granularity.object import ObjectLocks
from tests.kernel.exploring import explore, holds, wire

SCENARIOS = [s for s in contract_scenarios().values() if "granularity" in s.slots()]


@dataclass(eq=False)
class NoLocks(Granularity):
    """Lets everybody in."""

    @routine
    def enter(self, cpu: Cpu, guard: Ref[Any]) -> Any:
        return 0

    @routine
    def leave(self, cpu: Cpu, guard: Ref[Any], node: Any) -> None:
        pass


@dataclass(eq=False)
class Stubborn(ObjectLocks):
    """Says that its locks are never those asked for."""

    @routine
    def settled_group(self, cpu: Cpu, group: Word) -> bool:
        return False


@dataclass(eq=False)
class Homebound(ObjectLocks):
    """Says that its objects are never where they are to be."""

    @routine
    def settled(self, cpu: Cpu, guard: Ref[Any]) -> bool:
        return False


@dataclass(eq=False)
class Generous(ObjectLocks):
    """Says that an operation on a group covers every object."""

    @routine
    def covers(self, cpu: Cpu, group: Word, guard: Ref[Any]) -> bool:
        return True


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_operations_without_locks_meet(scenario: type[Scenario]) -> None:
    assert "two CPUs operate on one object" in explore(scenario(), NoLocks()).violation


def test_what_is_asked_for_must_hold_in_the_end() -> None:
    idle: dict[str, Any] = {"operations": 0, "requests": 0}
    asked = "the locks are not those that were last asked for"
    assert asked in explore(Cascade(**idle), wire(Stubborn())).violation
    asked = "not in the group that was last asked for"
    assert asked in explore(Joining(**idle), wire(Homebound())).violation


def test_an_operation_covers_no_object_whose_lock_it_lacks() -> None:
    violation = explore(Cascade(), wire(Generous())).violation
    assert "two CPUs operate on one object" in violation


def test_a_filling_says_what_it_lacks() -> None:
    assert "has no enter()" in explore(Cascade(), Granularity()).violation


@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("granularity", [ObjectLocks, GlobalLock])
def test_static_locks_pass(
    granularity: type[ObjectLocks | GlobalLock], scenario: type[Scenario], model: str
) -> None:
    assert holds(explore(scenario(), wire(granularity()), model=model))
