"""Coherency `hardware`: the machine broadcasts invalidations, and nobody is interrupted.

Arm Architecture Reference Manual, TLBI ...IS with DSB; AMD64 Architecture Programmer's Manual,
INVLPGB with TLBSYNC. It needs a machine with `costs.tlb_broadcast`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import Coherency, Cpu, Mutant, Word, routine


@dataclass(eq=False)
class Hardware(Coherency):
    """One broadcast for each page, within the operation; who loads what is not tracked."""

    mutants: ClassVar[dict[str, Mutant]] = {"own_only": Mutant("only the CPU's own TLB forgets")}

    @routine
    def page(self, cpu: Cpu, tree: Word, space: Word, page: Word) -> None:
        """Forget the page everywhere; a larger page is more than one: the space."""
        if self.mutant == "own_only":
            self.forget(cpu, space, page)
        elif page < 0:
            cpu.broadcast_space(space)
        else:
            cpu.broadcast_page(space, page)
