"""Full mailboxes, and a kernel that does not serve while it waits for room."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from smplab.kernel.objects import Tcb
from smplab.kernel.scenarios.mailboxes import MailboxFull
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
