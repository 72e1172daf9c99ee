"""Revocations against each other, and against CPUs that load the space from which they revoke.

Whoever has revoked a page gives its frame to somebody else; who then meets a translation to it
fails. Nobody maps anything, so a frame may be given away twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from smplab.kernel.rendezvous import OK
from smplab.kernel.scenario import KernelScenario
from smplab.kernel.trees import MAP
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.paging import WRITABLE
from smplab.language.routines import routine
from smplab.language.struct import Array, Word

USERS = 1
"""The space that uses the pages; space 0 gave them to it."""


@dataclass(eq=False)
class Unmapping(KernelScenario):
    """Pages of space 0 that are mapped in the users' space before any thread runs."""

    capacities: ClassVar[Mapping[str, int]] = {
        **KernelScenario.capacities, "threads": 2, "flush_entries": 1, "spaces": 2,
        "page_levels": 2, "radix_bits": 2, "regions": 1, "tables": 4, "map_nodes": 2, "tags": False,
    }  # fmt: skip

    pages: int = parameter(2, "pages that are mapped, from 0 on", build=True, minimum=1, maximum=2)
    touches: int = parameter(2, "times that a user touches a page", build=True, minimum=1)

    def progress(self) -> str:
        """Every system call completes."""
        return "every"

    def layout(self, memory: Memory) -> None:
        """Whether all is mapped."""
        self.mapped: Array[Word] = memory.array(Word, 1)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Make the users' space."""
        cpu.check(self.kernel.make_space(cpu, USERS) == OK, "there is no room for a space")

    @routine
    def prepare(self, cpu: Cpu) -> None:
        """Map the pages, before any thread runs."""
        if cpu.id == cpu.count - 1:
            kernel = self.kernel
            call = kernel.calls[cpu.id * 2]
            kernel.synchronization.begin(cpu)
            for page in range(self.pages):
                entry = kernel.entry_of(cpu, 0, page, 0, False)
                found = kernel.prepare(cpu, call, entry, page, 0)
                call.mode = WRITABLE
                call.space = USERS
                call.to_page = page
                result = kernel.operate(cpu, MAP, call)
                cpu.check(found == OK and result == OK, "there is no room for a mapping")
            kernel.synchronization.end(cpu)
            self.mapped[0] = 1
        while self.mapped[0] == 0:
            cpu.wait(self.mapped[0])

    @routine
    def user(self, cpu: Cpu, argument: Word) -> None:
        """Touch pages; in between, let others of this CPU run."""
        self.kernel.begin_thread(cpu)
        for i in range(self.touches):
            if i > 0:
                self.kernel.yield_cpu(cpu)
            page = 0
            if self.pages > 1:
                page = cpu.random(self.pages, "page")
            self.kernel.access(cpu, page, 0)
        self.rest(cpu)

    @routine
    def revoke(self, cpu: Cpu, page: Word, level: Word) -> None:
        """Revoke pages, and give their frames away."""
        cpu.begin("operation")
        result = self.kernel.unmap(cpu, page, level, 0)
        cpu.check(result >= 0, "nothing is revoked")
        cpu.reuse_frame(page)
        if level > 0 and self.pages > 1:
            cpu.reuse_frame(page + 1)
        cpu.end("operation")


@dataclass(eq=False)
class UnmapAgainstUnmap(Unmapping):
    """CPUs 0 and 1 revoke the same page; the last CPU has it in its TLB.

    CPU 0 revokes the whole region of which the page is the last that is mapped, so that with two
    pages it revokes several. A TLB of the checker keeps what it holds over a change of the space,
    so that where two threads share a CPU the kernel has to rely on tags.
    """

    capacities: ClassVar[Mapping[str, int]] = {**Unmapping.capacities, "tags": True}

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's threads."""
        self.prepare(cpu)
        first = cpu.id * 2
        if cpu.id == cpu.count - 1:
            self.kernel.create(cpu, first + 1, self.user, 0, 0)
            self.kernel.settle(cpu, first + 1, USERS)
        if cpu.id < 2:
            self.kernel.create(cpu, first, self.revoker, 0, 0)
        self.kernel.start(cpu)

    @routine
    def revoker(self, cpu: Cpu, argument: Word) -> None:
        """Revoke."""
        self.kernel.begin_thread(cpu)
        if cpu.id == 0:
            self.revoke(cpu, 0, 1)
        else:
            self.revoke(cpu, self.pages - 1, 0)
        self.rest(cpu)


@dataclass(eq=False)
class UnmapAgainstLoad(Unmapping):
    """The last CPU revokes; all others come into the space and touch the pages."""

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's thread."""
        self.prepare(cpu)
        first = cpu.id * 2
        if cpu.id == cpu.count - 1:
            self.kernel.create(cpu, first, self.revoker, 0, 0)
        else:
            self.kernel.create(cpu, first, self.user, 0, 0)
            self.kernel.settle(cpu, first, USERS)
        self.kernel.start(cpu)

    @routine
    def revoker(self, cpu: Cpu, argument: Word) -> None:
        """Revoke."""
        self.kernel.begin_thread(cpu)
        self.revoke(cpu, 0, 1)
        self.rest(cpu)
