"""Kernel `multiprocessor`: the microkernel for any number of CPUs."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Accounting, Coherency, Kernel, Synchronization, slot


@dataclass(eq=False)
class Multiprocessor(Kernel):
    """The microkernel, its objects protected as the slot `synchronization` says."""

    synchronization: Synchronization = slot()
    tlb: Coherency = slot()
    accounting: Accounting = slot()
