"""The mapping database: who got each page from whom.

Physical memory consists of regions of `2 ** radix_bits` frames. Space 0 owns all of it: at boot it
maps each region, by a leaf of level 1, to the pages of the same numbers. What it maps on, and
others from it, forms a tree for each region: a list in depth-first order with depths, in which the
subtree below a node is what follows it with a greater depth.

Invariants:

- A tree's list, and the entries and shadow words of its leaves, change within operations on the
  tree alone. A node is in the list of `tree`, or `tree` is NULL.
- A child maps frames of its parent, with no more rights.
- A revoked node keeps its shadow word claimed until no TLB translates by it. So a page that is free
  to be mapped is in no TLB, and a space without claimed shadow words has no translations left.
- Who finds a node through a shadow word learns its tree, begins an operation on that, and looks
  again: nodes keep their kind for ever.

Source: L4Ka::Pistachio, generic/mapping.cc; one lock protects all trees there, held over the whole
system call. The shadow word that stays claimed is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.kernel.freelist import FreeList, Pooled
from smplab.kernel.mailbox import REQUESTS
from smplab.kernel.rendezvous import OK
from smplab.kernel.spaces import (
    INVALID,
    NO_MAPPING,
    NO_MEMORY,
    NO_SPACE,
    OCCUPIED,
    Spaces,
)
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.fields import ending_in
from smplab.language.memory import Memory
from smplab.language.paging import ENTRY_SHIFT, LEAF, PRESENT, WRITABLE
from smplab.language.routines import routine
from smplab.language.struct import NULL, Array, Opaque, Ref, Struct, Word, aligned

MAP = REQUESTS  # requests to the home of a tree
UNMAP = MAP + 1

GRANT = 8  # what `mode` says besides WRITABLE: the caller's own mapping moves
RESTRICT = 1  # or, to unmap: take away the right to write, not the mapping
OWN = 2  # the caller's own mapping goes, too


class MapNode(Pooled):
    """A mapping."""

    tree: Ref[Tree]
    previous: Ref[MapNode]
    depth: Word
    entry: Word  # of a page table; it holds frame and rights


class Tree(Struct):
    """A region of memory with all mappings of it."""

    root: MapNode
    number: Word
    home: Word
    guard: Opaque = aligned()  # what protects all of it, if that needs memory


class Call(Struct):
    """The arguments of a thread's system call on a tree, the nodes that it revoked; a reply."""

    entry: Word = aligned()
    tree: Ref[Tree]
    page: Word
    level: Word
    mode: Word
    space: Word
    to_page: Word  # of unmap_regions: the next page that it has to see to
    revoked: Ref[MapNode]
    reply: Word = aligned()  # of the tree's home, if that performs the call


@dataclass(eq=False)
class Trees(Spaces):
    """Trees of mappings, and what is done within an operation on one."""

    regions: int = parameter(1, "regions in the memory of each CPU", build=True, minimum=1)
    map_nodes: int = parameter(256, "mapping nodes of each CPU", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """Trees and nodes, on the node of the CPU whose memory it is."""
        super().layout(memory)
        if self.spaces > 0:
            memory.frames("cpus", self.regions << self.radix_bits)
            guard = self.synchronization.guard()
            tree = Tree if guard is None else ending_in(Tree, guard=guard)
            self.trees: Array[Tree] = memory.per_cpu(tree, self.regions)
            self.calls: Array[Call] = memory.per_cpu(Call, self.threads)
            self.free_nodes = FreeList(MapNode, self.map_nodes, self.multiprocessor)
            self.free_nodes.layout(memory)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Space 0 maps all memory."""
        super().boot(cpu)
        if self.spaces > 0:
            self.free_nodes.boot(cpu)
            self.make_space(cpu, 0)
            for t in range(cpu.count * self.regions):
                tree = self.trees[t]
                tree.number = t
                tree.home = t // self.regions
                frame = t << self.radix_bits
                entry = self.entry_of(cpu, 0, frame, 1, True)
                cpu.check(entry >= 0, "space 0 cannot map all memory: raise tables or page_levels")
                self.entries[entry].word = frame << ENTRY_SHIFT | WRITABLE | LEAF | PRESENT
                self.shadow[entry] = tree.root
                tree.root.tree = tree
                tree.root.entry = entry
                if self.guarded:
                    groups = self.synchronization.groups_per_cpu()
                    group = tree.home * groups + 1 % groups
                    self.synchronization.init(cpu, tree.guard, tree.home, group)

    @routine
    def guard_of_tree(self, cpu: Cpu, tree: Ref[Tree]) -> Ref[Any]:
        """What operations on a tree are protected by, NULL if each does without."""
        guard: Ref[Any] = NULL
        if self.guarded:
            guard = tree.guard
        return guard

    # --- within an operation on `call.tree` -------------------------------------------------------

    @routine
    def change(self, cpu: Cpu, request: Word, call: Ref[Call]) -> Word:
        """Perform a call: the operation itself, if the caller still has the mapping."""
        source: Ref[MapNode] = self.shadow[call.entry]
        if source == NULL or source.tree != call.tree:
            return NO_MAPPING
        level = self.table(cpu, source.entry).level
        if call.mode & (GRANT | OWN) != 0 and (source.depth == 0 or level != call.level):
            # It is part of a mapping, or nobody's to give away.
            return INVALID
        offset = call.page % (1 << level * self.radix_bits)
        leaf = self.entries[source.entry].word + (offset << ENTRY_SHIFT)
        if request == UNMAP:
            return self.unmap_in(cpu, call, source, leaf >> ENTRY_SHIFT)
        if not self.enter_space(cpu, call.space):
            return NO_SPACE
        if call.mode & (WRITABLE | GRANT) == 0:
            leaf -= leaf & WRITABLE
        result = self.map_in(cpu, call, source, leaf)
        self.leave_space(cpu, call.space)
        return result

    @routine
    def map_in(self, cpu: Cpu, call: Ref[Call], source: Ref[MapNode], leaf: Word) -> Word:
        """Put a leaf into the page table of the call's space, and into the tree."""
        entry = self.entry_of(cpu, call.space, call.to_page, call.level, True)
        if entry < 0:
            return entry
        if self.table(cpu, entry).level != call.level:
            return OCCUPIED
        node: Ref[MapNode] = self.free_nodes.take(cpu)
        if node == NULL:
            return NO_MEMORY
        if self.compare_and_swap(cpu, self.shadow[entry], NULL, node):
            if self.compare_and_swap(cpu, self.entries[entry].word, 0, leaf):
                after: Ref[MapNode] = source.next
                node.tree = call.tree
                node.entry = entry
                node.depth = source.depth + 1
                node.next = after
                node.previous = source
                source.next = node
                if after != NULL:
                    after.previous = node
                if call.mode & GRANT != 0:
                    node.depth = source.depth
                    self.revoke(cpu, call, source)
                return OK
            self.shadow[entry] = NULL
        self.free_nodes.give(cpu, node)
        return OCCUPIED

    @routine
    def unmap_in(self, cpu: Cpu, call: Ref[Call], source: Ref[MapNode], frame: Word) -> Word:
        """Revoke what was mapped from the caller's page; the number of mappings that changed."""
        changed = 0
        spared = True
        node: Ref[MapNode] = source.next
        while node != NULL and node.depth > source.depth:
            after: Ref[MapNode] = node.next
            if node.depth == source.depth + 1:
                # What is below it goes with it. A leaf of level 1 maps all of the tree's region.
                level = self.table(cpu, node.entry).level + call.level
                spared = level == 0 and self.entries[node.entry].word >> ENTRY_SHIFT != frame
            if not spared:
                changed += self.revoke(cpu, call, node)
            node = after
        if call.mode & OWN != 0:
            changed += self.revoke(cpu, call, source)
        return changed

    @routine(call=True)
    def revoke(self, cpu: Cpu, call: Ref[Call], node: Ref[MapNode]) -> Word:
        """Remove a mapping, or its right to write; whether that changed anything.

        A node leaves its tree, but keeps its shadow word until the TLBs are clean.
        """
        restricted = 0
        if call.mode & (RESTRICT | GRANT) == RESTRICT:
            word = self.entries[node.entry].word
            if word & WRITABLE == 0:
                return 0
            restricted = word - WRITABLE
        else:
            self.unlink(cpu, node)
            node.next = call.revoked
            call.revoked = node
        self.entries[node.entry].word = restricted
        self.tell_tlb(cpu, call, node)
        return 1

    @routine
    def unlink(self, cpu: Cpu, node: Ref[MapNode]) -> None:
        """Take a node out of its tree."""
        after: Ref[MapNode] = node.next
        before = node.previous
        before.next = after
        if after != NULL:
            after.previous = before
        node.tree = NULL

    @routine
    def tell_tlb(self, cpu: Cpu, call: Ref[Call], node: Ref[MapNode]) -> None:
        """An entry lost rights."""
        table = self.table(cpu, node.entry)
        page = -1
        if table.level == 0:
            page = self.page_of(cpu, node.entry)
        self.tlb.page(cpu, call.tree.number, table.space, page)
