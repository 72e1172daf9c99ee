"""Workload `protect_storm`: threads of one space, each of which gives up and touches its own pages.

As the test tlb_flush of will-it-scale, and the microbenchmark of N. Amit, "Optimizing the TLB
Shootdown Algorithm with Page Access Tracking", USENIX ATC 2017, and of his later patches to Linux
(MADV_DONTNEED, then a touch): the pages are not shared, the space is, so every call has to reach
all CPUs.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import (
    ANYBODY,
    NEVER,
    NO_MAPPING,
    OK,
    OWN,
    RESTRICT,
    WRITABLE,
    Cpu,
    KernelWorkload,
    Word,
    parameter,
    routine,
)

PAUSE = 500
"""Cycles from one look for CPU 0's memory to the next."""


@dataclass(eq=False)
class ProtectStorm(KernelWorkload):
    """On each CPU a thread of the one space, and another one in space 0 that gives it memory.

    An operation revokes the pages, or only the right to write to them, and touches each of them
    once it is back. The region `revoke` measures the revocation alone.

    With `filled_by=pager` the touch ends in a message to the other thread, which maps a page;
    every page is a call to revoke. With `filled_by=thread` the thread has a region of memory as one
    large mapping, and maps its pages on itself, as a kernel that needs no pager; one call revokes
    them all.
    """

    change: str = parameter(
        "unmap", "what the call takes away: the pages, or the right to write to them",
        choices=("unmap", "restrict"),
    )  # fmt: skip
    revokers: int = parameter(
        0, "CPUs whose threads do this; those of the others compute in the same space; 0: all do",
        minimum=0,
    )  # fmt: skip
    filled_by: str = parameter(
        "pager", "who brings a page back: a pager, or the thread itself before it touches it",
        choices=("pager", "thread"),
    )  # fmt: skip
    pages: int = parameter(1, "pages of each thread", unit="pages", minimum=1)
    region: str = parameter(
        "disjoint", "whose memory the pages are of: the CPU's, or all of them CPU 0's",
        choices=("disjoint", "shared"),
    )  # fmt: skip
    work_cycles: int = parameter(
        0, "computing at user level in each operation, after the revocation", unit="cycles",
        minimum=0,
    )  # fmt: skip

    def connect(self) -> None:
        """The one space, besides space 0."""
        self.kernel.need_spaces(2)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Make the one space."""
        self.kernel.make_space(cpu, 1)
        size = 1 << self.kernel.radix_bits
        if self.region == "shared":
            alone = self.pages == 1 or self.filled_by == "pager"
            cpu.check(alone, "protect_storm: one call would revoke everybody's pages: pages=1")
            cpu.check(cpu.count * self.pages <= size, "protect_storm: CPU 0's region is too small")
        cpu.check(self.pages <= size, "workload.pages is more than a region")

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's threads, and start it."""
        first = cpu.id * self.kernel.threads
        self.kernel.create(cpu, first, self.thread, cpu.id, 0)
        self.kernel.settle(cpu, first, 1)
        if self.filled_by == "pager":
            self.kernel.create(cpu, first + 1, self.pager, cpu.id, 0)
            self.kernel.set_pager(cpu, first, first + 1)
        else:
            self.kernel.create(cpu, first + 1, self.giver, cpu.id, 1)
        self.kernel.start(cpu)

    @routine
    def thread(self, cpu: Cpu, me: Word) -> None:
        """Touch, give up."""
        self.kernel.begin_thread(cpu)
        page = cpu.count + me << self.kernel.radix_bits
        self.fill(cpu, me, page)
        while self.revokers == 0 or me < self.revokers:
            cpu.begin("operation")
            cpu.begin("revoke")
            changed = self.revoke(cpu, me, page)
            cpu.end("revoke")
            cpu.delay(self.work_cycles)
            self.fill(cpu, me, page)
            cpu.end("operation")
            cpu.check(changed == self.pages, "a call revoked more or less than there was")
        while True:
            cpu.delay(PAUSE)
            self.kernel.access(cpu, page, 1)

    @routine
    def first_of(self, cpu: Cpu, me: Word, region: Word) -> Word:
        """The first of the pages of CPU `me` in memory; `region` is how far CPUs' regions are."""
        if self.region == "shared":
            return me * self.pages
        return me * region << self.kernel.radix_bits

    @routine
    def revoke(self, cpu: Cpu, me: Word, page: Word) -> Word:
        """Revoke all pages; how many there were."""
        mode = 0
        if self.change == "restrict":
            mode = RESTRICT
        if self.filled_by == "pager":
            changed = 0
            for i in range(self.pages):
                changed += self.kernel.unmap(cpu, page + i, 0, OWN | mode)
            return changed
        level = 0
        if self.pages > 1:
            level = 1
        return self.kernel.unmap(cpu, self.first_of(cpu, me, 1), level, mode)

    @routine
    def fill(self, cpu: Cpu, me: Word, page: Word) -> None:
        """Write to all pages, which come back with that, or before it."""
        for i in range(self.pages):
            if self.filled_by == "thread":
                self.map_on(cpu, self.first_of(cpu, me, 1) + i, page + i)
            frame = self.kernel.access(cpu, page + i, 1)
            cpu.check(frame >= 0, "a page did not come back")

    @routine
    def map_on(self, cpu: Cpu, source: Word, page: Word) -> None:
        """Map a page of a region on, within the space."""
        self.withdraw(cpu, source)
        result = self.kernel.map(cpu, source, 0, 1, page, WRITABLE)
        while result == NO_MAPPING:  # nobody has mapped the region into the space yet
            cpu.delay(PAUSE)
            result = self.kernel.map(cpu, source, 0, 1, page, WRITABLE)
        self.must(cpu, result)

    @routine
    def withdraw(self, cpu: Cpu, source: Word) -> None:
        """Before a page is mapped again: one that was restricted is still mapped."""
        if self.change == "restrict":
            self.kernel.unmap(cpu, source, 0, 0)

    @routine
    def giver(self, cpu: Cpu, me: Word) -> None:
        """Map this CPU's first region into the space, at the number that the CPU has."""
        self.kernel.begin_thread(cpu)
        size = 1 << self.kernel.radix_bits
        frame = me * self.kernel.regions * size
        self.must(cpu, self.kernel.map(cpu, frame, 1, 1, me * size, WRITABLE))
        self.kernel.end_thread(cpu)

    @routine
    def pager(self, cpu: Cpu, me: Word) -> None:
        """Map a frame where the thread touches."""
        self.kernel.begin_thread(cpu)
        number = me * self.kernel.threads + 1
        first = cpu.count + me << self.kernel.radix_bits
        frame = self.first_of(cpu, me, self.kernel.regions)
        client = self.kernel.receive(cpu, ANYBODY, NEVER)
        while True:
            page = self.kernel.word(cpu, number, 1)
            self.withdraw(cpu, frame + page - first)
            self.must(cpu, self.kernel.map(cpu, frame + page - first, 0, 1, page, WRITABLE))
            self.kernel.set_length(cpu, number, 0)
            client = self.kernel.reply_and_wait(cpu, client, ANYBODY)

    @routine
    def must(self, cpu: Cpu, result: Word) -> None:
        """A system call has to succeed."""
        cpu.check(
            result == OK,
            "protect_storm: a call fails: raise kernel.tables, map_nodes or page_levels",
        )
