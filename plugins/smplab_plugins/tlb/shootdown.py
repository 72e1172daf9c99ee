"""Coherency `shootdown`: for each page an interrupt to each CPU, within the operation.

D. L. Black et al., "Translation Lookaside Buffer Consistency: A Software Approach", ASPLOS 1989,
without its stalling of the other CPUs while the page table changes: here an entry is one word. The
targets forget the one page (INVLPG).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import Cpu, Mutant, TlbRequest, Word, parameter, routine
from smplab_plugins.tlb.delivery import Delivery


@dataclass(eq=False)
class Shootdown(Delivery):
    """Nothing is outstanding when the operation on the tree ends."""

    mutants: ClassVar[dict[str, Mutant]] = {
        **Delivery.mutants,
        "set_unfenced": Mutant("the set is read before the entry's store is seen", "tso"),
    }

    own_flush: str = parameter(
        "first", "when the CPU's own TLB forgets: before it asks the others, or while they do",
        choices=("first", "meanwhile"),
        source='meanwhile: N. Amit, "x86/mm/tlb: Concurrent TLB flushes", Linux, 2019',
    )  # fmt: skip

    @routine
    def page(self, cpu: Cpu, tree: Word, space: Word, page: Word) -> None:
        """Forget the page here and everywhere; a larger page is more than one: the space."""
        if self.own_flush == "first":
            self.forget(cpu, space, page)
        if self.mutant != "set_unfenced":
            cpu.fence()
        what: Word = TlbRequest.PAGE
        if page < 0:
            what = TlbRequest.SPACE
        self.send_all(cpu, self.set_of_space(cpu, space), what, space, page)
        if self.own_flush == "meanwhile":
            self.forget(cpu, space, page)
        self.await_all(cpu)
