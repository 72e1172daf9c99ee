"""Mapping a page and revoking it: the operation on a tree that several workloads have in common.

Threads are in space 0, which owns all memory, so that any CPU can map out of any region. What they
map goes into a space of their CPU in which nobody is: no TLB holds it, and what is measured is the
work on the tree and how the tree is protected. `map_unmap` and `protect_storm` have TLBs in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import OK, WRITABLE, Cpu, KernelWorkload, Word, routine


@dataclass(eq=False)
class SinglePages(KernelWorkload):
    """Base of workloads that map single pages; one thread of each CPU may do it."""

    @routine
    def make_target(self, cpu: Cpu) -> None:
        """Make the space into which this CPU maps; from `run`."""
        size = 1 << self.kernel.radix_bits
        cpu.check(
            cpu.count <= size,
            "each CPU maps a page of its own out of a region: raise kernel.radix_bits",
        )
        self.must(cpu, self.kernel.make_space(cpu, cpu.id * self.kernel.spaces + 1))

    @routine
    def first_region(self, cpu: Cpu, owner: Word) -> Word:
        """The first region in the memory of CPU `owner`."""
        return owner * self.kernel.regions

    @routine
    def begin_mapping(self, cpu: Cpu, me: Word) -> None:
        """Map and revoke a page of the own memory: so the page table comes from there, too."""
        self.map_and_unmap(cpu, me, self.first_region(cpu, me))

    @routine(call=True)
    def map_and_unmap(self, cpu: Cpu, me: Word, region: Word) -> None:
        """Map CPU `me`'s page of a region, and revoke it; two system calls."""
        page = (region << self.kernel.radix_bits) + me
        space = me * self.kernel.spaces + 1
        self.must(cpu, self.kernel.map(cpu, page, 0, space, 0, WRITABLE))
        cpu.check(self.kernel.unmap(cpu, page, 0, 0) == 1, "a page was not mapped exactly once")

    @routine
    def must(self, cpu: Cpu, result: Word) -> None:
        """A system call has to succeed."""
        cpu.check(result >= OK, "a call on memory fails: raise kernel.tables or map_nodes")
