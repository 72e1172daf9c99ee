"""The scenarios of the slot `grace` refute what is no grace period."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from smplab.api import Array, Cpu, Grace, Memory, Word, routine
from smplab.kernel.scenario import KernelScenario
from smplab.kernel.scenarios import contract_scenarios
from smplab.kernel.scenarios.grace import GraceScenario, IdleReader, Readers
from tests.kernel.exploring import explore


@dataclass(eq=False)
class Impatient(Grace):
    """Every period is over at once."""

    @routine
    def quiescent(self, cpu: Cpu) -> None:
        pass

    @routine
    def begin(self, cpu: Cpu) -> Word:
        cpu.fence()
        return 0

    @routine
    def over(self, cpu: Cpu, period: Word, members: Word) -> bool:
        return True

    @routine
    def idle_enter(self, cpu: Cpu) -> None:
        pass

    @routine
    def idle_leave(self, cpu: Cpu) -> None:
        pass


@dataclass(eq=False)
class Endless(Impatient):
    """No period is ever over."""

    def layout(self, memory: Memory) -> None:
        self.count: Array[Word] = memory.array(Word, 1)

    @routine
    def over(self, cpu: Cpu, period: Word, members: Word) -> bool:
        return self.count[0] > 0


@pytest.mark.parametrize("scenario", [Readers, IdleReader])
def test_a_period_that_ends_too_early_leaves_a_reader_inside(
    scenario: type[GraceScenario],
) -> None:
    verdict = explore(scenario(), Impatient())
    assert "still inside with an old version" in verdict.violation


@pytest.mark.parametrize("scenario", [Readers, IdleReader])
def test_a_period_that_never_ends_is_no_progress(scenario: type[GraceScenario]) -> None:
    verdict = explore(scenario(), Endless())
    assert verdict.kind == "stuck"
    assert "CPU 0" in verdict.violation


def test_a_filling_says_what_it_lacks() -> None:
    assert "has no quiescent()" in explore(Readers(), Grace()).violation


def test_every_contract_scenario_declares_its_slot() -> None:
    for name, scenario in contract_scenarios().items():
        if not issubclass(scenario, KernelScenario):
            assert scenario.slots() == (name.partition("_")[0],)
