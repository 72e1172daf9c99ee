"""The system call unmap_regions: one operation over many trees.

Invariants:

- Trees of one run follow each other by number, so that what the TLBs have to forget for all of them
  is recorded tree by tree and awaited once (coherency.py).
- While something is recorded and not awaited, this CPU asks nobody and performs no other call.

Source: L4 X.2, section 4.5: unmap takes several flexpages at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.accounting import Event
from smplab.kernel.mapping import Mapping
from smplab.kernel.objects import Tcb
from smplab.kernel.rendezvous import OK
from smplab.kernel.spaces import INVALID
from smplab.kernel.trees import OWN, RESTRICT, UNMAP, Call, Tree
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import NULL, Ref, Word


@dataclass(eq=False)
class Regions(Mapping):
    """Revocations from many regions."""

    @routine(call=True)
    def unmap_regions(self, cpu: Cpu, page: Word, count: Word, mode: Word) -> Word:
        """System call: `unmap` of `count` leaves of level 1 side by side, the first at `page`.

        Where one lock protects their trees, it is one operation. What is not mapped is left out.
        Returns how many mappings changed, or INVALID.
        """
        self.enter_kernel(cpu)
        me = self.current(cpu)
        call = self.calls[me.number]
        result = INVALID
        there = 1 << (self.page_levels - 1) * self.radix_bits
        if self.aligned(cpu, page, 1) and 0 < count <= there - (page >> self.radix_bits):
            result = 0
            end = page + (count << self.radix_bits)
            while page < end:
                call.mode = mode & (OWN | RESTRICT)
                call.to_page = page + (1 << self.radix_bits)
                if self.find(cpu, me, call, page) == OK:
                    if self.tree_is_here(cpu, call.tree):
                        result += self.unmap_run(cpu, me, call, page, end)
                    else:
                        result += max(self.invoke(cpu, me, UNMAP), 0)
                page = call.to_page
            self.accounting.event(cpu, Event.UNMAP, me.number, page)
        self.look_around(cpu)
        self.exit_kernel(cpu)
        return result

    @routine(call=True)
    def find(self, cpu: Cpu, me: Ref[Tcb], call: Ref[Call], page: Word) -> Word:
        """Note a region's leaf as what the call is about; OK, or NO_MAPPING."""
        entry = self.entry_of(cpu, me.space, page, 1, False)
        if entry < 0:
            return entry
        return self.prepare(cpu, call, entry, page, 1)

    @routine
    def tree_is_here(self, cpu: Cpu, tree: Ref[Tree]) -> bool:
        """Whether this CPU may operate on a tree."""
        return self.synchronization.here(cpu, self.guard_of_tree(cpu, tree), tree.home)

    @routine(call=True)
    def unmap_run(
        self, cpu: Cpu, me: Ref[Tcb], call: Ref[Call], page: Word, end: Word
    ) -> Word:  # fmt: skip
        """Revoke from regions whose trees follow each other; the number of mappings that changed.

        At least from the first one; `call.to_page` says where that ended.
        """
        first = call.tree.number
        call.revoked = NULL
        changed = 0
        n = 0
        if call.to_page < end:
            group = self.synchronization.group_of(cpu, self.guard_of_tree(cpu, call.tree))
            node = self.synchronization.enter_all(cpu, group)
            self.inside[cpu.id] += 1
            while self.continues(cpu, me, call, first + n, page, end) and (
                self.synchronization.covers(cpu, group, self.guard_of_tree(cpu, call.tree))
            ):
                changed += max(self.change(cpu, UNMAP, call), 0)
                page += 1 << self.radix_bits
                n += 1
            for i in range(n):
                self.tlb.record(cpu, first + i)
            self.inside[cpu.id] -= 1
            self.synchronization.leave_all(cpu, group, node)
        if n == 0:
            while self.continues(cpu, me, call, first + n, page, end):
                guard = self.guard_of_tree(cpu, call.tree)
                held = self.synchronization.enter(cpu, guard)
                self.inside[cpu.id] += 1
                changed += max(self.change(cpu, UNMAP, call), 0)
                self.tlb.record(cpu, first + n)
                self.inside[cpu.id] -= 1
                self.synchronization.leave(cpu, guard, held)
                page += 1 << self.radix_bits
                n += 1
        self.tlb.complete(cpu, first, n)
        self.release(cpu, call)
        # If the first one has gone in the meantime, nothing is to be done for it.
        call.to_page = max(page, call.to_page)
        return changed

    @routine(call=True)
    def continues(
        self, cpu: Cpu, me: Ref[Tcb], call: Ref[Call], number: Word, page: Word, end: Word
    ) -> bool:  # fmt: skip
        """Whether a region belongs to tree `number`, on which this CPU may operate."""
        if page >= end or self.find(cpu, me, call, page) != OK:
            return False
        return call.tree.number == number and self.tree_is_here(cpu, call.tree)
