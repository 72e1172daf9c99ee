"""The engine's instructions for kernels: interrupts, contexts, translation, instrumentation.

They are out of the engine's way: `smplab.machine.engine` is compiled a second time, with them, for
images that hold any.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from smplab.language.image import LINE_WORDS
from smplab.language.isa import Cause, Op
from smplab.language.paging import (
    ENTRY_SHIFT,
    LEAF,
    NOT_PRESENT,
    NOT_WRITABLE,
    PRESENT,
    WRITABLE,
)
from smplab.machine import faults
from smplab.machine.cpus import charge
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.interrupts import COUNTED_FROM, end_handler, send_off
from smplab.machine.jit import inlined
from smplab.machine.result import Counter
from smplab.machine.state import (
    BASE,
    BEGUN,
    CAUSE,
    CORE,
    CPU_WORDS,
    DEPTH,
    DOING,
    DONE,
    FAULT_DETAIL,
    FAULT_MORE,
    PC,
    REGION_ROW,
    SEEN_LINE,
)
from smplab.machine.system_state import (
    AREA,
    AT,
    CHANGE_SPACE,
    CONTEXT,
    CONTEXT_WORDS,
    CONTEXTS,
    FRAME_VERSION,
    FRAME_WORDS,
    FRAMES,
    GENERATION,
    HANDLING,
    IPI,
    IPI_SEND,
    KERNEL_ENTRY,
    KERNEL_EXIT,
    LEVELS,
    LOADED_BY,
    MAX_TIMER_CYCLES,
    MAY_WRITE,
    ON,
    ON_CPU,
    PENDING,
    RADIX_BITS,
    REUSED_BY,
    REUSES,
    ROOT,
    RUNNING,
    SAVED,
    SAVED_BASE,
    SAVED_CAUSE,
    SAVED_DEPTH,
    SAVED_ON,
    SPACE,
    STATUS,
    SWITCH,
    SYSTEM_WORDS,
    TIMER_AT,
    TLB_BROADCAST,
    TLB_DROP,
    TLB_FLUSH,
    TLB_TAGS,
    TO_FRAME,
    TOGGLE,
    UNMADE,
    WALK_KILLED,
    WALK_LEVEL,
    WALK_NODE,
)
from smplab.machine.tlb import drop_page, drop_space, fill, find, use

SENT = COUNTED_FROM + int(Counter.IPIS_SENT)
ENTRIES = COUNTED_FROM + int(Counter.KERNEL_ENTRIES)
SWITCHES = COUNTED_FROM + int(Counter.SWITCHES)
HITS = COUNTED_FROM + int(Counter.TLB_HITS)
MISSES = COUNTED_FROM + int(Counter.TLB_MISSES)
WALK_LOADS = COUNTED_FROM + int(Counter.WALK_LOADS)
DROPS = COUNTED_FROM + int(Counter.TLB_DROPS)
FLUSHES = COUNTED_FROM + int(Counter.TLB_FLUSHES)
USER = int(Cause.USER)
KERNEL = int(Cause.KERNEL)
IPI_CAUSE = int(Cause.IPI)
TLB = int(Cause.TLB)


@inlined
def spend(cpu: Any, me: Any, now: Any, cost: Any, cause: Any) -> Any:
    """Let a CPU be busy from `now` on for a cause other than its own; returns until when."""
    charge(cpu, me, now)
    cpu[me + DONE] = now + cost
    cpu[me + DOING] = cause
    return now + cost


@inlined
def execute(
    status: Any, cpu: Any, registers: Any, system: Any, contexts: Any, flight: Any, tlb: Any,
    frames: Any, points: Any, numbers: Any, regions: Any, distance: Any, places: Any,
    core_place: Any, op: Any, a: Any, b: Any, c: Any, base: Any, pc: Any, who: Any, cpus: Any,
    frame: Any, regions_each: Any, instr: Any, now: Any,
) -> Any:  # fmt: skip
    """Execute an instruction from ENABLE on, but TOUCH.

    Returns:
        when the CPU is done; when the interrupt arrives that it sent or set, or -1; a fault or 0.
    """
    me = who * CPU_WORDS
    it = who * SYSTEM_WORDS
    after = now + instr
    arrival = np.int64(-1)
    fault: Any = np.int64(0)
    detail = np.int64(0)
    if op == Op.ENABLE:
        system[it + ON] = 1
    elif op == Op.DISABLE:
        registers[base + a] = system[it + ON]
        system[it + ON] = 0
    elif op == Op.ENTER:
        after = spend(cpu, me, now, numbers[KERNEL_ENTRY], KERNEL)
        cpu[me + CAUSE] = KERNEL
        system[it + ON] = 0
        system[it + ENTRIES] += 1
    elif op == Op.EXIT:
        after = spend(cpu, me, now, numbers[KERNEL_EXIT], KERNEL)
        cpu[me + CAUSE] = USER
        system[it + ON] = 1
    elif op == Op.SEND:
        target = registers[base + a]
        if target < 0 or target >= cpus:
            fault = faults.TARGET
            detail = target
        else:
            after = spend(cpu, me, now, numbers[IPI_SEND], IPI_CAUSE)
            here = core_place[cpu[me + CORE]]
            there = core_place[cpu[target * CPU_WORDS + CORE]]
            arrival = max(after + numbers[IPI] + np.int64(distance[here * places + there]), now + 1)
            send_off(status, flight, arrival, target << 7 | b << 1)
            system[it + SENT] += 1
    elif op == Op.TIMER:
        cycles = registers[base + a]
        if cycles < 0 or cycles > MAX_TIMER_CYCLES:
            fault = faults.TIMER
            detail = cycles
        elif cycles == 0:
            system[it + TIMER_AT] = 0
        else:
            arrival = max(cycles * TICKS_PER_CYCLE, now + 1)
            system[it + TIMER_AT] = arrival
            send_off(status, flight, arrival, who << 7 | b << 1 | 1)
    elif op == Op.TAKE:
        vector = np.int64(1) << b
        registers[base + a] = np.int64(system[it + PENDING] & vector != 0)
        system[it + PENDING] &= ~vector
    elif op == Op.IRET:
        fault = end_handler(system, contexts, numbers, cpu, who, now)
        after = cpu[me + DONE]
    elif op == Op.CREATE or op == Op.SWITCH:  # noqa: PLR1714 - numba knows no `in` for enums
        chosen = registers[base + a]
        row = chosen * CONTEXT_WORDS
        if chosen < 0 or chosen >= numbers[CONTEXTS]:
            fault = faults.CONTEXT
            detail = chosen
        elif contexts[row + STATUS] == RUNNING:
            fault = faults.RUNS
            detail = chosen
            status[FAULT_MORE] = contexts[row + ON_CPU]
        elif op == Op.CREATE:
            argument = registers[base + c]
            for register in range(frame):
                registers[chosen * frame + register] = 0
            registers[chosen * frame] = argument
            contexts[row + STATUS] = SAVED
            contexts[row + AT] = b - 1
            contexts[row + SAVED_BASE] = chosen * frame
            contexts[row + SAVED_DEPTH] = 0
            contexts[row + SAVED_ON] = 0
            contexts[row + SAVED_CAUSE] = KERNEL
            contexts[row + HANDLING] = 0
            for region in range(regions_each):
                regions[(chosen * regions_each + region) * REGION_ROW + BEGUN] = -1
        elif contexts[row + STATUS] == UNMADE:
            fault = faults.UNMADE
            detail = chosen
        else:
            after = spend(cpu, me, now, numbers[SWITCH], cpu[me + CAUSE])
            switch(cpu, system, contexts, numbers, who, chosen)
    elif op == Op.CONTEXT:
        registers[base + a] = system[it + CONTEXT]
    elif op == Op.SPACE:
        after = spend(cpu, me, now, numbers[CHANGE_SPACE], TLB)
        system[it + SPACE] = registers[base + a]
        system[it + ROOT] = registers[base + b]
        if numbers[TLB_TAGS] == 0:
            system[it + GENERATION] += 1
            system[it + FLUSHES] += 1
    elif op == Op.DROP:
        after = spend(cpu, me, now, numbers[TLB_DROP], TLB)
        drop_page(system, tlb, numbers, who, registers[base + a], registers[base + b])
        system[it + DROPS] += 1
    elif op == Op.DROPSPACE:
        after = spend(cpu, me, now, numbers[TLB_FLUSH], TLB)
        drop_space(system, tlb, numbers, who, registers[base + a])
        system[it + FLUSHES] += 1
    elif op == Op.FLUSH:
        after = spend(cpu, me, now, numbers[TLB_FLUSH], TLB)
        system[it + GENERATION] += 1
        system[it + FLUSHES] += 1
    elif op == Op.DROPALL or op == Op.DROPSPACEALL:  # noqa: PLR1714
        if numbers[TLB_BROADCAST] == 0:
            fault = faults.BROADCAST
        else:
            farthest = np.int64(0)
            here = core_place[cpu[me + CORE]]
            for other in range(cpus):
                there = core_place[cpu[other * CPU_WORDS + CORE]]
                farthest = max(farthest, np.int64(distance[here * places + there]))
                if op == Op.DROPALL:
                    page = registers[base + b]
                    drop_page(system, tlb, numbers, other, registers[base + a], page)
                else:
                    drop_space(system, tlb, numbers, other, registers[base + a])
            after = spend(cpu, me, now, numbers[TLB_BROADCAST] + farthest, TLB)
            system[it + (DROPS if op == Op.DROPALL else FLUSHES)] += 1
    elif op == Op.REUSE:
        after = now
        number = registers[base + a]
        if number < 0 or number >= numbers[FRAMES]:
            fault = faults.FRAME
            detail = number
        else:
            frames[number * FRAME_WORDS + REUSES] += 1
            frames[number * FRAME_WORDS + REUSED_BY] = pc
    elif op == Op.POINT:
        after = now
        registers[base + a] = points[b]
    else:
        after = now + numbers[TOGGLE]
        points[a] = np.int64(registers[base + b] != 0)
    if fault != 0:
        status[FAULT_DETAIL] = detail
    return after, arrival, fault


@inlined
def switch(cpu: Any, system: Any, contexts: Any, numbers: Any, who: Any, chosen: Any) -> None:
    """Save the context that a CPU runs, and let it run another."""
    me = who * CPU_WORDS
    it = who * SYSTEM_WORDS
    row = system[it + CONTEXT] * CONTEXT_WORDS
    contexts[row + STATUS] = SAVED
    contexts[row + AT] = cpu[me + PC]
    contexts[row + SAVED_BASE] = cpu[me + BASE]
    contexts[row + SAVED_DEPTH] = cpu[me + DEPTH]
    contexts[row + SAVED_ON] = system[it + ON]
    contexts[row + SAVED_CAUSE] = cpu[me + CAUSE]
    row = chosen * CONTEXT_WORDS
    contexts[row + STATUS] = RUNNING
    contexts[row + ON_CPU] = who
    cpu[me + PC] = contexts[row + AT]
    cpu[me + BASE] = contexts[row + SAVED_BASE]
    cpu[me + DEPTH] = contexts[row + SAVED_DEPTH]
    cpu[me + CAUSE] = contexts[row + SAVED_CAUSE]
    cpu[me + SEEN_LINE] = -1
    system[it + ON] = contexts[row + SAVED_ON]
    system[it + CONTEXT] = chosen
    system[it + AREA] = chosen + contexts[row + HANDLING] * numbers[CONTEXTS]
    system[it + SWITCHES] += 1


@inlined
def look_up(
    status: Any, registers: Any, system: Any, tlb: Any, frames: Any, numbers: Any,
    a: Any, b: Any, c: Any, base: Any, who: Any,
) -> Any:  # fmt: skip
    """Begin a TOUCH.

    Returns:
        whether it hits the TLB, which ends it; a fault or 0.
    """
    it = who * SYSTEM_WORDS
    page = registers[base + b]
    if page < 0 or page >> (numbers[LEVELS] * numbers[RADIX_BITS]) != 0:
        status[FAULT_DETAIL] = page
        return False, np.int64(faults.PAGE)
    entry = find(system, tlb, numbers, who, system[it + SPACE], page)
    if entry < 0 or (registers[base + c] != 0 and tlb[entry + MAY_WRITE] == 0):
        system[it + MISSES] += 1
        begin_walk(system, numbers, it)
        return False, np.int64(0)
    frame = tlb[entry + TO_FRAME]
    known = frame * FRAME_WORDS
    if frames[known + REUSES] != tlb[entry + FRAME_VERSION]:
        status[FAULT_DETAIL] = frame
        status[FAULT_MORE] = frames[known + REUSED_BY] << 31 | tlb[entry + LOADED_BY]
        return False, np.int64(faults.STALE)
    use(system, tlb, it, entry)
    system[it + HITS] += 1
    registers[base + a] = frame
    return True, np.int64(0)


@inlined
def begin_walk(system: Any, numbers: Any, it: Any) -> None:
    """Go to the root of the current space's page table."""
    system[it + WALK_LEVEL] = numbers[LEVELS]
    system[it + WALK_NODE] = system[it + ROOT]
    system[it + WALK_KILLED] = 0


@inlined
def walk_address(system: Any, numbers: Any, who: Any, page: Any) -> Any:
    """Return the address of the word that a walk loads next."""
    it = who * SYSTEM_WORDS
    bits = numbers[RADIX_BITS]
    below = (system[it + WALK_LEVEL] - 1) * bits
    return system[it + WALK_NODE] + ((page >> below) & ((np.int64(1) << bits) - 1))


@inlined
def walk(
    status: Any, registers: Any, system: Any, tlb: Any, frames: Any, numbers: Any,
    a: Any, b: Any, c: Any, base: Any, pc: Any, who: Any, word: Any,
) -> Any:  # fmt: skip
    """Follow a word of a page table.

    Returns:
        whether the TOUCH is done; a fault or 0.
    """
    it = who * SYSTEM_WORDS
    system[it + WALK_LOADS] += 1
    level = system[it + WALK_LEVEL]
    page = registers[base + b]
    write = registers[base + c] != 0
    below = (np.int64(1) << ((level - 1) * numbers[RADIX_BITS])) - 1
    value = word >> ENTRY_SHIFT
    result = np.int64(NOT_PRESENT)
    if word & PRESENT != 0:
        if word & LEAF == 0:
            if level == 1 or value < LINE_WORDS:
                status[FAULT_DETAIL] = word
                return True, np.int64(faults.ENTRY)
            system[it + WALK_NODE] = value
            system[it + WALK_LEVEL] = level - 1
            return False, np.int64(0)
        result = value + (page & below)
        if result < 0 or result >= numbers[FRAMES]:
            status[FAULT_DETAIL] = result
            return True, np.int64(faults.FRAME)
        if write and word & WRITABLE == 0:
            result = np.int64(NOT_WRITABLE)
        elif system[it + WALK_KILLED] != 0:
            begin_walk(system, numbers, it)
            return False, np.int64(0)
        else:
            version = frames[result * FRAME_WORDS + REUSES]
            may_write = np.int64(word & WRITABLE != 0)
            fill(system, tlb, numbers, who, page, result, may_write, version, pc)
    system[it + WALK_LEVEL] = 0
    registers[base + a] = result
    return True, np.int64(0)
