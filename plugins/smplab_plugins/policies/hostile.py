"""Policy `hostile`: random, contradictory and malicious hints, as fast as a thread can give them.

The kernel owes that a hint, whatever it says, costs speed and nothing else. This policy is how that
is tried: it names objects, CPUs and groups that do not exist, wants what cannot be wanted, takes
back what it has just asked for, and tells the kernel the contrary of what workloads declare.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from smplab.api import (
    ALONE,
    COARSE,
    FINE,
    INVALID,
    OK,
    SHARED,
    Cpu,
    Policy,
    Word,
    parameter,
    routine,
)

LARGEST: Final = 2**63 - 1
SMALLEST: Final = -(2**63)
"""The numbers next to which arithmetic overflows."""


@dataclass(eq=False)
class Hostile(Policy):
    """A thread on each CPU makes all system calls on protection with arguments of all kinds.

    It runs until the tick takes it off its CPU, so it also takes its share of the time; compare
    with `policy.pause_cycles` so long that it never calls. `count_hostile_calls` counts its calls,
    those of turned declarations included, `count_hostile_refused` those that the kernel refused.
    """

    threads: ClassVar[int] = 1
    source: ClassVar[str] = "smplab"

    priority: int = parameter(0, "the threads' priority; all workloads use 0", minimum=0)
    pause_cycles: int = parameter(
        0, "mean time from one call, or burst of calls, to the next", unit="cycles", minimum=0
    )
    threads_on: str = parameter(
        "all", "where there is a thread: all CPUs, or the last one alone", choices=("all", "last")
    )

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's thread."""
        cpu.check(
            self.kernel.tick_cycles > 0,
            "the threads of policy hostile never block, and without a tick nobody else would run:"
            " give kernel.tick_cycles",
        )
        if self.threads_on == "all" or cpu.id == cpu.count - 1:
            number = self.first_thread(cpu)
            self.kernel.create(cpu, number, self.thread, number, self.priority)

    @routine
    def thread(self, cpu: Cpu, me: Word) -> None:
        """Say something, or the contrary of it several times, for ever."""
        self.kernel.begin_thread(cpu)
        while True:
            cpu.delay(cpu.exponential(self.pause_cycles, "hostile_pause"))
            number = self.any_object(cpu)
            call = cpu.random(5, "hostile")
            if call == 0:
                self.set_concurrency(cpu, number, self.wish(cpu))
            elif call == 1:
                self.set_processors(cpu, number, self.draw(cpu, cpu.count), self.some(cpu))
            elif call == 2:
                self.set_group(cpu, number, self.any_group(cpu))
            elif call == 3:
                self.set_grain(cpu, self.any_group(cpu), self.wish(cpu))
            else:
                self.contradict(cpu, number, self.any_group(cpu))

    @routine
    def contradict(self, cpu: Cpu, number: Word, group: Word) -> None:
        """Ask for one thing, and before it can be done for another one, up to eight times."""
        for i in range(cpu.random(8, "hostile") + 1):
            self.set_concurrency(cpu, number, SHARED - i % 2)
            self.set_grain(cpu, group, FINE - i % 2)
            self.set_group(cpu, number, group ^ i % 2)

    # --- arguments of all kinds -------------------------------------------------------------------

    @routine(call=True)
    def draw(self, cpu: Cpu, bound: Word) -> Word:
        """A number below `bound` as a rule; one in eight is none that makes sense."""
        if cpu.random(8, "hostile") > 0:
            return cpu.random(bound, "hostile")
        kind = cpu.random(4, "hostile")
        if kind == 0:
            return -1
        if kind == 1:
            return bound
        if kind == 2:
            return LARGEST
        return SMALLEST

    @routine
    def any_object(self, cpu: Cpu) -> Word:
        """A thread or a tree."""
        objects = cpu.count * self.kernel.threads
        if self.kernel.spaces > 0:
            objects += cpu.count * self.kernel.regions
        return self.draw(cpu, objects)

    @routine
    def any_group(self, cpu: Cpu) -> Word:
        """A group; there may be less than these."""
        return self.draw(cpu, cpu.count * 4)

    @routine
    def some(self, cpu: Cpu) -> Word:
        """How many CPUs: none, or more than there are, among other things."""
        return self.draw(cpu, cpu.count + 2)

    @routine
    def wish(self, cpu: Cpu) -> Word:
        """What to want: 0, 1, or a number that means nothing."""
        return self.draw(cpu, 2)

    # --- what workloads declare, turned round -----------------------------------------------------

    @routine
    def share(self, cpu: Cpu, number: Word, remote_percent: Word, cpus: Word = 1) -> None:
        """What is remote is local, and the other way round."""
        self.set_concurrency(cpu, number, ALONE if remote_percent > 50 else SHARED)

    @routine
    def involve(self, cpu: Cpu, number: Word, first: Word, count: Word) -> None:
        """All CPUs but those."""
        self.set_processors(cpu, number, (first + count) % cpu.count, cpu.count - count)

    @routine
    def group(self, cpu: Cpu, number: Word, group: Word) -> None:
        """The group beside that."""
        self.set_group(cpu, number, group ^ 1)

    @routine
    def spread(self, cpu: Cpu, group: Word, concurrency: Word) -> None:
        """One CPU is many, and many are one."""
        self.set_grain(cpu, group, COARSE if concurrency > 1 else FINE)

    # --- the system calls, counted ----------------------------------------------------------------

    @routine(call=True)
    def set_concurrency(self, cpu: Cpu, number: Word, want: Word) -> None:
        """As the kernel's."""
        self.count_call(cpu, self.kernel.set_concurrency(cpu, number, want))

    @routine(call=True)
    def set_processors(self, cpu: Cpu, number: Word, first: Word, count: Word) -> None:
        """As the kernel's."""
        self.count_call(cpu, self.kernel.set_processors(cpu, number, first, count))

    @routine(call=True)
    def set_group(self, cpu: Cpu, number: Word, group: Word) -> None:
        """As the kernel's."""
        self.count_call(cpu, self.kernel.set_group(cpu, number, group))

    @routine(call=True)
    def set_grain(self, cpu: Cpu, group: Word, want: Word) -> None:
        """As the kernel's."""
        self.count_call(cpu, self.kernel.set_grain(cpu, group, want))

    @routine
    def count_call(self, cpu: Cpu, result: Word) -> None:
        """Count a call; there are two answers to it."""
        cpu.tally("hostile_calls")
        if result != OK:
            cpu.check(result == INVALID, "a system call on protection has an unknown result")
            cpu.tally("hostile_refused")
