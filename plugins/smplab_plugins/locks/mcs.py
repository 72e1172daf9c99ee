"""MCS queue lock.

J. M. Mellor-Crummey and M. L. Scott, "Algorithms for Scalable Synchronization on Shared-Memory
Multiprocessors", ACM TOCS 9(1), 1991, section 2.4, algorithm 5. Each waiter spins on a word of its
own, so a release disturbs one CPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import (
    NULL,
    Cpu,
    Lock,
    Memory,
    Mutant,
    NodePool,
    Ref,
    Struct,
    Word,
    aligned,
    parameter,
    routine,
)


class Node(Struct):
    """A CPU's place in a queue, in a line of its own on that CPU's memory node."""

    next: Ref[Node] = aligned()
    locked: Word


class Queue(Struct):
    """One lock: the last node of its queue, or NULL."""

    tail: Ref[Node]


@dataclass(eq=False)
class McsLock(Lock):
    """MCS: a queue of nodes; each waits until its predecessor hands over."""

    Shared = Queue
    starvation_free = True
    mutants: ClassVar[dict[str, Mutant]] = {
        "stale_next": Mutant("a node keeps the successor of its last use"),
        "locked_late": Mutant("a waiter links its node before it marks it locked"),
        "plain_tail": Mutant("a release empties the queue without looking who came"),
        "link_not_awaited": Mutant("a release does not wait for a successor that links itself"),
        "deaf": Mutant("the wait sleeps and serves no requests"),
    }

    nodes: int = parameter(4, "locks that a CPU may hold or await at once", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """Queue nodes for every CPU."""
        self.pool = NodePool(Node, self.nodes)
        self.pool.layout(memory)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """All nodes are free."""
        self.pool.boot(cpu)

    @routine
    def acquire(self, cpu: Cpu, lock: Ref[Queue]) -> Ref[Node]:
        """Append a node; if there is a predecessor, wait until it hands over."""
        node: Ref[Node] = self.pool.take(cpu)
        if self.mutant != "stale_next":
            node.next = NULL
        before = cpu.swap(lock.tail, node)
        if before != NULL:
            if self.mutant == "locked_late":
                before.next = node
                node.locked = 1
            else:
                node.locked = 1
                before.next = node
            while node.locked != 0:
                if self.mutant == "deaf":
                    cpu.wait(node.locked)
                else:
                    self.wait(cpu, node.locked)
        return node

    @routine
    def release(self, cpu: Cpu, lock: Ref[Queue], node: Ref[Node]) -> None:
        """Hand over to the successor, waiting for one that has not linked itself yet."""
        if self.mutant == "plain_tail" and node.next == NULL:
            lock.tail = NULL
        elif node.next != NULL or not cpu.cas(lock.tail, node, NULL):
            if self.mutant != "link_not_awaited":
                while node.next == NULL:
                    self.wait(cpu, node.next)
            node.next.locked = 0
        self.pool.give(cpu, node)
