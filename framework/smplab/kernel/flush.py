"""Flush requests: what a CPU asks of others and then waits for, however busy they are.

They are the second class of cross-CPU requests. An operation request (mailbox.py) waits until its
target is outside operations; a flush request may be awaited by a CPU that holds a lock, so it is
served wherever its target waits with interrupts off.

Invariants:

- Serving takes no lock and waits for nobody.
- Every loop that waits with interrupts off serves: a lock's, through its hooks `wait` and `pause`,
  which `connect` fills; that for room in a ring; that for the end of a flush. So CPUs that wait for
  each other's flushes, or for a lock whose holder awaits one, go on.
- Such a loop looks at the pending interrupt directly before it sleeps, and an arrival in between
  ends the sleep. To poll the ring beside the word waited for would mean not to sleep at all.

Source: the synchronous requests of L4Ka::Pistachio (api/v4/smp.{h,cc}), one outstanding for each
sender, for TLB shoot-downs. Here a CPU can send to many before it waits, so that the slowest
counts and not the sum.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from smplab.kernel.coherency import Coherency
from smplab.kernel.contracts import Lock
from smplab.kernel.fillings import fillings_of
from smplab.kernel.ready import ReadyQueues
from smplab.kernel.ring import Ring
from smplab.language.component import Mutant, parameter
from smplab.language.cpu import Cpu
from smplab.language.isa import Cause
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import NULL, Place, Word


@dataclass(eq=False)
class Flushes(ReadyQueues):
    """Flush requests between CPUs."""

    mutants: ClassVar[dict[str, Mutant]] = {
        "unfenced": Mutant("an interrupt overtakes the request that it announces", "tso"),
        "serves_nobody": Mutant("a CPU that waits with interrupts off does not serve requests"),
    }

    tlb: Coherency = field(default_factory=Coherency, init=False, repr=False)

    flush_entries: int = parameter(
        32, "flush requests that wait for a CPU", build=True, minimum=1, source="as the mailbox's"
    )

    def connect(self) -> None:
        """Have the locks below serve flush requests while they wait."""
        if self.multiprocessor:
            for lock in fillings_of(self, Lock):
                setattr(lock, "wait", self.wait_serving)  # noqa: B010 - a method's name, to mypy
                setattr(lock, "pause", self.serve_pending_flushes)  # noqa: B010 - as above

    def layout(self, memory: Memory) -> None:
        """A ring of requests, on the node of its CPU."""
        super().layout(memory)
        if self.multiprocessor:
            self.flushes = Ring(self.flush_entries)
            self.flushes.layout(memory)

    @routine(call=True)
    def request_flush(self, cpu: Cpu, target: Word, what: Word, space: Word, page: Word) -> Word:
        """Have CPU `target` flush, as `Coherency.flush` says; the ticket is for `await_flush`."""
        ticket = self.flushes.put(cpu, target, what, space, page)
        while ticket < 0:
            cpu.tally("flush_ring_full")
            self.await_room(cpu, self.flushes, target)
            ticket = self.flushes.put(cpu, target, what, space, page)
        self.fence_request(cpu)
        cpu.send_ipi(target, "flush")
        return ticket

    @routine
    def fence_request(self, cpu: Cpu) -> None:
        """Order a request before the interrupt that announces it.

        The write by which an x2APIC sends is not ordered behind earlier stores: without a fence the
        interrupt may arrive first and find nothing (Intel SDM vol. 3, section 10.12.3; Linux has
        weak_wrmsr_fence for it).
        """
        if self.mutant != "unfenced":
            cpu.fence()

    @routine
    def await_flush(self, cpu: Cpu, target: Word, ticket: Word) -> None:
        """Return once CPU `target` has flushed what the ticket is for."""
        while not self.flushes.was_taken(cpu, target, ticket):
            self.wait_serving(cpu, self.flushes.at(cpu, target, ticket).turn)

    @routine(call=True)
    def serve_flushes(self, cpu: Cpu) -> None:
        """Do what all flush requests to this CPU ask for."""
        cpu.cause(Cause.IPI)
        request = self.flushes.first(cpu)
        while request != NULL:
            self.tlb.flush(cpu, request.what, request.first, request.second)
            self.flushes.take(cpu, request)
            request = self.flushes.first(cpu)
        cpu.cause(Cause.KERNEL)

    @routine(vector="flush")
    def flush_interrupt(self, cpu: Cpu) -> None:
        """Another CPU waits for this one."""
        if self.multiprocessor:
            self.serve_flushes(cpu)

    @routine
    def wait_serving(self, cpu: Cpu, place: Place) -> None:
        """Wait until `place`'s line was written since it was read, or serve flush requests."""
        if not self.serve_pending_flushes(cpu):
            cpu.wait(place)

    @routine
    def serve_pending_flushes(self, cpu: Cpu) -> bool:
        """Serve flush requests if there are any."""
        if self.mutant == "serves_nobody":
            return False
        pending = cpu.take_pending("flush")
        if pending:
            self.serve_flushes(cpu)
        return pending

    @routine
    def await_room(self, cpu: Cpu, ring: Ring, target: Word) -> None:
        """Wait until there may be room in a ring of CPU `target`, or serve flush requests."""
        entry = ring.at(cpu, target, ring.ends[target].drawn)
        if entry.turn % 2 == 1:  # it is filled
            self.wait_serving(cpu, entry.turn)
