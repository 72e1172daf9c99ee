"""What a delegated call costs its caller's CPU, and who runs there meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from smplab.kernel.delegation import AWAITED
from smplab.kernel.ipc import NEVER
from smplab.kernel.kernel import Kernel
from smplab.kernel.objects import Tcb
from smplab.kernel.rendezvous import OK, TIMEOUT
from smplab.kernel.trees import Call
from smplab.language import Cpu, Ref, Word, parameter, routine
from smplab.language.paging import WRITABLE
from smplab.machine.result import Counter, Limits, Result
from smplab_plugins.kernels.multiprocessor import Multiprocessor
from tests.kernel.combinations import wired
from tests.kernel.memory_systems import SMALL, filled, run
from tests.kernel.systems import address, load
from tests.kernel.test_ipc import Notes

BEGUN, DONE, NEIGHBOUR, SERVING = 1, 2, 3, 4
CALLER = 1
"""The caller's CPU; CPU 0 is the home."""


def system(
    workload: Notes, notes: int, kernel: Kernel | None = None, tick_cycles: int = 0,
    how: str = "messages",
) -> tuple[Result, list[int]]:  # fmt: skip
    """Run two CPUs until there are so many notes; what was counted, and the notes."""
    one = filled(cpus=2, synchronization=how, tlb="hardware")
    parts = wired(one, workload, kernel or Multiprocessor(), **{**SMALL, "tags": False})
    program = load(parts, 2, kernel_tick_cycles=tick_cycles)
    result = run(one, program, 1, Limits(operations=notes, max_cycles=10**6))
    at = address(program, "workload.notes")
    return result, result.memory[at : at + notes].tolist()


@dataclass(eq=False)
class Calls(Notes):
    """A thread of CPU 1 maps and revokes a page of CPU 0's memory."""

    rounds: int = parameter(1, "times that it does", build=True, minimum=1)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Make a space to map to."""
        self.kernel.make_space(cpu, 1)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create the caller, behind its neighbour if there is one."""
        if cpu.id == CALLER:
            self.create_neighbour(cpu, self.kernel.threads + 1)
            self.kernel.create(cpu, self.kernel.threads, self.second, 0, 0)
        else:
            self.kernel.create(cpu, 0, self.first, 0, 0)
        self.kernel.start(cpu)

    @routine
    def create_neighbour(self, cpu: Cpu, number: Word) -> None:
        """There is none."""

    @routine
    def second(self, cpu: Cpu, argument: Word) -> None:
        """Map and revoke."""
        self.kernel.begin_thread(cpu)
        self.note(cpu, BEGUN)
        for _ in range(self.rounds):
            cpu.check(self.kernel.map(cpu, 1, 0, 1, 0, WRITABLE) == OK, "a page is not mapped")
            cpu.check(self.kernel.unmap(cpu, 1, 0, 0) == 1, "a page is not revoked")
        self.note(cpu, DONE)
        self.kernel.end_thread(cpu)


@dataclass(eq=False)
class AlwaysBlocks(Multiprocessor):
    """A caller blocks even if nothing else is to run."""

    @routine
    def spin(self, cpu: Cpu, call: Ref[Call]) -> None:
        """Block."""
        if self.blocks(cpu, call):
            self.wait_for(cpu, self.current(cpu), self.current(cpu), 0)


@dataclass(eq=False)
class NeverBlocks(Multiprocessor):
    """A caller spins even if somebody else is ready."""

    @routine(call=True)
    def delegate(self, cpu: Cpu, me: Ref[Tcb], request: Word, call: Ref[Call]) -> Word:
        """Spin."""
        call.reply = AWAITED
        self.post(cpu, call.tree.home, request, me, me)
        while call.reply == AWAITED:
            self.spin(cpu, call)
        return call.reply


@dataclass(eq=False)
class TakesNoTimer(Multiprocessor):
    """Who spins leaves its timer pending."""

    @routine
    def spin(self, cpu: Cpu, call: Ref[Call]) -> None:
        """Serve requests alone."""
        self.wait_serving(cpu, call.reply)
        if cpu.take_pending("request"):
            self.serve(cpu)


def costs(kernel: type[Kernel], how: str = "messages") -> dict[str, int]:
    """What eight more rounds, of two calls each, cost the caller's CPU."""
    few, _ = system(Calls(rounds=1), 2, kernel(), how=how)
    many, _ = system(Calls(rounds=9), 2, kernel(), how=how)
    counted = (many.counters - few.counters)[CALLER]
    names = (Counter.IPIS_SENT, Counter.IPIS_RECEIVED, Counter.INTERRUPTS, Counter.SWITCHES)
    return {c.name: int(counted[c]) for c in names}


def test_a_caller_alone_on_its_cpu_sends_one_interrupt_a_call_and_gets_none() -> None:
    nothing = {"IPIS_RECEIVED": 0, "INTERRUPTS": 0, "SWITCHES": 0}
    assert costs(Multiprocessor) == {"IPIS_SENT": 16, **nothing}
    assert costs(Multiprocessor, "locked") == {"IPIS_SENT": 0, **nothing}


def test_a_caller_that_blocks_gets_an_interrupt_and_is_switched_to() -> None:
    blocking = costs(AlwaysBlocks)
    assert blocking["IPIS_RECEIVED"] == 16
    assert blocking["SWITCHES"] == 32  # to idling, and back


@dataclass(eq=False)
class Neighbours(Calls):
    """Somebody else is ready on the caller's CPU when the caller calls."""

    @routine
    def create_neighbour(self, cpu: Cpu, number: Word) -> None:
        """Somebody who makes room for the caller."""
        self.kernel.create(cpu, number, self.neighbour, 0, 0)

    @routine
    def neighbour(self, cpu: Cpu, argument: Word) -> None:
        """Let the caller begin, and go on when it waits."""
        self.kernel.begin_thread(cpu)
        self.kernel.yield_cpu(cpu)
        self.note(cpu, NEIGHBOUR)
        self.kernel.end_thread(cpu)


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [(Multiprocessor, [BEGUN, NEIGHBOUR, DONE]), (NeverBlocks, [BEGUN, DONE, NEIGHBOUR])],
)
def test_who_is_ready_runs_while_the_caller_waits(
    kernel: type[Kernel], expected: list[int]
) -> None:
    assert system(Neighbours(), 3, kernel())[1] == expected


@dataclass(eq=False)
class BusyHome(Calls):
    """The home stays in the kernel for long; the neighbour waits for a shorter time."""

    @routine
    def create_neighbour(self, cpu: Cpu, number: Word) -> None:
        """Somebody who waits."""
        self.kernel.create(cpu, number, self.neighbour, 0, 0)

    @routine
    def neighbour(self, cpu: Cpu, argument: Word) -> None:
        """Wait for the timeout."""
        self.kernel.begin_thread(cpu)
        cpu.check(self.kernel.receive(cpu, 0, 30_000) == TIMEOUT, "a message comes from nobody")
        self.note(cpu, NEIGHBOUR)
        self.kernel.end_thread(cpu)

    @routine
    def first(self, cpu: Cpu, argument: Word) -> None:
        """Serve nothing for a while; then idle."""
        self.kernel.begin_thread(cpu)
        self.kernel.enter_kernel(cpu)
        cpu.delay(100_000)
        self.note(cpu, SERVING)
        self.kernel.exit_kernel(cpu)
        self.kernel.receive(cpu, 1, NEVER)


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        (Multiprocessor, [BEGUN, NEIGHBOUR, SERVING, DONE]),
        (TakesNoTimer, [BEGUN, SERVING, NEIGHBOUR, DONE]),
    ],
)
def test_a_timeout_passes_while_the_caller_waits(kernel: type[Kernel], expected: list[int]) -> None:
    assert system(BusyHome(), 4, kernel(), tick_cycles=10_000)[1] == expected
