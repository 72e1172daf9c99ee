"""The contract of the slot `tlb`: how translations that were revoked leave the TLBs.

The kernel tells its filling of every space that a CPU loads and of every entry of a page table that
it clears or restricts. The filling makes other CPUs forget by flush requests (flush.py) or by what
the machine has for it. An operation on a tree of mappings goes

    enter the tree; for each entry: store it, `page`; `record`; leave the tree; `complete`

or the same on several trees before one `complete` for all. Only after `complete` are the pages free
to be mapped anew, or reported as revoked.

Invariants that a filling owes:

- `flush` takes no lock and waits for nobody. `page`, `record` and `complete` may wait for flushes.
- After `complete`, no TLB translates by an entry that this operation stored, nor by one that an
  operation on the same tree stored before: who finds a page already unmapped reports so as well.
- A CPU is in the set of a space before it loads the space, and as long as its TLB may hold
  translations of it. Whoever revokes reads the set after it has stored the entry, and a fence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar

from smplab.kernel.tracking import Tracking
from smplab.language.component import Component, Mutant
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Array, Struct, Word, aligned

_ONLY_TOUCHES = "the machine's TLBs load nothing ahead, and in the kernel nobody touches pages"


class TlbRequest(IntEnum):
    """What a flush request asks to be forgotten."""

    PAGE = 0
    SPACE = 1
    ALL = 2


class Loaded(Struct):
    """The space that a CPU translates by; it alone reads and writes this."""

    space: Word = aligned()  # -1: none yet
    root: Word  # where in the kernel's page tables


@dataclass(eq=False)
class Coherency(Component):
    """Coherency of the TLBs; as it stands, for one CPU: its own TLB forgets."""

    mutants: ClassVar[dict[str, Mutant]] = {
        "not_added": Mutant("a CPU that loads a space does not enter its set"),
        "added_late": Mutant(
            "a CPU enters the set of a space after it has loaded the space", not_shown=_ONLY_TOUCHES
        ),
        "removed_early": Mutant(
            "a CPU leaves the set of a space before it has loaded another", not_shown=_ONLY_TOUCHES
        ),
    }

    tracking: Tracking = field(default_factory=Tracking, init=False, repr=False)

    # Given by the kernel before the image is built:
    spaces: int = field(default=0, init=False, repr=False)  # of each CPU
    trees: int = field(default=0, init=False, repr=False)  # of each CPU
    tags: bool = field(default=False, init=False, repr=False)  # TLBs keep several spaces
    loaded: Array[Loaded] = field(init=False, repr=False)

    @routine
    def request(self, cpu: Cpu, target: Word, what: Word, space: Word, page: Word) -> Word:
        """Hook: have CPU `target` call `flush`; returns a ticket for `finished`."""
        return 0

    @routine
    def finished(self, cpu: Cpu, target: Word, ticket: Word) -> None:
        """Hook: return once CPU `target` has flushed what the ticket is for."""

    # --- numbers of tracking's sets -----------------------------------------------------------

    @routine
    def set_of_space(self, cpu: Cpu, space: Word) -> Word:
        """CPUs whose TLBs may hold translations of a space."""
        return space + space // self.spaces * (self.tracking.sets - self.spaces)

    @routine
    def set_of_tree(self, cpu: Cpu, tree: Word) -> Word:
        """A set for each tree, which changes within operations on it."""
        return tree + tree // self.trees * (self.tracking.sets - self.trees) + self.spaces

    @routine
    def own_set(self, cpu: Cpu) -> Word:
        """A set of this CPU's own."""
        return cpu.id * self.tracking.sets + self.spaces + self.trees

    # --- what the kernel calls ----------------------------------------------------------------

    @routine
    def load_space(self, cpu: Cpu, before: Word, space: Word, root: object) -> None:
        """Translate by `root` from now on; `before` is the space until now, or -1."""
        if self.mutant == "removed_early" and not self.tags and before >= 0 and before != space:
            self.tracking.remove(cpu, self.set_of_space(cpu, before), cpu.id)
        if self.mutant not in ("added_late", "not_added"):
            self.tracking.add(cpu, self.set_of_space(cpu, space), cpu.id)
        cpu.set_space(space, root)
        if self.mutant == "added_late":
            self.tracking.add(cpu, self.set_of_space(cpu, space), cpu.id)
        if not self.tags and before >= 0 and before != space:
            self.tracking.remove(cpu, self.set_of_space(cpu, before), cpu.id)

    @routine
    def page(self, cpu: Cpu, tree: Word, space: Word, page: Word) -> None:
        """An entry for a page, or if `page` < 0 for more than one, was stored in this operation."""
        self.forget(cpu, space, page)

    @routine
    def record(self, cpu: Cpu, tree: Word) -> None:
        """The operation on a tree is about to end."""

    @routine
    def complete(self, cpu: Cpu, tree: Word, count: Word = 1) -> None:
        """Wait until all TLBs are clean, after the operation has ended.

        With a `count`, operations on trees from `tree` on have, which `record` named in this order.
        """

    @routine
    def flush(self, cpu: Cpu, what: Word, space: Word, page: Word) -> None:
        """Forget what a flush request names, on the CPU that it was sent to."""
        if self.spaces > 0 and what == TlbRequest.PAGE:
            self.forget(cpu, space, page)
        elif self.spaces > 0:
            if what == TlbRequest.SPACE:
                self.forget(cpu, space, -1)
            else:
                cpu.flush_tlb()
            left = self.loaded[cpu.id].space != space or self.mutant == "removed_loaded"
            if self.tags and space >= 0 and left:
                self.tracking.remove(cpu, self.set_of_space(cpu, space), cpu.id)

    @routine
    def forget(self, cpu: Cpu, space: Word, page: Word) -> None:
        """This CPU's TLB forgets a page, or if `page` < 0 a space."""
        if self.tags or self.loaded[cpu.id].space == space:
            if page < 0:
                cpu.invalidate_space(space)
            else:
                cpu.invalidate_page(space, page)
