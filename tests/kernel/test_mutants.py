"""A deliberate fault in each module of the kernel is caught by the random calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.kernel.ipc import OK, TIMEOUT
from smplab.kernel.mailbox import WAKE
from smplab.kernel.objects import Tcb
from smplab.language import NULL, Cpu, Ref, Struct, Word, routine
from smplab.machine.errors import SimulationError
from smplab_plugins.synchronization.locked import Locked
from tests.kernel.calls import RandomCalls, read_log
from tests.kernel.model import NotAllowed, check
from tests.kernel.systems import AnyKernel, address, components, load, run
from tests.kernel.test_random_calls import LONG_ENOUGH


@dataclass(eq=False)
class NeverLeaves(AnyKernel):
    """objects: the lock is still held when the CPU blocks."""

    @routine
    def leave(self, cpu: Cpu, thread: Ref[Tcb], node: Any) -> None:
        """Forget to."""


@dataclass(eq=False)
class LeavesNodeBehind(AnyKernel):
    """objects: a sender stays in the queue from which it was taken."""

    @routine
    def unlink_sender(self, cpu: Cpu, receiver: Ref[Tcb], sender: Ref[Tcb]) -> None:
        """Unmark the sender, and leave the queue alone."""
        sender.polling = NULL


@dataclass(eq=False)
class TakesNobodyOut(AnyKernel):
    """ready: a thread that runs stays in its queue."""

    @routine
    def take_ready(self, cpu: Cpu) -> Ref[Tcb]:
        """Look only."""
        thread: Ref[Tcb] = NULL
        priority = self.highest_ready(cpu)
        if priority >= 0:
            thread = self.queues[cpu.id * self.priorities + priority].first
            self.place[thread.number] = 0
        return thread


@dataclass(eq=False)
class DropsAnswers(AnyKernel):
    """mailbox: an answer that finds a mailbox full is lost."""

    @routine
    def answer(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Try once."""
        self.try_post(cpu, thread.home, WAKE, thread, NULL)


@dataclass(eq=False)
class Overwrites(AnyKernel):
    """mailbox: a producer does not look whether the entry is free."""

    @routine
    def try_post(
        self, cpu: Cpu, target: Word, request: Word, thread: Ref[Tcb], partner: Ref[Tcb]
    ) -> bool:
        """Draw a ticket and write."""
        ticket = cpu.fetch_add(self.boxes[target].drawn, 1)
        entry = self.entries[target * self.mailbox_entries + ticket % self.mailbox_entries]
        entry.request = request
        entry.thread = thread
        entry.partner = partner
        entry.turn = 2 * (ticket // self.mailbox_entries) + 1
        cpu.send_ipi(target, "request")
        return True


@dataclass(eq=False)
class LosesWakeups(AnyKernel):
    """scheduler: threads of other CPUs are not woken."""

    @routine
    def wake(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Care for one's own."""
        if thread.home == cpu.id:
            self.make_ready(cpu, thread)


@dataclass(eq=False)
class ForgetsTimeouts(AnyKernel):
    """scheduler: a thread that runs again stays in the list of timeouts."""

    @routine
    def stop_timeout(self, cpu: Cpu, me: Ref[Tcb]) -> None:
        """Forget to."""


@dataclass(eq=False)
class DeliversTwice(AnyKernel):
    """ipc: a receiver that has a message still receives."""

    @routine
    def transfer(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> None:
        """Copy, and open the receiver again."""
        self.words[receiver.number * self.row] = self.words[sender.number * self.row]
        receiver.source = sender
        receiver.result = OK
        receiver.receiving = 1


@dataclass(eq=False)
class WithdrawsAnyway(AnyKernel):
    """ipc: who waited too long gives up even though the message has passed."""

    @routine
    def withdraw(self, cpu: Cpu, thread: Ref[Tcb], partner: Ref[Tcb]) -> bool:
        """Ask nobody."""
        thread.receiving = 0
        if thread.polling == partner:
            self.unlink_sender(cpu, partner, thread)
        thread.result = TIMEOUT
        return True


@dataclass(eq=False)
class NoLock(Locked):
    """synchronization: threads are not protected."""

    @routine
    def enter(self, cpu: Cpu, guard: Ref[Any]) -> Any:
        """Just go in."""
        return 0

    @routine
    def leave(self, cpu: Cpu, guard: Ref[Any], node: Any) -> None:
        """And out."""

    def guard(self) -> type[Struct] | None:
        """As before."""
        return self.lock.Shared


MUTANTS = [
    (NeverLeaves, "locked"), (LeavesNodeBehind, "locked"), (TakesNobodyOut, "locked"),
    (DropsAnswers, "messages"), (Overwrites, "messages"), (LosesWakeups, "locked"),
    (ForgetsTimeouts, "locked"), (DeliversTwice, "messages"), (WithdrawsAnyway, "locked"),
]  # fmt: skip


def caught(how: str, kernel: AnyKernel, protection: Locked | None = None) -> str:
    """Return what the random calls say of a faulty kernel; "" if they find nothing."""
    workload = RandomCalls(live=3, calls=8)
    parts = dict(components(how, workload, kernel=kernel))
    if protection is not None:
        protection.lock = parts["lock"]  # type: ignore[assignment]
        parts["synchronization"] = kernel.synchronization = protection
    program = load(parts, 3, kernel_tick_cycles=2_000, workload_patience=2)
    for seed in range(400):
        try:
            result = run(program, LONG_ENOUGH, seed)
            check(read_log(result, address(program, "workload.log"), workload, 3))
        except (NotAllowed, SimulationError) as fault:
            return f"{seed}: {fault}"
    return ""


@pytest.mark.parametrize(("mutant", "how"), MUTANTS)
def test_a_fault_is_caught(mutant: type[AnyKernel], how: str) -> None:
    kernel = mutant(threads=3, priorities=2, message_words=1, mailbox_entries=1)
    assert caught(how, kernel)


def test_missing_protection_is_caught() -> None:
    kernel = AnyKernel(threads=3, priorities=2, message_words=1, mailbox_entries=1)
    assert caught("locked", kernel, NoLock())


def test_a_lock_held_while_blocking_is_named() -> None:
    kernel = NeverLeaves(threads=3, priorities=2, message_words=1, mailbox_entries=1)
    assert "a CPU blocks or serves while it holds a thread" in caught("messages", kernel)
