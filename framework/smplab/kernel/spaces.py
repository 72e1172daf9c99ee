"""Spaces: page tables, who uses them, and which one a CPU has loaded.

A page table is a tree of nodes of `2 ** radix_bits` entries, in the machine's format. Each entry
has a shadow word beside the table, which names the mapping node of the leaf in that entry. Tables
have no lock.

Invariants:

- An entry is claimed by CAS: for a leaf first its shadow word, then the entry; for a table the
  entry, if no leaf has claimed its shadow word. So no two claim one entry.
- Tables are added to a space by anybody and taken away by its deletion alone. Who walks the table
  of a space has a thread there, or has pinned it; a space in use is not deleted.
- A free table holds zeros.

Source: L4Ka::Pistachio, generic/linear_ptab_walker.cc: page tables with a shadow of words that
point into the mapping database; there a lock a space protects them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.kernel.coherency import Loaded
from smplab.kernel.freelist import FreeList, Pooled
from smplab.kernel.objects import Tcb
from smplab.kernel.rendezvous import OK
from smplab.kernel.threads import Threads
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.image import LINE_WORDS
from smplab.language.memory import Memory
from smplab.language.paging import ENTRY_SHIFT, LEAF, PRESENT
from smplab.language.routines import routine
from smplab.language.struct import NULL, Array, Place, Ref, Struct, Word, aligned

NO_MAPPING = -20
"""The caller's space maps no page there."""
OCCUPIED = -21
"""Something is there already, or what was there is still being revoked."""
NO_MEMORY = -22
"""A capacity of the kernel is exhausted: page tables or mapping nodes of this CPU."""
NO_SPACE = -23
"""There is no such space."""
BUSY = -24
"""The space is in use: threads are in it, or somebody maps into it just now."""
INVALID = -25
"""Arguments that mean nothing: not aligned, out of range, or not one's own to give away."""

ALIVE = 2**32


class Entry(Struct):
    """A word of a page table."""

    word: Word


class Table(Pooled):
    """A node of a page table."""

    first: Word  # its first entry; constant
    space: Word
    level: Word  # 0: its entries map single pages
    page: Word  # that its first entry maps


class Space(Struct):
    """An address space."""

    tables: Ref[Table] = aligned()  # all of them; NULL: there is no such space
    root: Word  # first entry of the table of the highest level
    users: Word = aligned()  # threads in it, and pins; plus ALIVE


@dataclass(eq=False)
class Spaces(Threads):
    """Spaces, present if there are any."""

    spaces: int = parameter(0, "spaces of each CPU; 0: none, nor mappings", build=True, minimum=0)
    page_levels: int = parameter(2, "levels of a page table", build=True, minimum=2)
    radix_bits: int = parameter(9, "page bits a level", build=True, minimum=1, source="x86-64")
    tables: int = parameter(6, "nodes of page tables of each CPU, or more", build=True, minimum=1)
    tags: bool = parameter(False, "the kernel relies on tags of the TLBs: costs.tlb_tags")

    def layout(self, memory: Memory) -> None:
        """Spaces, tables and shadows, on the node of their CPU."""
        super().layout(memory)
        if self.spaces > 0:
            self.fanout = 1 << self.radix_bits
            # Small tables fill up a line.
            words = -(-(self.tables << self.radix_bits) // LINE_WORDS) * LINE_WORDS
            memory.page_tables(self.page_levels, self.radix_bits)
            self.space: Array[Space] = memory.per_cpu(Space, self.spaces)
            self.entries: Array[Entry] = memory.per_cpu(Entry, words)
            # The mapping node of the leaf in each entry, NULL if there is no leaf.
            self.shadow: Array[Any] = memory.per_cpu(Word, words)
            self.loaded: Array[Loaded] = memory.per_cpu(Loaded)
            self.free_tables = FreeList(Table, words >> self.radix_bits, self.multiprocessor)
            self.free_tables.layout(memory)
            self.tlb.loaded = self.loaded

    @routine
    def boot(self, cpu: Cpu) -> None:
        """All tables are free, and no space is loaded anywhere."""
        super().boot(cpu)
        if self.spaces > 0:
            self.free_tables.boot(cpu)
            for i in range(cpu.count * self.free_tables.count):
                self.table(cpu, i << self.radix_bits).first = i << self.radix_bits
            for c in range(cpu.count):
                self.loaded[c].space = -1

    # --- page tables ------------------------------------------------------------------------------

    @routine
    def compare_and_swap(self, cpu: Cpu, place: Place, old: Word, new: Any) -> bool:
        """Without an atomic instruction where there is one CPU."""
        if self.multiprocessor:
            return cpu.cas(place, old, new)
        if cpu.load(place) != old:
            return False
        cpu.store(place, new)
        return True

    @routine
    def table(self, cpu: Cpu, entry: Word) -> Ref[Table]:
        """The table in which an entry is."""
        found: Ref[Table] = self.free_tables.objects[entry >> self.radix_bits]
        return found

    @routine
    def page_of(self, cpu: Cpu, entry: Word) -> Word:
        """The first page that an entry maps."""
        table = self.table(cpu, entry)
        return table.page + (entry - table.first << table.level * self.radix_bits)

    @routine(call=True)
    def entry_of(self, cpu: Cpu, number: Word, page: Word, lowest: Word, make: bool) -> Word:
        """The entry of `page` at level `lowest`, or that of a leaf above it.

        If a table is missing on the way, it is made, or else the answer is NO_MAPPING. Other
        negative answers: NO_MEMORY, OCCUPIED.
        """
        first = self.space[number].root
        level = self.page_levels - 1
        base: Any = self.entries[0]
        while True:
            entry = first + (page >> level * self.radix_bits) % self.fanout
            word = self.entries[entry].word
            if level == lowest or word & LEAF != 0:
                return entry
            if word != 0:
                first = (word >> ENTRY_SHIFT) - base
                level -= 1
            elif not make:
                return NO_MAPPING
            else:
                result = self.extend(cpu, number, entry, level)
                if result != OK:
                    return result

    @routine
    def extend(self, cpu: Cpu, number: Word, entry: Word, level: Word) -> Word:
        """Put a table below an entry, unless somebody else did; OK, NO_MEMORY or OCCUPIED."""
        table = self.new_table(cpu, number, level - 1, self.page_of(cpu, entry))
        if table == NULL:
            return NO_MEMORY
        address: Any = self.entries[table.first]
        if self.shadow[entry] == NULL and self.compare_and_swap(
            cpu, self.entries[entry].word, 0, address << ENTRY_SHIFT | PRESENT
        ):
            space = self.space[number]
            table.next = space.tables
            while not self.compare_and_swap(cpu, space.tables, table.next, table):
                table.next = space.tables
            return OK
        self.free_tables.give(cpu, table)
        if self.shadow[entry] != NULL:
            return OCCUPIED
        return OK

    @routine
    def new_table(self, cpu: Cpu, number: Word, level: Word, page: Word) -> Ref[Table]:
        """An empty table, or NULL."""
        table: Ref[Table] = self.free_tables.take(cpu)
        if table != NULL:
            table.space = number
            table.level = level
            table.page = page
            table.next = NULL
        return table

    # --- spaces -----------------------------------------------------------------------------------

    @routine
    def add_user(self, cpu: Cpu, number: Word, n: Word) -> Word:
        """Count users of a space; returns how many there were."""
        if self.multiprocessor:
            return cpu.fetch_add(self.space[number].users, n)
        before = self.space[number].users
        self.space[number].users = before + n
        return before

    @routine(call=True)
    def enter_space(self, cpu: Cpu, number: Word) -> bool:
        """Use a space, so that it is not deleted; False if there is none of this number."""
        if self.spaces == 0:
            return True
        if number < 0 or number >= cpu.count * self.spaces:
            return False
        if self.add_user(cpu, number, 1) >= ALIVE:
            return True
        self.add_user(cpu, number, -1)
        return False

    @routine
    def leave_space(self, cpu: Cpu, number: Word) -> None:
        """Use a space no more."""
        if self.spaces > 0:
            self.add_user(cpu, number, -1)

    @routine(call=True)
    def make_space(self, cpu: Cpu, number: Word) -> Word:
        """Make an empty space; OK, NO_SPACE (out of range), OCCUPIED or NO_MEMORY.

        For boot routines and a workload's `run`; threads call `create_space`.
        """
        if number < 0 or number >= cpu.count * self.spaces:
            return NO_SPACE
        space = self.space[number]
        table = self.new_table(cpu, number, self.page_levels - 1, 0)
        if table == NULL:
            return NO_MEMORY
        if not self.compare_and_swap(cpu, space.tables, NULL, table):
            self.free_tables.give(cpu, table)
            return OCCUPIED
        space.root = table.first
        self.add_user(cpu, number, ALIVE)
        return OK

    @routine(call=True)
    def create_space(self, cpu: Cpu, number: Word) -> Word:
        """System call: make an empty space; the results of `make_space`."""
        self.enter_kernel(cpu)
        result = self.make_space(cpu, number)
        self.exit_kernel(cpu)
        return result

    @routine
    def switch_space(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Load the space of a thread that is about to run; idle CPUs keep what they have."""
        if self.spaces > 0:
            loaded = self.loaded[cpu.id]
            root = self.space[thread.space].root
            if loaded.space != thread.space or loaded.root != root:
                # A number that was given to another space since has another root.
                before = loaded.space
                loaded.space = thread.space
                loaded.root = root
                self.tlb.load_space(cpu, before, thread.space, self.entries[root])
