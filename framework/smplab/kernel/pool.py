"""Queue nodes of a CPU: a stack of free ones, so that several can be in use at once.

Queue locks need a node for each lock that a CPU holds or awaits, and CLH leaves its node behind and
takes its predecessor's. A node is taken and given back with interrupts off, so the stack needs no
lock: it is the CPU's own, on lines of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.language.component import Component, parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import Array, Ref, Struct, Word, aligned


class Depth(Struct):
    """How many nodes a CPU has left."""

    free: Word = aligned()


@dataclass(eq=False)
class NodePool(Component):
    """`count` nodes of type `node` for every CPU."""

    node: type[Struct]
    count: int = parameter(4, "nodes for each CPU", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """Nodes, the stack of those that are free, and its depth, all on the CPU's own node."""
        self.nodes: Array[Any] = memory.per_cpu(self.node, self.count)
        self.stack: Array[Word] = memory.per_cpu(Word, self.count)
        self.depth: Array[Depth] = memory.per_cpu(Depth)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Every node is free."""
        for i in range(cpu.count * self.count):
            self.stack[i] = self.nodes[i]
        for c in range(cpu.count):
            self.depth[c].free = self.count

    @routine
    def take(self, cpu: Cpu) -> Ref[Any]:
        """Return a free node of this CPU; the run fails if there is none."""
        depth = self.depth[cpu.id].free - 1
        cpu.check(depth >= 0, "a CPU awaits more locks than it has queue nodes: raise `nodes`")
        self.depth[cpu.id].free = depth
        return self.stack[cpu.id * self.count + depth]

    @routine
    def give(self, cpu: Cpu, node: Ref[Any]) -> None:
        """Return a node, not necessarily one of its own, to this CPU."""
        depth = self.depth[cpu.id].free
        self.stack[cpu.id * self.count + depth] = node
        self.depth[cpu.id].free = depth + 1
