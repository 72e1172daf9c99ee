"""The automaton's part for translation: TOUCH, page walks, and what makes TLBs forget.

TOUCH is a look at the CPU's TLB, then one load of the page table after the other, as ordinary loads
are, each a step of its own. Interrupts wait until it is done.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from smplab.language import paging
from smplab.language.image import LINE_WORDS
from smplab.language.isa import Op
from smplab.machine import faults
from smplab.verify import tables as t
from smplab.verify.automaton import Automaton, Local, Step
from smplab.verify.boundaries import BROADCASTS
from smplab.verify.tlb import NO_WALK, Tlb, Translation
from smplab.verify.unit import Unit
from smplab.verify.words import Area


class Effect(NamedTuple):
    """What a transition does beside changing the processor and `unit`.

    Attributes:
        written: number of the value written to the step's word, or -1.
        waits: the CPU stays in front of the same instruction; otherwise it goes on.
        watch, pending: as in `Local`.
    """

    written: int = -1
    waits: bool = False
    watch: int = -1
    pending: int = 0


class Translating(Automaton):
    """CPUs that translate.

    Attributes:
        unit: what the CPU at work has for kernels, as the processor has its registers.
        tlbs: slots of the words of TLBs, by CPU.
        translated, broadcasting: the image looks pages up, and can make all TLBs forget.
    """

    unit: Unit
    tlbs: range
    translated: bool
    broadcasting: bool

    # ------------------------------------------------------------------ TOUCH

    def touching(self, cpu: int, state: Local) -> Step:
        """What comes next in front of, or within, a TOUCH."""
        tlb = Step(state, t.EXCHANGE, self.tlbs[cpu], room=2, like=Op.SWAP)
        phase = self.unit.phase
        if not phase:
            page = self._page()
            if not 0 <= page < 1 << self._bits(self.program.image.page_levels):
                return Step(state._replace(fault=faults.PAGE, detail=page, ahead=1), t.FAULT)
            return tlb
        if phase[0] == "hit":
            return Step(state, t.DRAW, choices=2, room=2)
        if phase[0] != "walk":
            return tlb._replace(at_once=True)
        address = self._address()
        if not LINE_WORDS <= address < self.program.memory_words:
            return Step(state._replace(fault=faults.ADDRESS, detail=address, ahead=1), t.FAULT)
        slot = self.words.slot(Area.MEMORY, address)
        return Step(state, t.LOAD, slot, room=2, like=Op.LOAD, also=(self.tlbs[cpu],))

    def touch(self, cpu: int, state: Local, value: int) -> Effect:
        """Execute a TOUCH's next transition."""
        phase, stay = self.unit.phase, Effect(watch=state.watch, pending=state.pending, waits=True)
        if phase and phase[0] == "walk":
            word = self.words.value(self.words.slot(Area.MEMORY, self._address()), value)
            return self._follow(word, stay)
        if phase and phase[0] == "hit":
            _, frame, _, reused_by = phase
            if value == 1:
                self._in("miss")
                return stay
            if reused_by >= 0:
                self._processor.fault, self._processor.detail = faults.STALE, frame
                return stay
            return self._returns(frame, stay)
        tlb: Tlb = self.words.value(self.tlbs[cpu], value)
        if not phase:
            entry = tlb.find(self.unit.space, self._page())
            if entry is not None and (entry.writable or not self._writes()):
                self._in("hit", entry.frame, entry.loaded_by, entry.reused_by)
                return stay
            return self._begins_walk(cpu, tlb, tlb, stay)
        if phase[0] == "miss":
            left = tlb.without(self.unit.space, self._page())
            return self._begins_walk(cpu, tlb, left, stay)
        if phase[0] == "end":
            stay = self._becomes(cpu, tlb, tlb._replace(walk=NO_WALK), stay)
            return self._returns(phase[1], stay)
        if tlb.walk[1]:  # what was read may be no more
            return self._begins_walk(cpu, tlb, tlb, stay)
        _, frame, writable = phase
        space, page = self.unit.space, self._page()
        entry = Translation(space, page, frame, writable, self._processor.pc)
        return self._returns(frame, self._becomes(cpu, tlb, tlb.filled(entry), stay))

    def _follow(self, word: int, stay: Effect) -> Effect:
        """Follow a word of a page table."""
        p = self._processor
        _, level, _ = self.unit.phase
        value, writable = word >> paging.ENTRY_SHIFT, int(word & paging.WRITABLE != 0)
        if not word & paging.PRESENT:
            return self._ends(paging.NOT_PRESENT, stay)
        if not word & paging.LEAF:
            if level == 1 or value < LINE_WORDS:
                p.fault, p.detail = faults.ENTRY, word
            else:
                self._in("walk", level - 1, value)
            return stay
        frame = value + self._page() % (1 << self._bits(level - 1))
        if not 0 <= frame < self.program.frames:
            p.fault, p.detail = faults.FRAME, frame
            return stay
        if self._writes() and not writable:
            return self._ends(paging.NOT_WRITABLE, stay)
        self._in("fill", frame, writable)
        return stay

    def _ends(self, result: int, stay: Effect) -> Effect:
        """A walk leads to nothing; if broadcasts look for walks, it is first taken note of."""
        if self.broadcasting:
            self._in("end", result)
            return stay
        return self._returns(result, stay)

    def _begins_walk(self, cpu: int, tlb: Tlb, left: Tlb, stay: Effect) -> Effect:
        self._in("walk", self.program.image.page_levels, self.unit.root)
        after = left.walking(self.unit.space) if self.broadcasting else left
        return self._becomes(cpu, tlb, after, stay)

    def _becomes(self, cpu: int, tlb: Tlb, after: Tlb, effect: Effect) -> Effect:
        written = -1 if after == tlb else self.words.number(self.tlbs[cpu], after)
        return effect._replace(written=written)

    def _returns(self, result: int, effect: Effect) -> Effect:
        p = self._processor
        p[self.rows[p.pc][1]] = result
        p.pc += 1
        return effect._replace(waits=False)

    def _in(self, *phase: Any) -> None:
        self.unit = self.unit._replace(phase=phase)

    def _page(self) -> int:
        return self._processor[self.rows[self._processor.pc][2]]

    def _writes(self) -> bool:
        return self._processor[self.rows[self._processor.pc][3]] != 0

    def _bits(self, levels: int) -> int:
        return levels * self.program.image.page_radix_bits

    def _address(self) -> int:
        """Address of the word that a walk loads next."""
        _, level, node = self.unit.phase
        index = (self._page() >> self._bits(level - 1)) % (1 << self._bits(1))
        return int(node + index)

    # ------------------------------------------------------------------ forgetting

    def forgetting(self, cpu: int, state: Local, op: Op) -> Step:
        """What comes next in front of, or within, an instruction that changes TLBs."""
        if op not in BROADCASTS and op is not Op.REUSE:
            return Step(state, t.ATOMIC, self.tlbs[cpu], room=2, like=Op.SWAP)
        if self.unit.phase:
            slot = self.tlbs[self.unit.phase[1]]
            return Step(state, t.EXCHANGE, slot, room=2, at_once=True)
        kind = t.EXCHANGE if op is Op.REUSE else t.ATOMIC
        return Step(state, kind, self.tlbs[0], room=2, like=Op.SWAP, also=tuple(self.tlbs))

    def forget(self, cpu: int, op: Op, value: int, done: Effect) -> Effect:
        """Execute such an instruction, or one of its transitions: a TLB each."""
        if not self.translated:
            return done
        p = self._processor
        _, a, b, _, _, _ = self.rows[p.pc]
        reach = cpu
        if op in BROADCASTS or op is Op.REUSE:
            reach = self.unit.phase[1] if self.unit.phase else 0
            if reach + 1 < self.cpus:
                self._in("others", reach + 1)
                done = done._replace(waits=True)
        tlb: Tlb = self.words.value(self.tlbs[reach], value)
        if op is Op.FLUSH:
            after = Tlb((), tlb.walk)
        elif op is Op.REUSE:
            after = tlb.reused(p[a], p.pc)
        elif op in BROADCASTS:
            after = tlb.killed(p[a], p[b] if op is Op.DROPALL else None)
        else:
            after = tlb.without(p[a], p[b] if op is Op.DROP else None)
        return self._becomes(reach, tlb, after, done)
