"""The system calls map, grant, unmap and delete_space, and the operations that they perform.

Invariants:

- An operation on a tree is performed by whoever may: the caller's CPU, or the tree's home on
  request. It waits for other CPUs' flushes, and for nothing else.
- What it revoked is reported, and its pages can be mapped anew, when no TLB holds it any more.

Source: L4 X.2, sections 4.4 and 4.5: map, grant and unmap; L4Ka::Pistachio, api/v4/space.cc.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.accounting import Event
from smplab.kernel.delegation import Delegation
from smplab.kernel.objects import Tcb
from smplab.kernel.rendezvous import OK
from smplab.kernel.spaces import ALIVE, BUSY, INVALID, NO_MAPPING, NO_SPACE, Space, Table
from smplab.kernel.trees import GRANT, MAP, OWN, UNMAP, Call, MapNode
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import NULL, Ref, Word

DELETING = OWN | 16  # as `mode`: of the calls of which the deletion of a space consists


@dataclass(eq=False)
class Mapping(Delegation):
    """Mappings between spaces."""

    def connect(self) -> None:
        """Tell the filling of `tlb` what there is, and how to ask other CPUs."""
        super().connect()
        tlb = self.tlb
        tlb.spaces, tlb.trees, tlb.tags = self.spaces, self.regions, self.tags
        tlb.tracking.sets = self.spaces + self.regions + 1
        if self.multiprocessor:
            setattr(tlb, "request", self.request_flush)  # noqa: B010 - a method's name, to mypy
            setattr(tlb, "finished", self.await_flush)  # noqa: B010 - as above

    # --- operations -------------------------------------------------------------------------------

    @routine(call=True)
    def operate(self, cpu: Cpu, request: Word, call: Ref[Call]) -> Word:
        """Perform a call on its tree, on a CPU that may; wait until the TLBs are clean."""
        tree = call.tree
        call.revoked = NULL
        guard = self.guard_of_tree(cpu, tree)
        held = self.synchronization.enter(cpu, guard)
        self.inside[cpu.id] += 1
        result = self.change(cpu, request, call)
        revokes = request == UNMAP or call.mode & GRANT != 0
        if revokes:
            self.tlb.record(cpu, tree.number)
        self.inside[cpu.id] -= 1
        self.synchronization.leave(cpu, guard, held)
        if revokes:
            self.tlb.complete(cpu, tree.number)
        self.release(cpu, call)
        return result

    @routine
    def release(self, cpu: Cpu, call: Ref[Call]) -> None:
        """No TLB translates by what was revoked: its pages and nodes are free."""
        node = call.revoked
        while node != NULL:
            after: Ref[MapNode] = node.next
            self.shadow[node.entry] = NULL
            self.free_nodes.give(cpu, node)
            node = after

    @routine(call=True)
    def invoke(self, cpu: Cpu, me: Ref[Tcb], request: Word) -> Word:
        """Have a thread's call performed, here or by the home of its tree."""
        tree = self.calls[me.number].tree
        if self.synchronization.here(cpu, self.guard_of_tree(cpu, tree), tree.home):
            return self.operate(cpu, request, self.calls[me.number])
        return self.delegate(cpu, me, request, self.calls[me.number])

    @routine(call=True)
    def dismiss(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Let a thread that is to die or to move delete its space to the end first."""
        if self.spaces > 0 and self.calls[thread.number].mode == DELETING:
            self.enqueue(cpu, thread)
        else:
            super().dismiss(cpu, thread)

    @routine(call=True)
    def prepare(self, cpu: Cpu, call: Ref[Call], entry: Word, page: Word, level: Word) -> Word:
        """Note what a call is about: the leaf in an entry; OK, or NO_MAPPING if there is none."""
        call.entry = entry
        call.page = page
        call.level = level
        call.tree = NULL
        node: Ref[MapNode] = self.shadow[entry]
        if node != NULL:
            call.tree = node.tree
        if call.tree == NULL:
            return NO_MAPPING
        return OK

    @routine
    def aligned(self, cpu: Cpu, page: Word, level: Word) -> bool:
        """Whether a leaf of this level can map this page; regions are the largest leaves."""
        if level < 0 or level > 1 or page < 0 or page >> self.page_levels * self.radix_bits != 0:
            return False
        return page % (1 << level * self.radix_bits) == 0

    # --- system calls -----------------------------------------------------------------------------

    @routine
    def map(
        self, cpu: Cpu, page: Word, level: Word, space: Word, to_page: Word, mode: Word
    ) -> Word:  # fmt: skip
        """System call: map a page of the caller, or `2 ** radix_bits` of them (`level` 1).

        `mode` is WRITABLE, or 0 for a mapping that can only be read; with GRANT the caller's
        mapping moves, with its rights and with what was mapped from it. A mapping that is there,
        even of the same page, is not changed: who wants it to have more rights revokes it first.
        Returns OK, NO_MAPPING, OCCUPIED, NO_MEMORY, NO_SPACE or INVALID.
        """
        return self.call_tree(cpu, MAP, page, level, space, to_page, mode)

    @routine
    def unmap(self, cpu: Cpu, page: Word, level: Word, mode: Word) -> Word:
        """System call: revoke all that was mapped from a page of the caller, or from many.

        `mode`: OWN revokes the caller's mapping as well, RESTRICT only takes the right to write.
        When it returns, no TLB translates by what was revoked, by this call or an earlier one.
        Returns how many mappings changed, or NO_MAPPING or INVALID.
        """
        return self.call_tree(cpu, UNMAP, page, level, 0, page, mode)

    @routine(call=True)
    def call_tree(
        self, cpu: Cpu, request: Word, page: Word, level: Word, space: Word, to_page: Word,
        mode: Word,
    ) -> Word:  # fmt: skip
        """System call on the mapping of `page` in the caller's space."""
        self.enter_kernel(cpu)
        me = self.current(cpu)
        call = self.calls[me.number]
        result = INVALID
        if self.aligned(cpu, page, level) and self.aligned(cpu, to_page, level):
            result = self.entry_of(cpu, me.space, page, level, False)
        if result >= 0:
            result = self.prepare(cpu, call, result, page, level)
        if result == OK:
            call.space = space
            call.to_page = to_page
            call.mode = mode
            result = self.invoke(cpu, me, request)
            # Requests and events are in the same order.
            self.accounting.event(cpu, request - MAP + Event.MAP, me.number, page)
        self.look_around(cpu)
        self.exit_kernel(cpu)
        return result

    @routine(call=True)
    def delete_space(self, cpu: Cpu, number: Word) -> Word:
        """System call: delete a space in which nobody is, and all that was mapped from it.

        Returns OK, NO_SPACE, or BUSY: threads are in it, or somebody maps into it just now.
        """
        self.enter_kernel(cpu)
        result = NO_SPACE
        if number > 0 and number < cpu.count * self.spaces:
            space = self.space[number]
            if self.compare_and_swap(cpu, space.users, ALIVE, 0):
                self.clear_space(cpu, space)
                result = OK
            elif space.users > ALIVE:
                result = BUSY
        self.look_around(cpu)
        self.exit_kernel(cpu)
        return result

    @routine
    def clear_space(self, cpu: Cpu, space: Ref[Space]) -> None:
        """Revoke all mappings of a space that nobody uses any more; give back its tables."""
        me = self.current(cpu)
        call = self.calls[me.number]
        call.mode = DELETING
        table = space.tables
        while table != NULL:
            following: Ref[Table] = table.next
            for i in range(self.fanout):
                entry = table.first + i
                while self.shadow[entry] != NULL:
                    page = self.page_of(cpu, entry)
                    if self.prepare(cpu, call, entry, page, table.level) == OK:
                        self.invoke(cpu, me, UNMAP)
                    elif self.multiprocessor:
                        # Somebody else revokes it, and waits for TLBs.
                        self.wait_serving(cpu, self.shadow[entry])
                self.entries[entry].word = 0
            self.free_tables.give(cpu, table)
            table = following
        space.tables = NULL
        call.mode = 0
