"""The reference's translation: TOUCH, page walks, and what makes TLBs forget.

Between `smplab.machine.reference`, the machine without it, and `smplab.machine.reference_system`.
"""

from __future__ import annotations

import heapq

from smplab.language import paging
from smplab.language.image import LINE_WORDS
from smplab.language.isa import Cause, Op
from smplab.machine import faults
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.plan import Plan
from smplab.machine.reference import CPU, Line, Run
from smplab.machine.reference_cpu import Cpu, Stopped
from smplab.machine.reference_tlb import Frame, Tlb, Translation, Walk
from smplab.machine.reference_unit import Context, Unit
from smplab.machine.result import Counter


class TranslatingRun(Run):
    """One run, with what each CPU and each thread has for kernels."""

    def __init__(self, plan: Plan, memory: list[int], ghost: list[int]) -> None:
        super().__init__(plan, memory, ghost)
        words = 2 * self.image.registers
        self.contexts = [Context([0] * words, [0] * words) for _ in range(plan.contexts)]
        self.units = [
            Unit(number, Tlb(plan.costs.tlb_entries, plan.costs.tlb_ways))
            for number in range(plan.cpus)
        ]
        for cpu in self.cpus:
            context = self.contexts[cpu.number]
            context.made, context.on_cpu = True, cpu.number
            cpu.registers = context.registers
        self.frames = [Frame() for _ in range(plan.program.frames)]
        self.points = [0] * len(self.image.points)

    def _unit(self, cpu: Cpu) -> Unit:
        return self.units[cpu.number]

    def _context(self, cpu: Cpu) -> Context:
        return self.contexts[self._unit(cpu).context]

    def _spend(self, cpu: Cpu, ticks: int, cause: int, then: int) -> int:
        """Be busy for a cause, and have the cause `then` after it; returns until when."""
        cpu.timeline += [(self.now, cause), (self.now + ticks, then)]
        cpu.cause = then
        return self.now + ticks

    def _distance(self, cpu: Cpu, other: Cpu) -> int:
        place = self.plan.core_place
        return int(self.plan.distance[place[cpu.core], place[other.core]])

    def _frame(self, number: int) -> Frame:
        if not 0 <= number < len(self.frames):
            raise Stopped(faults.FRAME, number)
        return self.frames[number]

    def _translation(self, cpu: Cpu, op: Op, a: int, b: int) -> int:
        """Execute SPACE, or an instruction that makes TLBs forget; returns when it is done."""
        unit, costs = self._unit(cpu), self.plan.costs
        flushes, cycles = op in {Op.DROPSPACE, Op.DROPSPACEALL, Op.FLUSH}, costs.tlb_flush
        farthest = 0
        if op is Op.SPACE:
            unit.space, unit.root = cpu[a], cpu[b]
            flushes, cycles = not costs.tlb_tags, costs.space
            if flushes:
                unit.tlb.flush()
        elif op is Op.FLUSH:
            unit.tlb.flush()
        elif op is Op.DROP:
            cycles = costs.tlb_drop
            unit.tlb.drop_page(cpu[a], cpu[b])
        elif op is Op.DROPSPACE:
            unit.tlb.drop_space(cpu[a])
        else:
            if not costs.tlb_broadcast:
                raise Stopped(faults.BROADCAST)
            cycles = costs.tlb_broadcast
            farthest = max(self._distance(cpu, other) for other in self.cpus)
            for other in self.units:
                if op is Op.DROPALL:
                    other.tlb.drop_page(cpu[a], cpu[b])
                else:
                    other.tlb.drop_space(cpu[a])
                if other.walk is not None and other.space == cpu[a]:
                    other.walk.killed = True
        self._count(cpu, Counter.TLB_FLUSHES, int(flushes))
        self._count(cpu, Counter.TLB_DROPS, int(op in {Op.DROP, Op.DROPALL}))
        return self._spend(cpu, cycles * TICKS_PER_CYCLE + farthest, Cause.TLB, cpu.cause)

    def _touch(self, cpu: Cpu) -> None:
        """Look a page up in the TLB, or load the next word of the page table."""
        unit, image = self._unit(cpu), self.image
        _, _, b, c, _, _ = cpu.row
        if unit.walk is None:
            page = cpu[b]
            if not 0 <= page < 1 << image.page_levels * image.page_radix_bits:
                raise Stopped(faults.PAGE, page)
            entry = unit.tlb.find(unit.space, page)
            if entry is not None and (entry.writable or cpu[c] == 0):
                frame = self.frames[entry.frame]
                if frame.reuses != entry.version:
                    lines = frame.reused_by << 31 | entry.loaded_by
                    raise Stopped(faults.STALE, entry.frame, lines)
                unit.tlb.use(entry)
                self._count(cpu, Counter.TLB_HITS)
                self._touched(cpu, entry.frame, self.now + self._instr(cpu))
                return
            self._count(cpu, Counter.TLB_MISSES)
            unit.walk = Walk(image.page_levels, unit.root)
        self._access(cpu, Op.TOUCH)

    def _touched(self, cpu: Cpu, result: int, after: int) -> None:
        cpu[cpu.row[1]] = result
        self._count(cpu, Counter.INSTRUCTIONS)
        cpu.pc += 1
        self._go_on(cpu, after)

    def _address(self, cpu: Cpu) -> int:
        walk = self._unit(cpu).walk
        if walk is None:
            return super()._address(cpu)
        bits = self.image.page_radix_bits
        return walk.node + (cpu[cpu.row[2]] >> (walk.level - 1) * bits) % (1 << bits)

    def _complete(self, cpu: Cpu, op: Op, line: Line, cost: int) -> None:
        if op is not Op.TOUCH:
            super()._complete(cpu, op, line, cost)
            return
        word = self.memory[self._address(cpu)]
        unit, after = self._unit(cpu), self.now + cost
        self._count(cpu, Counter.LOADS)
        self._count(cpu, Counter.WALK_LOADS)
        cpu.timeline.append((after, cpu.cause))
        result = self._follow(cpu, word)
        if result is None:
            heapq.heappush(self.events, (after, CPU, cpu.number))
        else:
            unit.walk = None
            self._touched(cpu, result, after)

    def _follow(self, cpu: Cpu, word: int) -> int | None:
        """Follow a word of a page table: what TOUCH returns, or None if the walk goes on."""
        unit, walk = self._unit(cpu), self._unit(cpu).walk
        assert walk is not None
        page, write = cpu[cpu.row[2]], cpu[cpu.row[3]] != 0
        value, writable = word >> paging.ENTRY_SHIFT, bool(word & paging.WRITABLE)
        if not word & paging.PRESENT:
            return paging.NOT_PRESENT
        if not word & paging.LEAF:
            if walk.level == 1 or value < LINE_WORDS:
                raise Stopped(faults.ENTRY, word)
            walk.node, walk.level = value, walk.level - 1
            return None
        number = value + page % (1 << (walk.level - 1) * self.image.page_radix_bits)
        frame = self._frame(number)
        if write and not writable:
            return paging.NOT_WRITABLE
        if walk.killed:
            unit.walk = Walk(self.image.page_levels, unit.root)
            return None
        unit.tlb.fill(
            Translation(unit.space, page, number, writable, frame.reuses, loaded_by=cpu.pc)
        )
        return number
