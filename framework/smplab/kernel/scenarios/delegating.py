"""A call that the home of a tree performs, and what else becomes of the CPU that awaits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from smplab.kernel.ipc import ANYBODY, NEVER
from smplab.kernel.rendezvous import NO_PARTNER, OK
from smplab.kernel.scenarios.unmapping import Unmapping
from smplab.kernel.synchronization import ALONE, SHARED
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import Array, Word

SENDER = 0


@dataclass(eq=False)
class DelegatedCall(Unmapping):
    """A thread of the last CPU revokes a page of CPU 0's memory, of which CPU 0 has the tree.

    It has a neighbour, before or behind it in the ready queue. CPU 0 runs a thread that does
    something meanwhile: it sends to the neighbour, which so becomes ready before the caller waits,
    while it waits, or afterwards; it moves the caller here, or ends it; or it has the tree
    protected in another way and back, and stays at user level, as does the caller after its call,
    until that is complete. The caller's result is right, and everybody goes on.
    """

    capacities: ClassVar[Mapping[str, int]] = {**Unmapping.capacities, "map_nodes": 1}

    pages: int = parameter(1, "pages that are mapped, from 0 on", build=True, minimum=1, maximum=1)
    meanwhile: str = parameter(
        "sends", "what CPU 0's thread does", build=True,
        choices=("sends", "moves", "deletes", "changes"),
    )  # fmt: skip
    crosses: bool = parameter(
        False, "before that it revokes pages of the last CPU's memory itself", build=True
    )

    def layout(self, memory: Memory) -> None:
        """Whether the change of protection is complete."""
        super().layout(memory)
        self.complete: Array[Word] = memory.array(Word, 1)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's threads, of two either one first."""
        self.prepare(cpu)
        caller = (cpu.count - 1) * 2
        if cpu.id == 0:
            self.kernel.create(cpu, SENDER, self.other, caller, 0)
        if cpu.id == cpu.count - 1:
            first = cpu.random(2, "first")
            if first != 0:
                self.kernel.create(cpu, caller + 1, self.neighbour, caller + 1, 0)
            self.kernel.create(cpu, caller, self.caller, 0, 0)
            if first == 0:
                self.kernel.create(cpu, caller + 1, self.neighbour, caller + 1, 0)
        self.kernel.start(cpu)

    @routine
    def caller(self, cpu: Cpu, argument: Word) -> None:
        """Revoke the page. Who may be ended meanwhile owes nobody the end of that."""
        self.kernel.begin_thread(cpu)
        if self.meanwhile != "deletes":
            cpu.begin("operation")
        cpu.check(self.kernel.unmap(cpu, 0, 0, 0) == 1, "a call has another call's result")
        cpu.reuse_frame(0)
        if self.meanwhile != "deletes":
            cpu.end("operation")
        if self.meanwhile == "changes":
            while self.complete[0] == 0:
                pass
        self.rest(cpu)

    @routine
    def neighbour(self, cpu: Cpu, me: Word) -> None:
        """Receive, if somebody sends."""
        self.kernel.begin_thread(cpu)
        if self.meanwhile == "sends":
            cpu.begin("operation")
            source = self.kernel.receive(cpu, ANYBODY, NEVER)
            cpu.check(source == SENDER, "a message comes from nobody who sent one")
            cpu.check(self.kernel.word(cpu, me, 0) == 1, "another message arrives")
            cpu.end("operation")
        self.rest(cpu)

    @routine
    def other(self, cpu: Cpu, caller: Word) -> None:
        """Send to the neighbour, or decide over the caller or its tree."""
        kernel = self.kernel
        kernel.begin_thread(cpu)
        cpu.begin("operation")
        if self.crosses:
            page = (cpu.count - 1) << kernel.radix_bits
            cpu.check(kernel.unmap(cpu, page, 0, 0) == 0, "a call has another call's result")
        if self.meanwhile == "sends":
            kernel.set_length(cpu, SENDER, 1)
            kernel.set_word(cpu, SENDER, 0, 1)
            result = kernel.send(cpu, caller + 1, NEVER)
            cpu.check(result == OK, "a send without a timeout fails")
        elif self.meanwhile == "moves":
            cpu.check(kernel.migrate(cpu, caller, cpu.id) == OK, "a migration fails")
        elif self.meanwhile == "deletes":
            result = kernel.delete(cpu, caller)
            if result != OK:  # dead since it was asked for the first time
                cpu.check(result == NO_PARTNER, "a deletion fails")
        else:
            self.change(cpu, kernel.tree_object(cpu, 0))
        cpu.end("operation")
        self.rest(cpu)

    @routine
    def change(self, cpu: Cpu, tree: Word) -> None:
        """Have CPUs compete for a tree of this CPU, and then have it alone again."""
        self.kernel.set_concurrency(cpu, tree, SHARED)
        self.kernel.set_concurrency(cpu, tree, ALONE)
        guard = self.kernel.guard_of_object(cpu, tree)
        while not self.kernel.synchronization.settled(cpu, guard):
            pass
        self.complete[0] = 1
