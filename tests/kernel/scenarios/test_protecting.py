"""What is said of an object's protection at any moment of an IPC, and kernels that get it wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.kernel.kernel import Kernel
from smplab.kernel.objects import Tcb
from smplab.kernel.rendezvous import CALLS, OK, PENDING, RETRY
from smplab.kernel.scenarios.protecting import ChangeDuringIpc
from smplab.language import Cpu, Ref, Word, routine
from smplab.verify import Status, Verdict
from smplab_plugins.kernels.multiprocessor import Multiprocessor
from tests.kernel.scenarios.trying import explore


def changing(scenario: ChangeDuringIpc, kernel: Kernel | None = None, **chosen: Any) -> Verdict:
    """Explore with locks that change, and sets of CPUs no larger than they must be."""
    values = {"synchronization": "dynamic", "tracking_most_cpus": 8, **chosen}
    return explore(scenario, kernel, **values)


@pytest.mark.parametrize("how", ["messages", "locked"])
def test_where_nothing_changes_nothing_happens(how: str) -> None:
    verdict = explore(ChangeDuringIpc(), synchronization=how)
    assert verdict.status is Status.HOLDS
    assert verdict.notes == ()


@pytest.mark.parametrize(
    ("asker", "starts"),
    [
        ("client", "disabled"),
        ("client", "enabled"),
        pytest.param("server", "disabled", marks=pytest.mark.exhaustive),  # three million states
        ("server", "enabled"),
    ],
)
def test_a_message_arrives_once_and_the_change_is_completed(asker: str, starts: str) -> None:
    scenario = ChangeDuringIpc(asker=asker, stays=starts == "enabled")
    verdict = changing(scenario, synchronization_starts=starts)
    assert verdict.status is Status.HOLDS
    assert verdict.notes == ()


@pytest.mark.exhaustive
@pytest.mark.parametrize("grace", ["epochs", "token_ring"])
def test_three_cpus(grace: str) -> None:
    """Bounded: ten minutes are not enough."""
    assert changing(ChangeDuringIpc(), cpus=3, grace=grace).status is not Status.VIOLATED


@pytest.mark.exhaustive
@pytest.mark.parametrize("granularity", ["object", "dynamic"])
@pytest.mark.parametrize("grace", ["epochs", "token_ring"])
@pytest.mark.parametrize("asker", ["client", "server"])
@pytest.mark.parametrize(
    ("more", "model"),
    [({}, "sc"), ({}, "tso"), ({"answers": True}, "sc"), ({"rounds": 2}, "sc")],
    ids=str,
)
def test_larger_bounds(
    more: dict[str, Any], model: str, asker: str, grace: str, granularity: str
) -> None:
    """Bounded where ten minutes are not enough; progress is judged up to ten million states."""
    verdict = changing(
        ChangeDuringIpc(asker=asker, **more), model=model, grace=grace, granularity=granularity
    )
    assert verdict.status is not Status.VIOLATED


@dataclass(eq=False)
class OffersUnlocked(Multiprocessor):
    """The home takes what the sender's CPU knew for still true: it operates under nothing."""

    @routine
    def perform_offer(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> None:
        """Do not look again."""
        result = RETRY
        if receiver.home == cpu.id:
            self.inside[cpu.id] += 1
            if self.deliver(cpu, sender, receiver):
                self.make_ready(cpu, receiver)
                result = OK
                if sender.patience == CALLS:
                    sender.expects = receiver
                    result = PENDING
            else:
                result = self.queue(cpu, sender, receiver)
            self.inside[cpu.id] -= 1
        if result != PENDING:
            sender.result = result
            self.answer(cpu, sender)


@dataclass(eq=False)
class NeverPolls(Multiprocessor):
    """Nobody sees through what was asked for."""

    @routine
    def see_through(self, cpu: Cpu, bit: Word) -> None:
        """Forget it."""


@dataclass(eq=False)
class KicksNobody(Multiprocessor):
    """A CPU that stays at user level is not made to pass a quiescent point."""

    @routine
    def kick(self, cpu: Cpu, target: Word) -> None:
        """Do not."""


@pytest.mark.parametrize("kernel", [NeverPolls, KicksNobody])
def test_a_change_that_nobody_completes_is_seen(kernel: type[Kernel]) -> None:
    scenario = ChangeDuringIpc(asker="client", stays=True)
    assert changing(scenario, kernel()).kind == "stuck"


@pytest.mark.exhaustive
def test_who_performs_an_offer_without_a_new_look_is_caught() -> None:
    """It takes a client whose CPU found the lock off, and one whose CPU found it on."""
    verdict = changing(ChangeDuringIpc(asker="client"), OffersUnlocked(), cpus=3)
    assert verdict.status is Status.VIOLATED
