"""What a lock must do while it waits: serve the kernel's requests, and keep the order of arrival.

Both fill the hooks that a lock waits through, `wait` and `pause`, as a kernel does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.kernel.scenarios.locks import LockScenario
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import Array, Place, Ref, Struct, Word, aligned


@dataclass(eq=False)
class HandOver(LockScenario):
    """A release lets a waiter in; of a starvation-free lock, the one that has waited longest.

    Who has called `wait` has arrived: nobody that begins to acquire after that may enter first
    (first come, first served: L. Lamport, "A New Solution of Dijkstra's Concurrent Programming
    Problem", CACM 17(8), 1974). A lock that never calls `wait` is not held to an order.
    """

    rounds: int = parameter(2, "critical sections for each CPU", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """Of each CPU the round in which it acquires, and that in which it has arrived; 0: none.

        `ahead` holds for each pair of CPUs the round in which the second had arrived when the first
        began.
        """
        super().layout(memory)
        self.arriving: Array[Word] = memory.ghost(Word, "cpus")
        self.arrived: Array[Word] = memory.ghost(Word, "cpus")
        self.ahead: Array[Word] = memory.ghost(Word, "cpus", "cpus")

    def connect(self) -> None:
        """See who waits."""
        setattr(self.lock, "wait", self.arrive)  # noqa: B010 - a method's name, to mypy

    def progress(self) -> str:
        """As the lock's contract asks."""
        return "every" if self.lock.starvation_free else "some"

    @routine
    def arrive(self, cpu: Cpu, place: Place) -> None:
        """Wait; this CPU has arrived, unless it waits in release(), where `arriving` is 0."""
        if self.lock.starvation_free:
            self.arrived[cpu.id] = self.arriving[cpu.id]
        cpu.wait(place)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Acquire, check that nobody who came before still waits, release."""
        me = cpu.id
        for number in range(self.rounds):
            cpu.begin("operation")
            if self.lock.starvation_free:
                for other in range(cpu.count):
                    self.ahead[me * cpu.count + other] = self.arrived[other]
                self.arriving[me] = number + 1
            node: Ref[Any] = self.lock.acquire(cpu, self.table[0])
            if self.lock.starvation_free:
                self.arriving[me] = 0
                self.arrived[me] = 0
                for other in range(cpu.count):
                    waited = self.arrived[other]
                    overtaken = waited != 0 and waited == self.ahead[me * cpu.count + other]
                    cpu.check(not overtaken, "a CPU that came later entered first")
            self.lock.release(cpu, self.table[0], node)
            cpu.end("operation")


class Request(Struct):
    """A flush request to one CPU: 1 while it waits to be served."""

    pending: Word = aligned()


@dataclass(eq=False)
class KernelWait(LockScenario):
    """A holder asks all others to flush, and waits for them: they serve it wherever they wait.

    Each lock spin is to serve flush requests through the hooks, or holder and waiter wait for each
    other. The machine has no interrupts yet: a request is a word that CPUs poll.
    """

    rounds: int = parameter(1, "critical sections for each CPU", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """A request for each CPU, and how many have finished."""
        super().layout(memory)
        self.requests: Array[Request] = memory.per_cpu(Request)
        self.finished = memory.struct(Request)

    def connect(self) -> None:
        """Serve requests wherever the lock waits."""
        setattr(self.lock, "wait", self.serve_at)  # noqa: B010 - a method's name, to mypy
        setattr(self.lock, "pause", self.serve)  # noqa: B010 - a method's name, to mypy

    def progress(self) -> str:
        """As the lock's contract asks."""
        return "every" if self.lock.starvation_free else "some"

    @routine
    def serve_at(self, cpu: Cpu, place: Place) -> None:
        """Serve; do not sleep, since a request would not wake this CPU."""
        self.serve(cpu)

    @routine
    def serve(self, cpu: Cpu) -> None:
        """Serve a request, if there is one."""
        if self.requests[cpu.id].pending == 1:
            self.requests[cpu.id].pending = 0

    @routine
    def run(self, cpu: Cpu) -> None:
        """Hold the lock, have all others flush; serve until everybody has finished."""
        for _ in range(self.rounds):
            cpu.begin("operation")
            node = self.enter(cpu, 0)
            for other in range(cpu.count):
                if other != cpu.id:
                    self.requests[other].pending = 1
            for other in range(cpu.count):
                while self.requests[other].pending == 1:
                    cpu.wait(self.requests[other].pending)
            self.leave(cpu, 0, node)
            cpu.end("operation")
        cpu.fetch_add(self.finished.pending, 1)
        while self.finished.pending != cpu.count:
            self.serve(cpu)
