"""What a trace of a run holds: slices of every CPU's time by cause, and what happened when.

Engine (`smplab.machine.traced`) and reference (`smplab.machine.reference_traced`) record the same.
Times are ticks. A trace covers the measured part of a run from its beginning, whole or up to the
tick at which its limit struck.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from smplab.language.isa import Cause
from smplab.machine.plan import Plan


class Kind(IntEnum):
    """What an event tells."""

    SWITCH = 0  # the CPU runs context `what` from now on
    BEGIN = 1  # region `what` begins in context `other`
    END = 2  # region `what` ends in context `other`
    SEND = 3  # an interrupt, vector `what`, is sent to CPU `other`, where it arrives at `until`
    ARRIVE = 4  # such an interrupt makes vector `what` pending
    TIMER = 5  # the CPU's timer makes vector `what` pending
    HANDLE = 6  # the handler of vector `what` begins
    TAKE = 7  # the pending vector `what` is taken as served, by `take_pending`


class Event(NamedTuple):
    """Something that happened on a CPU; what the last three mean is told by the kind."""

    ticks: int
    cpu: int
    kind: Kind
    what: int
    other: int = 0
    until: int = 0


class Slice(NamedTuple):
    """A part of a CPU's time, all of it spent on one cause."""

    begin: int
    end: int
    cause: Cause


class Trace:
    """Records a run. One object serves one run.

    Slices of one CPU are contiguous, and neighbours differ in their cause. They are those of the
    cycle account with one exception: an access that the own cache serves (`hit`, and `rmw` if it is
    an atomic) belongs to what the CPU is doing, so that memory means waiting for something far.

    Attributes:
        limit: slices and events are recorded until there are so many.
        least_memory_ticks: a shorter piece of Cause.MEMORY belongs to what follows it.
        begin, end: what is covered; both 0 when nothing was recorded.
        cut: the limit struck, so that the run goes on behind `end`.
        slices: by CPU.
        events: in the order in which the machine executed them.
        spent: ticks from one ordered instruction of a CPU to its next, by the code address of the
            first. A WAIT belongs to the instruction before it, whose line it watches.
    """

    def __init__(self, plan: Plan, limit: int) -> None:
        self.limit = limit
        self.least_memory_ticks = plan.hit + plan.rmw + 1
        self.begin = self.end = 0
        self.cut = False
        self.slices: list[list[Slice]] = [[] for _ in range(plan.cpus)]
        self.events: list[Event] = []
        self.spent: dict[int, int] = {}
        self._recorded = 0
        self._visited: list[tuple[int, int] | None] = [None] * plan.cpus

    @property
    def full(self) -> bool:
        """Whether nothing more may be recorded."""
        return self._recorded + len(self.events) >= self.limit

    def piece(self, cpu: int, begin: int, end: int, cause: int, then: int | None = None) -> None:
        """Add time of a CPU: behind all that it has, up to the end of the trace.

        Args:
            cpu: logical CPU.
            begin, end: ticks; nothing is added if they are equal.
            cause: what it goes to.
            then: the cause of what follows, if anything does.
        """
        if end <= begin:
            return
        if cause == Cause.MEMORY and then is not None and end - begin < self.least_memory_ticks:
            cause = then
        own = self.slices[cpu]
        if own and own[-1].cause == cause:
            own[-1] = Slice(own[-1].begin, end, own[-1].cause)
        else:
            own.append(Slice(begin, end, Cause(cause)))
            self._recorded += 1

    def visit(self, cpu: int, ticks: int, pc: int) -> None:
        """A CPU executes an ordered instruction other than WAIT, or takes an interrupt."""
        before = self._visited[cpu]
        if before is not None:
            since, where = before
            self.spent[where] = self.spent.get(where, 0) + ticks - since
        self._visited[cpu] = ticks, pc

    def close(self, end: int, *, cut: bool) -> None:
        """Nothing happens any more that the trace covers."""
        self.end, self.cut = end, cut
        for cpu, before in enumerate(self._visited):
            if before is not None:
                self.visit(cpu, max(end, before[0]), before[1])
