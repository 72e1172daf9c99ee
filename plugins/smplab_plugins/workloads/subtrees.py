"""Workload `subtrees`: operations on one tree of mappings, and on all trees of a memory at once."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import OCCUPIED, WRITABLE, Cpu, Word, parameter, routine
from smplab_plugins.workloads.settling import Settling
from smplab_plugins.workloads.single_pages import SinglePages

PAUSE = 500
"""Cycles until a page is tried again that another CPU is still revoking."""


@dataclass(eq=False)
class Subtrees(Settling, SinglePages):
    """On each CPU a thread maps a page out of some region and revokes it, or revokes all regions.

    The regions, `kernel.regions` of them, are the CPU's own memory, or CPU 0's for all. An
    operation is one or the other; the region `single` measures the first kind, `whole` the
    revocation that the second kind consists of. On a shared memory that takes away what others
    have mapped.
    """

    memory: str = parameter(
        "own", "whose memory a CPU maps: its own, or all of them CPU 0's", choices=("own", "shared")
    )
    whole_percent: int = parameter(
        10, "operations on all regions", unit="%", minimum=0, maximum=100
    )
    whole_by: str = parameter(
        "one_call", "how all regions are revoked: by one call, or by one for each",
        choices=("one_call", "single_calls"),
    )  # fmt: skip
    filled: bool = parameter(
        True, "an operation on all regions maps a page of each first, so that there is something"
    )
    think_cycles: int = parameter(
        500, "mean time at user level before each operation", unit="cycles", minimum=0
    )

    def connect(self) -> None:
        """A space to map into, besides space 0."""
        self.kernel.need_spaces(2)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's mapper, and start it."""
        size = 1 << self.kernel.radix_bits
        cpu.check(
            self.kernel.regions <= size, "subtrees maps a page of each region: lower kernel.regions"
        )
        self.make_target(cpu)
        self.kernel.create(cpu, cpu.id * self.kernel.threads, self.mapper, cpu.id, 0)
        self.kernel.start(cpu)

    @routine
    def mapper(self, cpu: Cpu, me: Word) -> None:
        """One operation after the other."""
        self.kernel.begin_thread(cpu)
        first = 0
        if self.memory == "own":
            first = self.first_region(cpu, me)
        self.declare(cpu, me)
        if self.memory == "shared":
            self.await_settled(cpu, me, self.kernel.regions)
        # From here on the page table is there, of this CPU's own memory.
        self.operate_on_one(cpu, me, self.first_region(cpu, me), 0)
        while True:
            cpu.delay(cpu.exponential(self.think_cycles, "think"))
            whole = cpu.random(100, "whole") < self.whole_percent
            region = cpu.random(self.kernel.regions, "region")
            cpu.begin("operation")
            if whole:
                self.operate_on_all(cpu, me, first)
                cpu.tally("whole")
            else:
                cpu.begin("single")
                self.operate_on_one(cpu, me, first, region)
                cpu.end("single")
                cpu.tally("single")
            cpu.end("operation")

    @routine
    def declare(self, cpu: Cpu, me: Word) -> None:
        """Say who operates on this CPU's memory; of CPUs that choose a tree, a part are at each."""
        cpus = 1
        if self.memory == "shared" and me == 0:
            cpus = cpu.count
        at_once = (cpus + self.kernel.regions - 1) // self.kernel.regions
        for i in range(self.kernel.regions):
            tree = self.kernel.tree_object(cpu, self.first_region(cpu, me) + i)
            self.policy.involve(cpu, tree, me, cpus)
            self.policy.share(cpu, tree, 100 * (cpus - 1) // cpus, at_once)
        self.policy.spread(cpu, self.kernel.tree_group(cpu, me), cpus)

    @routine(call=True)
    def operate_on_one(self, cpu: Cpu, me: Word, first: Word, region: Word) -> None:
        """Map a page out of a region, and revoke it."""
        self.map_page(cpu, me, first, region)
        page = (first + region << self.kernel.radix_bits) + me
        self.checked(cpu, self.kernel.unmap(cpu, page, 0, 0), 1)

    @routine
    def operate_on_all(self, cpu: Cpu, me: Word, first: Word) -> None:
        """Revoke whatever is mapped out of any region."""
        if self.filled:
            for region in range(self.kernel.regions):
                self.map_page(cpu, me, first, region)
        cpu.begin("whole")
        page = first << self.kernel.radix_bits
        if self.whole_by == "one_call":
            revoked = self.kernel.unmap_regions(cpu, page, self.kernel.regions, 0)
            self.checked(cpu, revoked, self.filled * self.kernel.regions)
        else:
            for i in range(self.kernel.regions):
                region_page = page + (i << self.kernel.radix_bits)
                self.checked(cpu, self.kernel.unmap(cpu, region_page, 1, 0), self.filled)
        cpu.end("whole")

    @routine
    def checked(self, cpu: Cpu, revoked: Word, expected: Word) -> None:
        """In a memory of its own, a CPU revokes what it has mapped; else others may, and its."""
        self.must(cpu, revoked)
        if self.memory == "own":
            cpu.check(revoked == expected, "an unmap revoked more or less than was mapped")

    @routine(call=True)
    def map_page(self, cpu: Cpu, me: Word, first: Word, region: Word) -> None:
        """Map this CPU's page of a region to the page of the region's number."""
        page = (first + region << self.kernel.radix_bits) + me
        space = me * self.kernel.spaces + 1
        result = self.kernel.map(cpu, page, 0, space, region, WRITABLE)
        while result == OCCUPIED:
            # Another CPU revoked what was there, and is not through with that yet.
            cpu.tally("tried_again")
            cpu.delay(PAUSE)
            result = self.kernel.map(cpu, page, 0, space, region, WRITABLE)
        self.must(cpu, result)
