"""Workload `map_unmap`: every CPU maps pages, on and on, and revokes them in one call."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import (
    NEVER,
    OK,
    WRITABLE,
    Cpu,
    Word,
    parameter,
    routine,
)
from smplab_plugins.workloads.settling import Settling


@dataclass(eq=False)
class MapUnmap(Settling):
    """A mapper on each CPU, in a space of its own, in which it has a region of memory as one leaf.

    An operation maps `pages` single pages out of it, or all of it as one (`level`), each of them on
    through `depth` mappings in all, touches the last ones, and revokes everything by one call. What
    mappers share is the tree of the region: none of it, or all of it, or each two neighbours share
    two regions.
    """

    pages: int = parameter(1, "pages that a call revokes", minimum=1)
    level: int = parameter(
        0, "size of what is mapped: a page, or a region by one call", minimum=0, maximum=1
    )
    depth: int = parameter(1, "mappings below a page of the region", minimum=1)
    region: str = parameter(
        "disjoint", "whose memory a CPU maps: its own; its own and its neighbour's, by turns; the"
        " memory of CPU 0", choices=("disjoint", "overlapping", "shared"),
    )  # fmt: skip
    think_cycles: int = parameter(0, "mean time between two operations", unit="cycles", minimum=0)

    def connect(self) -> None:
        """A space for the mapper, besides space 0."""
        self.kernel.need_spaces(2)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's owner, its mapper and the mapper's space, and start it."""
        most = 1 << (1 - self.level) * self.kernel.radix_bits
        cpu.check(self.pages <= most, "workload.pages is more than a region")
        first = cpu.id * self.kernel.threads
        space = cpu.id * self.kernel.spaces + 1
        self.must(cpu, self.kernel.make_space(cpu, space))
        self.kernel.create(cpu, first, self.owner, cpu.id, 0)
        self.kernel.create(cpu, first + 1, self.mapper, cpu.id, 0)
        self.kernel.settle(cpu, first + 1, space)
        self.kernel.start(cpu)

    @routine
    def owner(self, cpu: Cpu, me: Word) -> None:
        """Map one region, or two, into the mapper's space, and tell it so."""
        self.kernel.begin_thread(cpu)
        self.declare(cpu, me)
        if self.region == "shared":
            self.await_settled(cpu, me, 1)
        space = me * self.kernel.spaces + 1
        size = 1 << self.kernel.radix_bits
        regions = self.kernel.regions * size
        if self.region == "shared":
            self.must(cpu, self.kernel.map(cpu, 0, 1, space, 0, WRITABLE))
        else:
            self.must(cpu, self.kernel.map(cpu, me * regions, 1, space, 0, WRITABLE))
        if self.region == "overlapping":
            other = (me + 1) % cpu.count * regions
            self.must(cpu, self.kernel.map(cpu, other, 1, space, size, WRITABLE))
        self.kernel.send(cpu, me * self.kernel.threads + 1, NEVER)
        self.kernel.end_thread(cpu)

    @routine
    def declare(self, cpu: Cpu, me: Word) -> None:
        """Say who maps out of the first region of this CPU's memory."""
        first = me
        cpus = 1
        remote_percent = 0
        if self.region == "overlapping" and cpu.count > 1:
            first = (me + cpu.count - 1) % cpu.count
            remote_percent = 50
        if self.region == "shared" and me == 0:
            cpus = cpu.count
            remote_percent = 100 * (cpus - 1) // cpus
        tree = self.kernel.tree_object(cpu, me * self.kernel.regions)
        self.policy.involve(cpu, tree, first, cpus)
        users = cpus
        if remote_percent > 0:
            users = max(cpus, 2)
        self.policy.share(cpu, tree, remote_percent, users)
        self.policy.spread(cpu, self.kernel.tree_group(cpu, me), users)

    @routine
    def mapper(self, cpu: Cpu, me: Word) -> None:
        """Map, touch, revoke."""
        self.kernel.begin_thread(cpu)
        self.kernel.receive(cpu, me * self.kernel.threads, NEVER)
        size = 1 << self.kernel.radix_bits
        root = 0
        while True:
            if self.think_cycles > 0:
                cpu.delay(cpu.exponential(self.think_cycles, "think"))
            cpu.begin("operation")
            source = root
            for level in range(self.depth):
                target = (2 + level) * size
                for page in range(self.pages):
                    self.map_on(cpu, source + page, me, target + page)
                source = target
            for page in range(self.pages):
                self.must(cpu, self.kernel.access(cpu, source + page, 1))
            revoked = self.kernel.unmap(cpu, root, 1, 0)
            cpu.end("operation")
            cpu.check(revoked == self.pages * self.depth, "unmap left mappings behind")
            if self.region == "overlapping":
                root = size - root

    @routine
    def map_on(self, cpu: Cpu, page: Word, me: Word, target: Word) -> None:
        """Map a page to another place of the mapper's own space."""
        space = me * self.kernel.spaces + 1
        self.must(cpu, self.kernel.map(cpu, page, self.level, space, target, WRITABLE))

    @routine
    def must(self, cpu: Cpu, result: Word) -> None:
        """A system call has to succeed."""
        cpu.check(
            result >= OK,
            "map_unmap: a call fails: raise kernel.tables, map_nodes or page_levels",
        )
