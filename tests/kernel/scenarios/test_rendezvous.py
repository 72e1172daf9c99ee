"""The rendezvous across CPUs, with each filling of `synchronization`, and on wrong kernels."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from smplab.api import Cpu, Ref, Tcb, routine
from smplab.kernel.kernel import Kernel
from smplab.kernel.scenarios.rendezvous import Rendezvous
from smplab.verify import Status
from smplab_plugins.kernels.multiprocessor import Multiprocessor
from tests.kernel.scenarios.trying import explore


@pytest.mark.parametrize("how", ["messages", "locked"])
@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("model", ["sc", "tso"])
def test_each_message_arrives_once_and_both_go_on(how: str, rounds: int, model: str) -> None:
    verdict = explore(Rendezvous(rounds=rounds), synchronization=how, model=model)
    assert verdict.status is Status.HOLDS
    assert verdict.notes == ()


@dataclass(eq=False)
class Forgetful(Multiprocessor):
    """A receiver that is served from another CPU is not woken."""

    @routine
    def wake(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        if thread.home == cpu.id:
            self.make_ready(cpu, thread)


@dataclass(eq=False)
class Empty(Multiprocessor):
    """A message arrives without its word."""

    @routine
    def transfer(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> None:
        self.words[receiver.number * self.row] = 0
        receiver.result = sender.number


@pytest.mark.parametrize(
    ("how", "kernel", "kind"),
    [("locked", Forgetful, "deadlock"), ("messages", Empty, "check"), ("locked", Empty, "check")],
)
def test_a_kernel_that_loses_a_wake_up_or_a_message_is_caught(
    how: str, kernel: type[Kernel], kind: str
) -> None:
    assert explore(Rendezvous(), kernel(), synchronization=how).kind == kind
