"""Flush requests to several CPUs: at most so many are awaited at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import (
    Array,
    Coherency,
    Cpu,
    Memory,
    Mutant,
    Struct,
    Tracking,
    Word,
    aligned,
    parameter,
    routine,
    slot,
)

WINDOW = 64
"""Requests that a CPU has under way with `multicast`; beyond that it awaits the first of them."""


class Sent(Struct):
    """How many requests a CPU has sent, and how many of them are finished."""

    sent: Word = aligned()
    finished: Word


class Outstanding(Struct):
    """A request that is under way."""

    target: Word
    ticket: Word


@dataclass(eq=False)
class Delivery(Coherency):
    """Base of fillings that send flush requests to the CPUs of a set."""

    mutants: ClassVar[dict[str, Mutant]] = {
        **Coherency.mutants,
        "one_missed": Mutant("a member of the set is not asked"),
        "not_awaited": Mutant("nobody waits until the others have flushed"),
    }

    tracking: Tracking = slot()

    delivery: str = parameter(
        "sequential", "whether a CPU awaits each request before it sends the next one, or all",
        choices=("sequential", "multicast"), source="L4Ka::Pistachio, api/v4/smp.cc: sequential",
    )  # fmt: skip

    def layout(self, memory: Memory) -> None:
        """The requests under way of each CPU."""
        self.window = WINDOW if self.delivery == "multicast" else 1
        self.progress: Array[Sent] = memory.per_cpu(Sent)
        self.under_way: Array[Outstanding] = memory.per_cpu(Outstanding, self.window)

    @routine(call=True)
    def send_all(self, cpu: Cpu, members: Word, what: Word, space: Word, page: Word) -> None:
        """Ask all others in a set to flush; `await_all` returns when they have."""
        progress = self.progress[cpu.id]
        target = self.tracking.next_member(cpu, members, -1)
        if self.mutant == "one_missed":
            target = self.tracking.next_member(cpu, members, target)
        while target >= 0:
            if target != cpu.id:
                if progress.sent - progress.finished == self.window:
                    self.finish_first(cpu)
                one = self.under_way[cpu.id * self.window + progress.sent % self.window]
                one.target = target
                one.ticket = self.request(cpu, target, what, space, page)
                progress.sent += 1
            target = self.tracking.next_member(cpu, members, target)

    @routine
    def await_all(self, cpu: Cpu) -> None:
        """Return when all that were asked have flushed."""
        progress = self.progress[cpu.id]
        while progress.finished != progress.sent:
            self.finish_first(cpu)

    @routine
    def finish_first(self, cpu: Cpu) -> None:
        """Await the request that was sent first."""
        progress = self.progress[cpu.id]
        one = self.under_way[cpu.id * self.window + progress.finished % self.window]
        if self.mutant != "not_awaited":
            self.finished(cpu, one.target, one.ticket)
        progress.finished += 1
