"""Full mailboxes, and a kernel that does not serve while it waits for room."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from smplab.kernel.objects import Tcb
from smplab.kernel.scenarios.mailboxes import ChangeDuringPost, MailboxFull
from smplab.language import Cpu, Ref, Word, routine
from smplab.verify import Status
from smplab_plugins.kernels.multiprocessor import Multiprocessor
from tests.kernel.scenarios.trying import explore


@dataclass(eq=False)
class WaitsDeaf(Multiprocessor):
    """Who finds a mailbox full serves nobody until there is room."""

    @routine(call=True)
    def post(
        self, cpu: Cpu, target: Word, request: Word, thread: Ref[Tcb], partner: Ref[Tcb]
    ) -> None:
        """Wait for room."""
        while not self.try_post(cpu, target, request, thread, partner):
            self.await_room(cpu, self.mailboxes, target)


@dataclass(eq=False)
class PassesPointBefore(Multiprocessor):
    """Who finds a mailbox full passes a quiescent point, and then looks at interrupts."""

    @routine(call=True)
    def post(
        self, cpu: Cpu, target: Word, request: Word, thread: Ref[Tcb], partner: Ref[Tcb]
    ) -> None:
        """Take a kick for dealt with that came in between."""
        while not self.try_post(cpu, target, request, thread, partner):
            self.synchronization.quiescent(cpu)
            if not cpu.take_pending("request"):
                self.await_room(cpu, self.mailboxes, target)
            self.serve(cpu)


def test_who_waits_for_room_without_serving_is_caught() -> None:
    verdict = explore(MailboxFull(), WaitsDeaf(), synchronization="messages")
    assert verdict.status is Status.VIOLATED


@pytest.mark.exhaustive
@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("how", ["messages", "locked"])
def test_full_mailboxes_lose_nothing_and_stop_nobody(how: str, model: str) -> None:
    verdict = explore(MailboxFull(), synchronization=how, model=model)
    assert verdict.status is Status.HOLDS
    assert verdict.notes == ()


def test_who_waits_for_room_lets_a_grace_period_end() -> None:
    verdict = explore(ChangeDuringPost(), synchronization="dynamic", grace="token_ring")
    assert verdict.status is Status.HOLDS
    assert verdict.notes == ()


def test_a_kick_that_is_taken_for_dealt_with_too_early_is_caught() -> None:
    verdict = explore(
        ChangeDuringPost(), PassesPointBefore(), synchronization="dynamic", grace="token_ring"
    )
    assert verdict.status is Status.VIOLATED
    assert "can never complete" in verdict.violation


@pytest.mark.exhaustive
@pytest.mark.parametrize("grace", ["token_ring", "epochs"])
def test_the_same_under_tso(grace: str) -> None:
    verdict = explore(ChangeDuringPost(), synchronization="dynamic", grace=grace, model="tso")
    assert verdict.status is Status.HOLDS
    assert verdict.notes == ()
