"""CLH queue lock.

P. Magnusson, A. Landin and E. Hagersten, "Queue Locks on Cache Coherent Multiprocessors", IPPS
1994, section 3; T. S. Craig, "Building FIFO and Priority-Queuing Spin Locks from Atomic Swap",
University of Washington TR 93-02-02, 1993. A waiter spins on its predecessor's node and keeps that
node for its own next use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import (
    Array,
    Cpu,
    Lock,
    Memory,
    Mutant,
    NodePool,
    Ref,
    Struct,
    Word,
    aligned,
    array,
    parameter,
    routine,
)


class Node(Struct):
    """A place in a queue; it changes hands at every release."""

    locked: Word = aligned()
    before: Ref[Node]


class Queue(Struct):
    """One lock: the last node of its queue. A free lock ends in a node that is not locked."""

    tail: Ref[Node]
    first: Array[Node] = array(1)


@dataclass(eq=False)
class ClhLock(Lock):
    """CLH: an implicit queue; each CPU knows the node in front of it."""

    Shared = Queue
    starvation_free = True
    mutants: ClassVar[dict[str, Mutant]] = {
        "own_node": Mutant("a release keeps its own node, which the successor still looks at"),
        "locked_late": Mutant("a node is marked locked after it is in the queue"),
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
    def init(self, cpu: Cpu, lock: Ref[Queue]) -> None:
        """The lock brings the node that its first taker finds in front."""
        lock.tail = lock.first[0]

    @routine
    def acquire(self, cpu: Cpu, lock: Ref[Queue]) -> Ref[Node]:
        """Append a node; wait until the one in front is unlocked."""
        node: Ref[Node] = self.pool.take(cpu)
        if self.mutant != "locked_late":
            node.locked = 1
        before = cpu.swap(lock.tail, node)
        if self.mutant == "locked_late":
            node.locked = 1
        node.before = before
        while before.locked != 0:
            if self.mutant == "deaf":
                cpu.wait(before.locked)
            else:
                self.wait(cpu, before.locked)
        return node

    @routine
    def release(self, cpu: Cpu, lock: Ref[Queue], node: Ref[Node]) -> None:
        """Unlock the own node, which the successor will keep, and keep the one in front."""
        before = node.before
        node.locked = 0
        if self.mutant == "own_node":
            self.pool.give(cpu, node)
        else:
            self.pool.give(cpu, before)
