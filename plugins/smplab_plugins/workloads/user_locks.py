"""Locks between threads at user level, where whoever holds or awaits one can be preempted.

The slot `lock` is the kernel's: its locks serve the kernel's requests while they wait, and their
queue nodes belong to a CPU with interrupts off. A thread that can be preempted brings its own node.
The algorithms are those of the plugins in smplab_plugins/locks, which name their sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.api import (
    NULL,
    Array,
    Cpu,
    KernelWorkload,
    Memory,
    Place,
    Ref,
    Struct,
    Word,
    aligned,
    array,
    parameter,
    routine,
)


class Node(Struct):
    """A thread's place in a queue; in a CLH lock it changes hands."""

    next: Ref[Node] = aligned()  # MCS: the successor; CLH: the predecessor
    locked: Word


class Gate(Struct):
    """The words of a lock of any kind."""

    drawn: Word = aligned()  # ticket: the two words in one line
    served: Word
    held: Word = aligned()  # tas, ttas
    tail: Ref[Node] = aligned()  # mcs, clh
    first: Array[Node] = array(1)  # clh: in front of the first


@dataclass(eq=False)
class UserLocks(KernelWorkload):
    """Base of workloads whose threads share one lock."""

    lock: str = parameter(
        "ticket", "the threads' lock: any order (tas, ttas), or first come first served",
        choices=("tas", "ttas", "ticket", "mcs", "clh"),
    )  # fmt: skip
    waiting: str = parameter(
        "spin", "what a thread does until its turn comes", choices=("spin", "yield")
    )

    def layout(self, memory: Memory) -> None:
        """One lock, and a node for each thread that there may be."""
        self.gate = memory.struct(Gate)
        self.nodes: Array[Any] = memory.per_cpu(Node, self.kernel.threads)
        self.own: Array[Any] = memory.per_cpu(Word, self.kernel.threads)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """The lock is free, and every thread has its node."""
        self.gate.tail = NULL
        if self.lock == "clh":
            self.gate.tail = self.gate.first[0]
            for n in range(cpu.count * self.kernel.threads):
                self.own[n] = self.nodes[n]

    @routine
    def acquire(self, cpu: Cpu, me: Word) -> None:
        """Return once thread `me`, the caller, holds the lock."""
        if self.lock == "ticket":
            ticket = cpu.fetch_add(self.gate.drawn, 1)
            while self.gate.served != ticket:
                self.let_pass(cpu, self.gate.served)
        elif self.lock == "mcs":
            node = self.nodes[me]
            node.next = NULL
            before = cpu.swap(self.gate.tail, node)
            if before != NULL:
                node.locked = 1
                before.next = node
                while node.locked != 0:
                    self.let_pass(cpu, node.locked)
        elif self.lock == "clh":
            mine: Ref[Node] = self.own[me]
            mine.locked = 1
            front = cpu.swap(self.gate.tail, mine)
            mine.next = front
            while front.locked != 0:
                self.let_pass(cpu, front.locked)
        else:
            self.acquire_any(cpu)

    @routine
    def acquire_any(self, cpu: Cpu) -> None:
        """Take the lock from whoever else tries."""
        if self.lock == "ttas":
            while self.gate.held != 0 or cpu.swap(self.gate.held, 1) != 0:
                self.let_pass(cpu, self.gate.held)
        else:
            while cpu.swap(self.gate.held, 1) != 0:
                if self.waiting == "yield":
                    self.kernel.yield_cpu(cpu)

    @routine
    def release(self, cpu: Cpu, me: Word) -> None:
        """Give the lock back."""
        if self.lock == "ticket":
            self.gate.served = self.gate.served + 1
        elif self.lock == "mcs":
            node = self.nodes[me]
            if node.next != NULL or not cpu.cas(self.gate.tail, node, NULL):
                while node.next == NULL:
                    self.let_pass(cpu, node.next)
                node.next.locked = 0
        elif self.lock == "clh":
            mine: Ref[Node] = self.own[me]
            self.own[me] = mine.next
            mine.locked = 0
        else:
            self.gate.held = 0

    @routine
    def let_pass(self, cpu: Cpu, place: Place) -> None:
        """It is not this thread's turn, as `place` has just told it."""
        if self.waiting == "yield":
            self.kernel.yield_cpu(cpu)
        else:
            cpu.wait(place)
