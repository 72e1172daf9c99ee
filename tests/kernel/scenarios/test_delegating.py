"""Calls that a tree's home performs for another CPU, the mutants of that, and wrong kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.kernel.delegation import ASLEEP, AWAITED
from smplab.kernel.kernel import Kernel
from smplab.kernel.objects import Tcb
from smplab.kernel.scenarios.delegating import DelegatedCall
from smplab.kernel.trees import Call
from smplab.language import Cpu, Ref, Word, routine
from smplab.verify import Status
from smplab_plugins.kernels.multiprocessor import Multiprocessor
from tests.kernel.scenarios.trying import explore

DYNAMIC = {"synchronization": "dynamic", "tracking_most_cpus": 8}


@pytest.mark.parametrize(
    ("scenario", "chosen"),
    [
        (DelegatedCall(), {"synchronization": "messages"}),
        (DelegatedCall(), {"synchronization": "locked", "model": "tso"}),
        (DelegatedCall(meanwhile="changes"), DYNAMIC),
    ],
    ids=["messages", "locked", "changes"],
)
def test_the_result_is_right_and_everybody_goes_on(
    scenario: DelegatedCall, chosen: dict[str, Any]
) -> None:
    verdict = explore(scenario, **chosen)
    assert verdict.status is Status.HOLDS
    assert verdict.notes == ()


@pytest.mark.exhaustive
@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("chosen", [{"synchronization": "messages"}, DYNAMIC], ids=str)
@pytest.mark.parametrize("meanwhile", ["sends", "changes"])
def test_the_same_with_store_buffers_and_changing_locks(
    meanwhile: str, chosen: dict[str, Any], model: str
) -> None:
    verdict = explore(DelegatedCall(meanwhile=meanwhile), model=model, **chosen)
    assert verdict.status is Status.HOLDS
    assert verdict.notes == ()


@pytest.mark.exhaustive
@pytest.mark.parametrize("how", ["messages", "locked"])
@pytest.mark.parametrize(
    "scenario",
    [
        DelegatedCall(meanwhile="moves"),
        DelegatedCall(meanwhile="deletes"),
        DelegatedCall(crosses=True),
    ],
    ids=["moves", "deletes", "crosses"],
)
def test_a_caller_that_moves_or_dies_and_calls_that_cross(
    scenario: DelegatedCall, how: str
) -> None:
    """Bounded by memory: some have over thirty million states, so progress is not judged."""
    verdict = explore(scenario, synchronization=how, seconds=300)
    assert verdict.status is not Status.VIOLATED


@pytest.mark.parametrize("mutant", ["reply_stored", "block_stored"])
def test_a_lost_wake_up_is_caught(mutant: str) -> None:
    verdict = explore(DelegatedCall(), synchronization="messages", mutant=mutant)
    assert verdict.kind == "deadlock"


@dataclass(eq=False)
class RepliesToSleepers(Multiprocessor):
    """The home has no reply for who spins."""

    @routine
    def perform_control(self, cpu: Cpu, request: Word, caller: Ref[Tcb], thread: Ref[Tcb]) -> None:
        """Operate on a tree, which is all that is asked for here."""
        call = self.calls[caller.number]
        result = self.operate(cpu, request, call)
        if cpu.cas(call.reply, ASLEEP, result):
            self.answer(cpu, caller)


@dataclass(eq=False)
class SpinsDeaf(Multiprocessor):
    """Who spins performs nothing for others."""

    @routine
    def spin(self, cpu: Cpu, call: Ref[Call]) -> None:
        """Wait for the reply alone."""
        while call.reply == AWAITED:
            self.wait_serving(cpu, call.reply)


@dataclass(eq=False)
class PassesBefore(Multiprocessor):
    """Who spins passes its quiescent point before it looks at interrupts, one of which asks it."""

    @routine
    def spin(self, cpu: Cpu, call: Ref[Call]) -> None:
        """Take a kick that has come since for dealt with."""
        self.synchronization.quiescent(cpu)
        self.synchronization.end(cpu)
        if not cpu.take_pending("request") and call.reply == AWAITED:
            self.wait_serving(cpu, call.reply)
        self.synchronization.begin(cpu)
        self.serve(cpu)


@pytest.mark.parametrize(
    ("kernel", "scenario", "chosen", "kind"),
    [
        (RepliesToSleepers, DelegatedCall(), {"synchronization": "messages"}, "deadlock"),
        (SpinsDeaf, DelegatedCall(crosses=True), {"synchronization": "messages"}, "deadlock"),
        (PassesBefore, DelegatedCall(meanwhile="changes"), DYNAMIC, "stuck"),
    ],
)
def test_a_home_or_a_caller_that_gets_it_wrong_is_caught(
    kernel: type[Kernel], scenario: DelegatedCall, chosen: dict[str, Any], kind: str
) -> None:
    assert explore(scenario, kernel(), **chosen).kind == kind
