"""A deliberate fault in each module of the kernel is caught by the random calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.kernel.mailbox import WAKE
from smplab.kernel.objects import ANYONE, BLOCKED, BURIED, DEAD, DIES, MARKED, STAYS, Tcb
from smplab.kernel.rendezvous import OK, PENDING
from smplab.kernel.threads import DELETE
from smplab.language import NULL, Cpu, Ref, Word, routine
from smplab.machine.errors import SimulationError
from smplab_plugins.granularity.object import ObjectLocks
from smplab_plugins.synchronization.locked import Locked
from tests.kernel.calls import RandomCalls, read_log
from tests.kernel.model import NotAllowed, check
from tests.kernel.systems import AnyKernel, components, load, run
from tests.kernel.test_random_calls import LONG_ENOUGH
from tests.kernel.words import Words, check_places


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
            thread.place = BLOCKED
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
    def try_post(self, cpu: Cpu, target: Word, what: Word, thread: Ref[Tcb], partner: Any) -> bool:
        """Draw a ticket and write."""
        ticket = cpu.fetch_add(self.mailboxes.ends[target].drawn, 1)
        entry = self.mailboxes.at(cpu, target, ticket)
        entry.what = what
        entry.first = thread
        entry.second = partner
        entry.turn = self.mailboxes.free(cpu, ticket) + 1
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
    def deliver(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> bool:
        """Copy, and leave the receiver open."""
        found = receiver.expects == sender or receiver.expects == ANYONE  # noqa: PLR1714 - no `in`
        if found:
            self.transfer(cpu, sender, receiver)
        return found


@dataclass(eq=False)
class WithdrawsAnyway(AnyKernel):
    """ipc: who waited too long gives up even though the message has passed."""

    @routine(call=True)
    def cancel(self, cpu: Cpu, thread: Ref[Tcb]) -> bool:
        """Do not look whether there is still something to give up."""
        super().cancel(cpu, thread)
        return True


@dataclass(eq=False)
class WakesCallers(AnyKernel):
    """ipc: a caller whose message was taken is woken without its answer."""

    @routine
    def accept(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> bool:
        """Take every sender for one that only sends."""
        super().accept(cpu, sender, receiver)
        sender.result = OK
        return True


@dataclass(eq=False)
class LosesMovers(AnyKernel):
    """threads: the wake-up of a thread that moves does not go on to its new home."""

    @routine(call=True)
    def move(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Change its home."""
        thread.urgency = thread.priority
        thread.home = thread.fate
        thread.fate = STAYS


@dataclass(eq=False)
class OffersAtTheOldHome(AnyKernel):
    """ipc: an offer is performed wherever it arrives."""

    @routine
    def perform_offer(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> None:
        """Do not look where the receiver is."""
        result = OK
        if not self.deliver(cpu, sender, receiver):
            result = self.queue(cpu, sender, receiver)
        elif receiver.home == cpu.id:
            self.make_ready(cpu, receiver)
        else:
            self.answer(cpu, receiver)
        if result != PENDING:
            sender.result = result
            self.answer(cpu, sender)


@dataclass(eq=False)
class OffersTwice(AnyKernel):
    """ipc: an offer that finds its receiver gone is refused, and yet stays in its queue."""

    @routine
    def perform_offer(self, cpu: Cpu, sender: Ref[Tcb], receiver: Ref[Tcb]) -> None:
        """Queue first."""
        if receiver.home != cpu.id and sender.patience != 0:
            self.append(cpu, receiver.senders, sender)
        super().perform_offer(cpu, sender, receiver)


@dataclass(eq=False)
class LeavesSendersBehind(AnyKernel):
    """threads: who waits to send to a thread that dies waits on."""

    @routine(call=True)
    def bury(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Look at nobody's queue."""
        self.stop_timeout(cpu, thread)
        thread.expects = DEAD
        thread.place = BURIED


@dataclass(eq=False)
class BuriesAtOnce(AnyKernel):
    """threads: a thread is buried although a wake-up is owed to it, which its successor gets."""

    @routine(call=True)
    def obey(self, cpu: Cpu, request: Word, caller: Ref[Tcb], thread: Ref[Tcb]) -> Word:
        """Do not ask whether its wait could be ended."""
        if request == DELETE and thread.place == BLOCKED and thread != self.current(cpu):
            thread.fate = DIES
            thread.urgency = MARKED
            self.cancel(cpu, thread)
            self.bury(cpu, thread)
            return OK
        return super().obey(cpu, request, caller, thread)


@dataclass(eq=False)
class BuriesLocked(AnyKernel):
    """threads: who buries a thread never leaves it."""

    @routine(call=True)
    def bury(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Enter it once more."""
        super().bury(cpu, thread)
        self.enter(cpu, thread)


@dataclass(eq=False)
class ForgetsClaims(AnyKernel):
    """threads: a spawner that dies takes the number that it has claimed with it."""

    @routine(call=True)
    def bury(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Forget the claim first."""
        thread.partner = NULL
        super().bury(cpu, thread)


@dataclass(eq=False)
class NoLock(ObjectLocks):
    """granularity: objects are not protected."""

    @routine
    def enter(self, cpu: Cpu, guard: Ref[Any]) -> Any:
        """Just go in."""
        return 0

    @routine
    def leave(self, cpu: Cpu, guard: Ref[Any], node: Any) -> None:
        """And out."""


MUTANTS = [
    (NeverLeaves, "locked"), (LeavesNodeBehind, "locked"), (TakesNobodyOut, "locked"),
    (DropsAnswers, "messages"), (Overwrites, "messages"), (LosesWakeups, "locked"),
    (ForgetsTimeouts, "locked"), (DeliversTwice, "messages"), (WithdrawsAnyway, "locked"),
    (WakesCallers, "locked"),
]  # fmt: skip


CHURN_MUTANTS = [
    (LosesMovers, "locked"), (OffersAtTheOldHome, "messages"),
    (OffersTwice, "messages"), (LeavesSendersBehind, "locked"), (BuriesAtOnce, "messages"),
    (BuriesLocked, "locked"), (ForgetsClaims, "messages"),
]  # fmt: skip


def caught(how: str, kernel: AnyKernel, locks: ObjectLocks | None = None, *, churn: int = 0) -> str:
    """Return what the random calls say of a faulty kernel; "" if they find nothing."""
    workload = RandomCalls(live=3, calls=8)
    parts = dict(components(how, workload, kernel=kernel))
    if locks is not None:
        protection = parts["synchronization"]
        assert isinstance(protection, Locked)
        locks.lock = parts["lock"]  # type: ignore[assignment]  # a Component, to mypy
        protection.granularity = locks
        parts["granularity"] = locks
    program = load(parts, 3, kernel_tick_cycles=2_000, workload_patience=2, workload_churn=churn)
    for seed in range(400):
        try:
            words = Words.of(program, kernel, run(program, LONG_ENOUGH, seed))
            check(read_log(words, workload, 3))
            check_places(words)
        except (NotAllowed, SimulationError) as fault:
            return f"{seed}: {fault}"
    return ""


@pytest.mark.parametrize(("mutant", "how"), MUTANTS)
def test_a_fault_is_caught(mutant: type[AnyKernel], how: str) -> None:
    kernel = mutant(threads=3, priorities=2, message_words=1, mailbox_entries=1)
    assert caught(how, kernel)


@pytest.mark.parametrize(("mutant", "how"), CHURN_MUTANTS)
def test_a_fault_in_the_life_of_threads_is_caught(mutant: type[AnyKernel], how: str) -> None:
    kernel = mutant(threads=3, priorities=2, message_words=1, mailbox_entries=1)
    assert caught(how, kernel, churn=50)


def test_missing_protection_is_caught() -> None:
    kernel = AnyKernel(threads=3, priorities=2, message_words=1, mailbox_entries=1)
    assert caught("locked", kernel, NoLock())


def test_a_lock_held_while_blocking_is_named() -> None:
    kernel = NeverLeaves(threads=3, priorities=2, message_words=1, mailbox_entries=1)
    assert "a CPU blocks or serves while it holds a thread" in caught("messages", kernel)
