"""MCS queue lock.

J. M. Mellor-Crummey and M. L. Scott, "Algorithms for Scalable Synchronization on Shared-Memory
Multiprocessors", ACM TOCS 9(1), 1991, section 2.4, algorithm 5. Each waiter spins on a word of its
own, so a release disturbs one CPU.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import NULL, Array, Cpu, Lock, Memory, Ref, Struct, Word, aligned, parameter, routine


class Node(Struct):
    """A CPU's place in a queue; lives on that CPU's memory node, in a line of its own."""

    next: Ref[Node] = aligned()
    locked: Word


class Pool(Struct):
    """The nodes of a CPU that are in no queue, linked through `next`."""

    free: Ref[Node] = aligned()


class Tail(Struct):
    """One lock: the last node of its queue, or NULL."""

    tail: Ref[Node]


@dataclass(eq=False)
class McsLock(Lock):
    """A queue of nodes, each waiting for its predecessor to hand over."""

    Shared = Tail
    starvation_free = True

    nodes: int = parameter(4, "locks that a CPU may hold or await at once", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """Queue nodes and a free list for every CPU."""
        self.node: Array[Node] = memory.per_cpu(Node, self.nodes)
        self.pool: Array[Pool] = memory.per_cpu(Pool)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Put each CPU's nodes on its free list."""
        for c in range(cpu.count):
            for i in range(self.nodes):
                node = self.node[c * self.nodes + i]
                node.next = self.pool[c].free
                self.pool[c].free = node

    @routine
    def acquire(self, cpu: Cpu, lock: Ref[Tail]) -> Ref[Node]:
        """Append a node; spin on it if there is a predecessor."""
        pool = self.pool[cpu.id]
        node = pool.free
        cpu.check(node != NULL, "a CPU awaits more MCS locks than it has nodes (mechanism.lock.nodes)")
        pool.free = node.next
        node.next = NULL
        before = cpu.swap(lock.tail, node)
        if before != NULL:
            node.locked = 1
            before.next = node
            while node.locked != 0:
                self.wait(cpu, node.locked)
        return node

    @routine
    def release(self, cpu: Cpu, lock: Ref[Tail], node: Ref[Node]) -> None:
        """Hand over to the successor, waiting for it if it is about to link itself."""
        if node.next != NULL or not cpu.cas(lock.tail, node, NULL):
            while node.next == NULL:
                self.wait(cpu, node.next)
            node.next.locked = 0
        pool = self.pool[cpu.id]
        node.next = pool.free
        pool.free = node
