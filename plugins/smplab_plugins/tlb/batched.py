"""Coherency `batched`: one interrupt for each CPU and system call, after the operation.

L4Ka::Pistachio, glue/v4-x86/space.cc: unmapping tags the CPUs that have a space loaded, and when
the mapping database is unlocked again each of them is asked to flush its whole TLB. That leaves a
hole: somebody else finds the pages unmapped meanwhile, and reports it, while TLBs still hold them.
Here the tree records, within the operation, that revocations are outstanding and which CPUs they
wait for; who comes upon a record has those CPUs flush as well, itself included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import Array, Cpu, Memory, Mutant, Struct, TlbRequest, Word, aligned, routine
from smplab_plugins.tlb.delivery import Delivery


class Batch(Struct):
    """What a CPU's operation has revoked so far; the CPUs that have to flush are in its own set."""

    space: Word = aligned()  # the last one, plus 1; 0: nothing was revoked
    recorded: Word  # trees: of several, the last ones, since CPUs that have to flush only grow
    inherited: Word


class Record(Struct):
    """How many revocations of a tree are outstanding; their CPUs are in the tree's set."""

    outstanding: Word = aligned()


@dataclass(eq=False)
class Batched(Delivery):
    """The tree's set changes within operations on the tree, and is valid while any is outstanding.

    So the counter goes down outside operations, by an atomic instruction, and the next operation
    that records something clears a set of which nothing is outstanding any more.
    """

    mutants: ClassVar[dict[str, Mutant]] = {
        **Delivery.mutants,
        "gathered_early": Mutant("the set is read after the first of several pages"),
        "unrecorded": Mutant("an outstanding revocation is not recorded", cpus=3),
        "first_ends_all": Mutant("who is finished first ends the record of all", cpus=4),
        "removed_loaded": Mutant(
            "a CPU that flushed leaves the set of the space that it runs in", cpus=3
        ),
        "own_kept": Mutant("who inherits a revocation does not flush its own TLB"),
        "set_unfenced": Mutant("the set is read before the entry's store is seen", "tso"),
    }

    def layout(self, memory: Memory) -> None:
        """What each CPU gathers, and what each tree records."""
        super().layout(memory)
        self.batches: Array[Batch] = memory.per_cpu(Batch)
        self.records: Array[Record] = memory.per_cpu(Record, max(1, self.trees))

    @routine
    def page(self, cpu: Cpu, tree: Word, space: Word, page: Word) -> None:
        """Forget the page here; gather a space's CPUs when the last of a run of pages is stored."""
        self.forget(cpu, space, page)
        batch = self.batches[cpu.id]
        if batch.space != space + 1:
            if self.mutant == "gathered_early":
                self.gather(cpu, space)
            elif batch.space != 0:
                self.gather(cpu, batch.space - 1)
            batch.space = space + 1

    @routine
    def gather(self, cpu: Cpu, space: Word) -> None:
        """Those who may have loaded this space have to flush."""
        if self.mutant != "set_unfenced":
            cpu.fence()
        self.tracking.unite(cpu, self.own_set(cpu), self.set_of_space(cpu, space))

    @routine(call=True)
    def record(self, cpu: Cpu, tree: Word) -> None:
        """Record what others have to wait for, and inherit what they have recorded."""
        batch = self.batches[cpu.id]
        if batch.space != 0 and self.mutant != "gathered_early":
            self.gather(cpu, batch.space - 1)
        mine, theirs = self.own_set(cpu), self.set_of_tree(cpu, tree)
        others = self.others(cpu, batch.space)
        record = self.records[tree]
        if record.outstanding != 0:
            batch.inherited = 1
            self.tracking.unite(cpu, mine, theirs)
        elif others:
            self.tracking.clear(cpu, theirs)
        if others and self.mutant != "unrecorded":
            batch.recorded += 1
            self.tracking.unite(cpu, theirs, mine)
            cpu.fetch_add(record.outstanding, 1)

    @routine
    def others(self, cpu: Cpu, revoked: Word) -> bool:
        """Whether other CPUs have to flush for what this operation has revoked."""
        if revoked == 0:
            return False
        first = self.tracking.next_member(cpu, self.own_set(cpu), -1)
        if first == cpu.id:
            first = self.tracking.next_member(cpu, self.own_set(cpu), first)
        return first >= 0

    @routine(call=True)
    def complete(self, cpu: Cpu, tree: Word, count: Word = 1) -> None:
        """Have all flush that were gathered or inherited."""
        batch = self.batches[cpu.id]
        if (
            batch.inherited != 0
            and self.tracking.contains(cpu, self.own_set(cpu), cpu.id)
            and self.mutant != "own_kept"
        ):
            cpu.flush_tlb()
        if batch.space != 0 or batch.inherited != 0:
            self.send_all(cpu, self.own_set(cpu), TlbRequest.ALL, batch.space - 1, -1)
            self.await_all(cpu)
            self.tracking.clear(cpu, self.own_set(cpu))
            for i in range(count - batch.recorded, count):
                if self.mutant == "first_ends_all":
                    self.records[tree + i].outstanding = 0
                else:
                    cpu.fetch_add(self.records[tree + i].outstanding, -1)
            batch.space = 0
            batch.recorded = 0
            batch.inherited = 0
