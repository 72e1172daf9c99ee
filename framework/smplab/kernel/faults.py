"""Touching memory: the access itself, and page faults as messages to a pager.

A thread that touches a page which its space does not map, or not with the right to write, sends
FAULT, the page and whether it was to be written to its pager, and waits for an answer of no words.
The pager maps something there, or not; the access is tried again either way.

Invariant: a fault leaves the thread's message words as they were.

Source: L4 X.2, section 7: page faults as IPC that the kernel makes in the thread's name.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.accounting import Event
from smplab.kernel.ipc import NEVER
from smplab.kernel.regions import Regions
from smplab.kernel.rendezvous import NO_PARTNER, OK
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import Array, Word

FAULT = -30
"""The first word of a page fault's message; the page and `write` follow."""


@dataclass(eq=False)
class Faults(Regions):
    """Memory as threads use it."""

    def layout(self, memory: Memory) -> None:
        """The pager of each thread."""
        super().layout(memory)
        if self.spaces > 0:
            self.pagers: Array[Word] = memory.per_cpu(Word, self.threads)

    @routine
    def set_pager(self, cpu: Cpu, number: Word, pager: Word) -> None:
        """Name the thread that gets the page faults of thread `number`; at first, none does."""
        self.pagers[number] = pager + 1

    @routine
    def access(self, cpu: Cpu, page: Word, write: Word) -> Word:
        """Touch a page at user level; its frame, or what came of the message to the pager."""
        while True:
            frame = cpu.touch(page, write != 0)
            if frame >= 0:
                return frame
            result = self.page_fault(cpu, page, write)
            if result < OK:
                return result

    @routine(call=True)
    def page_fault(self, cpu: Cpu, page: Word, write: Word) -> Word:
        """Ask the pager; its number, or NO_PARTNER."""
        me = self.tcbs[cpu.context - cpu.count]
        pager = self.pagers[me.number] - 1
        if pager < 0:
            return NO_PARTNER
        at = me.number * self.row
        first, second, third = self.words[at], self.words[at + 1], self.words[at + 2]
        length = me.length
        self.words[at] = FAULT
        self.words[at + 1] = page
        self.words[at + 2] = write
        me.length = 3
        self.accounting.event(cpu, Event.FAULT, me.number, page)
        result = self.ipc(cpu, pager, NEVER, pager, NEVER)
        self.words[at] = first
        self.words[at + 1] = second
        self.words[at + 2] = third
        me.length = length
        return result
