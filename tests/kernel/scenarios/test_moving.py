"""Threads that move or die during IPC, and the hazards of L4Ka::Pistachio's transitional states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.kernel.kernel import Kernel
from smplab.kernel.objects import STAYS, Tcb
from smplab.kernel.rendezvous import OK, PENDING
from smplab.kernel.scenario import KernelScenario
from smplab.kernel.scenarios.moving import DeletionDuringIpc, FateOfMover, MigrationDuringIpc
from smplab.kernel.scenarios.rendezvous import Rendezvous
from smplab.language import Cpu, Ref, Word, routine
from smplab.verify import Status
from smplab_plugins.kernels.multiprocessor import Multiprocessor
from tests.kernel.scenarios.trying import explore


@pytest.mark.parametrize("how", ["messages", "locked"])
def test_a_message_arrives_once_though_its_receiver_moves(how: str) -> None:
    verdict = explore(MigrationDuringIpc(), synchronization=how)
    assert verdict.status is Status.HOLDS
    assert verdict.notes == ()


@pytest.mark.exhaustive
@pytest.mark.parametrize("how", ["messages", "locked"])
@pytest.mark.parametrize(
    ("scenario", "model"),
    [
        (MigrationDuringIpc(), "tso"),
        (MigrationDuringIpc(victim="client"), "sc"),
        (MigrationDuringIpc(answers=True), "sc"),
    ],
)
def test_a_message_arrives_once_though_its_sender_moves(
    scenario: KernelScenario, model: str, how: str
) -> None:
    """Bounded: more than three interrupts under way to one CPU are not covered, nor progress."""
    verdict = explore(scenario, model=model, synchronization=how)
    assert verdict.status is not Status.VIOLATED


@pytest.mark.parametrize("how", ["messages", "locked"])
@pytest.mark.parametrize("model", ["sc", "tso"])
def test_who_sends_to_a_thread_that_dies_learns_of_it(how: str, model: str) -> None:
    verdict = explore(DeletionDuringIpc(), synchronization=how, model=model)
    assert verdict.status is Status.HOLDS
    assert verdict.notes == ()


@pytest.mark.parametrize("how", ["messages", "locked", "dynamic"])
@pytest.mark.parametrize("then", ["move", "delete"])
def test_what_a_new_home_decides_is_obeyed(then: str, how: str) -> None:
    verdict = explore(FateOfMover(then=then), synchronization=how, model="tso")
    assert verdict.status is Status.HOLDS
    assert verdict.notes == ()


@dataclass(eq=False)
class ForgetsLate(Multiprocessor):
    """A thread that has a new home loses its fate and its mark, whoever has decided over it."""

    @routine(call=True)
    def move(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Change the home first."""
        self.stop_timeout(cpu, thread)
        self.set_home(cpu, thread, thread.fate)
        thread.fate = STAYS
        thread.urgency = thread.priority
        self.answer(cpu, thread)


@dataclass(eq=False)
class PerformsAnywhere(Multiprocessor):
    """A message is performed where the receiver once was."""

    @routine
    def perform_offer(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> None:
        """Do not look where the receiver is."""
        result = OK
        if self.deliver(cpu, sender, receiver):
            self.make_ready(cpu, receiver)
        else:
            result = self.queue(cpu, sender, receiver)
        if result != PENDING:
            sender.result = result
            self.answer(cpu, sender)


@dataclass(eq=False)
class LocksRemotely(Multiprocessor):
    """At home nobody locks, but everybody unlocks: Pistachio with its locks inactive."""

    @routine
    def enter(self, cpu: Cpu, thread: Ref[Tcb]) -> Any:
        """Take the lock of threads of other CPUs alone."""
        node: Any = 0
        if thread.home != cpu.id:
            node = self.synchronization.enter(cpu, self.guard_of(cpu, thread))
        self.inside[cpu.id] += 1
        return node

    @routine
    def enter_shared(self, cpu: Cpu, thread: Ref[Tcb]) -> Any:
        """The same."""
        return self.enter(cpu, thread)


@dataclass(eq=False)
class UnlocksTwice(Multiprocessor):
    """A sender that waited unlocks once more: somebody else's lock by now."""

    @routine(call=True)
    def wait_for(self, cpu: Cpu, me: Ref[Tcb], receiver: Ref[Tcb], timeout_cycles: Word) -> Word:
        """Wait, and release a lock that is not held."""
        result = super().wait_for(cpu, me, receiver, timeout_cycles)
        self.synchronization.leave(cpu, self.guard_of(cpu, receiver), 0)
        return result


@dataclass(eq=False)
class BlocksInside(Multiprocessor):
    """A sender that has to wait holds the receiver's lock meanwhile."""

    @routine(call=True)
    def wait_for(self, cpu: Cpu, me: Ref[Tcb], receiver: Ref[Tcb], timeout_cycles: Word) -> Word:
        """Take the lock, wait, release it."""
        guard = self.guard_of(cpu, receiver)
        node = self.synchronization.enter(cpu, guard)
        result = super().wait_for(cpu, me, receiver, timeout_cycles)
        self.synchronization.leave(cpu, guard, node)
        return result


@pytest.mark.parametrize(
    ("scenario", "kernel", "how"),
    [
        (FateOfMover(), ForgetsLate(), "messages"),
        (FateOfMover(then="delete"), ForgetsLate(), "locked"),
        (FateOfMover(), ForgetsLate(), "dynamic"),
        (MigrationDuringIpc(), PerformsAnywhere(), "messages"),
        (Rendezvous(), LocksRemotely(), "locked"),
        (Rendezvous(rounds=2), UnlocksTwice(), "locked"),
        (Rendezvous(), BlocksInside(), "locked"),
    ],
)
def test_a_hazard_is_caught(scenario: KernelScenario, kernel: Kernel, how: str) -> None:
    assert explore(scenario, kernel, synchronization=how).status is Status.VIOLATED
