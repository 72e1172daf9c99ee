"""The models of spin/*.pml in the routine language: the same algorithm, one access a step.

Peterson has exactly Spin's states. Ticket and MCS have fewer, since equivalent code addresses count
as one here; the ring has more. So compare rates and bytes a state, not numbers of states.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import (
    NULL,
    Array,
    Cpu,
    Memory,
    Ref,
    Struct,
    Word,
    Workload,
    aligned,
    parameter,
    routine,
)


@dataclass(eq=False)
class Rounds(Workload):
    """Every CPU takes a lock, tells a ghost, increments a word, and gives the lock back."""

    rounds: int = parameter(2, "times that a CPU takes the lock", build=True)

    def layout(self, memory: Memory) -> None:
        self.data: Array[Word] = memory.array(Word, 1, aligned=True)
        self.inside: Array[Word] = memory.ghost(Word, 1)

    @routine
    def run(self, cpu: Cpu) -> None:
        for _ in range(self.rounds):
            ticket = self.enter(cpu)
            cpu.check(self.inside[0] == 0, "two CPUs are inside")
            self.inside[0] = 1
            self.data[0] += 1
            self.inside[0] = 0
            self.leave(cpu, ticket)
        cpu.halt()

    @routine
    def enter(self, cpu: Cpu) -> Word:
        return 0

    @routine
    def leave(self, cpu: Cpu, ticket: Word) -> None:
        return


class Tickets(Struct):
    next: Word
    serving: Word


@dataclass(eq=False)
class Ticket(Rounds):
    def layout(self, memory: Memory) -> None:
        super().layout(memory)
        self.lock = memory.struct(Tickets)

    @routine
    def enter(self, cpu: Cpu) -> Word:
        ticket = cpu.fetch_add(self.lock.next, 1)
        while self.lock.serving != ticket:
            pass
        return ticket

    @routine
    def leave(self, cpu: Cpu, ticket: Word) -> None:
        self.lock.serving = ticket + 1


class Node(Struct):
    next: Ref[Node] = aligned()
    locked: Word


class Queue(Struct):
    tail: Ref[Node]


@dataclass(eq=False)
class Mcs(Rounds):
    def layout(self, memory: Memory) -> None:
        super().layout(memory)
        self.lock = memory.struct(Queue)
        self.nodes: Array[Node] = memory.per_cpu(Node)

    @routine
    def enter(self, cpu: Cpu) -> Word:
        node = self.nodes[cpu.id]
        node.next = NULL
        before = cpu.swap(self.lock.tail, node)
        if before != NULL:
            node.locked = 1
            before.next = node
            while node.locked != 0:
                pass
        return 0

    @routine
    def leave(self, cpu: Cpu, ticket: Word) -> None:
        node = self.nodes[cpu.id]
        after = node.next
        if after == NULL:
            if cpu.cas(self.lock.tail, node, NULL):
                return
            while after == NULL:
                after = node.next
        after.locked = 0


@dataclass(eq=False)
class Peterson(Rounds):
    def layout(self, memory: Memory) -> None:
        super().layout(memory)
        self.level: Array[Word] = memory.array(Word, "cpus")
        self.last: Array[Word] = memory.array(Word, "cpus")

    @routine
    def enter(self, cpu: Cpu) -> Word:
        me = cpu.id
        for level in range(1, cpu.count):
            self.level[me] = level
            self.last[level] = me
            other = 0
            if me == 0:
                other = 1
            while other < cpu.count:
                if self.last[level] != me:
                    break
                if self.level[other] < level:
                    other += 1
                    if other == me:
                        other += 1
        return 0

    @routine
    def leave(self, cpu: Cpu, ticket: Word) -> None:
        self.level[cpu.id] = 0


@dataclass(eq=False)
class Ring(Workload):
    """A grace period by a token that goes round; CPU 0 asks for it."""

    rounds: int = parameter(2, "times that a CPU acts under the regime", build=True)

    def layout(self, memory: Memory) -> None:
        self.pos: Array[Word] = memory.array(Word, 1)
        self.target: Array[Word] = memory.array(Word, 1)
        self.regime: Array[Word] = memory.array(Word, 1)
        self.idle: Array[Word] = memory.array(Word, "cpus")
        self.old: Array[Word] = memory.ghost(Word, "cpus")

    @routine
    def run(self, cpu: Cpu) -> None:
        if cpu.id == 0:
            self.lead(cpu)
        else:
            for _ in range(self.rounds):
                if self.regime[0] == 0:
                    self.old[cpu.id] = 1
                    self.old[cpu.id] = 0
                self.quiescent(cpu)
            self.idle[cpu.id] = 1
        cpu.halt()

    @routine
    def lead(self, cpu: Cpu) -> None:
        self.regime[0] = 1
        end = self.pos[0] + cpu.count
        target = self.target[0]
        cpu.cas(self.target[0], target, end)
        self.quiescent(cpu)
        while self.pos[0] < end:
            self.quiescent(cpu)
        for k in range(1, cpu.count):
            cpu.check(self.old[k] == 0, "the grace period is over, but a CPU acts as before")

    @routine
    def quiescent(self, cpu: Cpu) -> None:
        while True:
            p = self.pos[0]
            if p >= self.target[0]:
                return
            holder = p % cpu.count
            if holder != cpu.id and self.idle[holder] == 0:
                return
            cpu.cas(self.pos[0], p, p + 1)
