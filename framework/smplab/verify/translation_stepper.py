"""The stepper's part for translation: TOUCH, page walks, and what makes TLBs forget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from smplab.language import paging
from smplab.language.image import LINE_WORDS
from smplab.language.isa import Op
from smplab.machine import faults
from smplab.machine.diagnosis import name_of
from smplab.machine.reference_cpu import Stopped
from smplab.verify.boundaries import BROADCASTS
from smplab.verify.irq import Irq
from smplab.verify.stepper import Stepper, Walker
from smplab.verify.tlb import Tlb, Translation

Phase = tuple[Any, ...]


@dataclass
class Unit:
    """What a CPU has for kernels; `phase` as in `smplab.verify.unit`."""

    context: int
    irq: Irq
    on: bool = False
    space: int = 0
    root: int = 0
    tlb: Tlb = field(default_factory=Tlb)
    phase: Phase = ()
    killed: bool = False


class TranslatingStepper(Stepper):
    """The system between two actions, as far as translation goes.

    Attributes:
        units: what each CPU has for kernels.
    """

    units: list[Unit]

    def refuse_touch(self, cpu: Walker) -> None:
        """A page or a word of a page table that there is not fails where the TOUCH stands."""
        unit, image = self.units[cpu.number], self.program.image
        if unit.phase[:1] == ("walk",):
            address = self._walk_address(cpu)
            if not LINE_WORDS <= address < len(self.memory):
                raise Stopped(faults.ADDRESS, address)
        elif not unit.phase:
            page = cpu[cpu.row[2]]
            if not 0 <= page < 1 << image.page_levels * image.page_radix_bits:
                raise Stopped(faults.PAGE, page)

    def _walk_address(self, cpu: Walker) -> int:
        _, level, node = self.units[cpu.number].phase
        bits = self.program.image.page_radix_bits
        return int(node) + (cpu[cpu.row[2]] >> (int(level) - 1) * bits) % (1 << bits)

    def touch(self, cpu: Walker, choice: int) -> tuple[str, str]:
        """Execute a TOUCH's next step; return the word of memory that it met, and more."""
        unit, page, write = self.units[cpu.number], cpu[cpu.row[2]], cpu[cpu.row[3]] != 0
        if not unit.phase:
            entry = unit.tlb.find(unit.space, page)
            if entry is not None and (entry.writable or not write):
                unit.phase = ("hit", entry)
                return "", f"page {page} is in the TLB"
            self._begin_walk(unit)
            return "", f"page {page} is not in the TLB"
        if unit.phase[0] == "hit":
            entry = unit.phase[1]
            if choice == 1:
                unit.tlb = unit.tlb.without(unit.space, page)
                self._begin_walk(unit)
                return "", f"page {page} was evicted from the TLB"
            if entry.reused_by >= 0:
                lines = entry.reused_by << 31 | entry.loaded_by
                raise Stopped(faults.STALE, entry.frame, lines)
            return "", self._touched(cpu, entry.frame)
        address = self._walk_address(cpu)
        pending = [value for at, value in self.buffers[cpu.number] if at == address]
        word = pending[-1] if pending else self.memory[address]
        return name_of(self.program, address), f"{word}" + self._follow(cpu, word, page, write)

    def _begin_walk(self, unit: Unit) -> None:
        unit.phase, unit.killed = ("walk", self.program.image.page_levels, unit.root), False

    def _touched(self, cpu: Walker, result: int) -> str:
        self.units[cpu.number].phase = ()
        cpu[cpu.row[1]] = result
        cpu.pc += 1
        return f"frame {result}" if result >= 0 else "no frame"

    def _follow(self, cpu: Walker, word: int, page: int, write: bool) -> str:
        unit, image = self.units[cpu.number], self.program.image
        _, level, _ = unit.phase
        value, writable = word >> paging.ENTRY_SHIFT, int(word & paging.WRITABLE != 0)
        if not word & paging.PRESENT:
            return f", {self._touched(cpu, paging.NOT_PRESENT)}"
        if not word & paging.LEAF:
            if level == 1 or value < LINE_WORDS:
                raise Stopped(faults.ENTRY, word)
            unit.phase = ("walk", level - 1, value)
            return ""
        frame = value + page % (1 << (level - 1) * image.page_radix_bits)
        if not 0 <= frame < self.program.frames:
            raise Stopped(faults.FRAME, frame)
        if write and not writable:
            return f", {self._touched(cpu, paging.NOT_WRITABLE)}"
        if unit.killed:
            self._begin_walk(unit)
            return ", walked again"
        unit.tlb = unit.tlb.filled(Translation(unit.space, page, frame, writable, cpu.pc))
        return f", {self._touched(cpu, frame)}"

    def forget(self, cpu: Walker, op: Op) -> None:
        """Execute an instruction that changes TLBs."""
        _, a, b, _, _, _ = cpu.row
        unit = self.units[cpu.number]
        if op is Op.FLUSH:
            unit.tlb = Tlb()
        elif op is Op.DROP:
            unit.tlb = unit.tlb.without(cpu[a], cpu[b])
        elif op is Op.DROPSPACE:
            unit.tlb = unit.tlb.without(cpu[a])
        for other in self.units if op in BROADCASTS or op is Op.REUSE else ():
            if op is Op.REUSE:
                other.tlb = other.tlb.reused(cpu[a], cpu.pc)
            else:
                other.tlb = other.tlb.without(cpu[a], cpu[b] if op is Op.DROPALL else None)
                other.killed |= other.space == cpu[a]
