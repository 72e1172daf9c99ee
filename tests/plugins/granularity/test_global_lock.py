"""One lock for the kernel: what goes wrong if it is taken or given back in the wrong place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.kernel.objects import Tcb
from smplab.language import Cpu, Ref, Word, routine
from smplab.machine.errors import Deadlock, SimulationError
from tests.kernel.calls import RandomCalls, read_log
from tests.kernel.flushing import LONG_ENOUGH
from tests.kernel.model import NotAllowed, check
from tests.kernel.systems import AnyKernel, components, load, run
from tests.kernel.words import Words


@dataclass(eq=False)
class WithoutBegin(AnyKernel):
    """System calls do not say that they are in the kernel."""

    @routine
    def enter_kernel(self, cpu: Cpu) -> None:
        """Take no lock."""
        cpu.enter_kernel()


@dataclass(eq=False)
class WithoutEnd(AnyKernel):
    """System calls do not say that they leave."""

    @routine
    def exit_kernel(self, cpu: Cpu) -> None:
        """Give nothing back."""
        cpu.exit_kernel()


@dataclass(eq=False)
class IdlesInside(AnyKernel):
    """An idle CPU is in the kernel."""

    @routine
    def sleep(self, cpu: Cpu) -> bool:
        """Keep the lock while asleep."""
        self.serve_pending_flushes(cpu)
        if not cpu.take_pending("request"):
            cpu.idle(self.processor(cpu).top)
        return cpu.take_pending("timer")


@dataclass(eq=False)
class WaitsInside(AnyKernel):
    """Who waits for room in a mailbox is in the kernel."""

    @routine(call=True)
    def post(self, cpu: Cpu, target: Word, what: Word, thread: Ref[Tcb], partner: Any) -> None:
        """Keep the lock meanwhile."""
        while not self.try_post(cpu, target, what, thread, partner):
            if not cpu.take_pending("request"):
                self.await_room(cpu, self.mailboxes, target)
            self.serve(cpu)


@dataclass(eq=False)
class Hasty(RandomCalls):
    """Random calls that follow each other at once, so that mailboxes fill."""

    def __post_init__(self) -> None:
        """No pause, no timeout."""
        self.pause_cycles, self.patience = 0, 4


def meetings(kernel: type[AnyKernel], how: str = "global", seeds: int = 60) -> int:
    """Run random calls without ticks; return how many messages passed."""
    workload = Hasty(live=3, calls=8)
    capacities = kernel(threads=3, priorities=1, message_words=1, mailbox_entries=1)
    # Ticks would wake a CPU that idles inside.
    parts = components(how, workload, kernel=capacities)
    program = load(parts, 3, kernel_tick_cycles=10**7)
    total = 0
    for seed in range(seeds):
        result = run(program, LONG_ENOUGH, seed)
        total += check(read_log(Words.of(program, capacities, result), workload, 3))
    return total


def test_without_a_fault_messages_pass() -> None:
    assert meetings(AnyKernel) > 60


@pytest.mark.parametrize(
    ("kernel", "reason"),
    [
        (WithoutBegin, "an operation on an object without the kernel's lock"),
        (WithoutEnd, "a CPU that is in the kernel comes into it again"),
    ],
)
def test_a_lock_that_is_not_taken_or_not_given_back_is_named(
    kernel: type[AnyKernel], reason: str
) -> None:
    with pytest.raises(SimulationError, match=reason):
        meetings(kernel)


@pytest.mark.parametrize("kernel", [IdlesInside, WaitsInside])
def test_a_lock_that_is_kept_stops_the_others(kernel: type[AnyKernel]) -> None:
    with pytest.raises((NotAllowed, Deadlock)):
        meetings(kernel)
    # It is this granularity that makes it a fault.
    assert meetings(kernel, "locked") > 60
