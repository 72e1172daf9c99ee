"""The engine's interrupts: those under way, their arrival, handlers begun and ended.

Interrupts under way are a binary heap of their own, by time, CPU and vector; each has a key in the
engine's heap as well, with the number 0, which no line that anybody uses has. So, at equal time,
arrivals come first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from smplab.language.isa import ROW_WORDS, Cause
from smplab.machine import faults
from smplab.machine.bits import lowest_one
from smplab.machine.cpus import charge
from smplab.machine.heap import push, remove
from smplab.machine.jit import UINT64, inlined
from smplab.machine.lines import bit
from smplab.machine.result import Counter
from smplab.machine.state import (
    ASLEEP,
    ASLEEP_AT,
    BASE,
    CAUSE,
    COUNTERS,
    CPU_WORDS,
    DEPTH,
    DOING,
    DONE,
    FAULT_DETAIL,
    HALTED,
    IN_FLIGHT,
    LINE_ROW,
    PC,
    RUNNING,
    SEEN_LINE,
    SETS,
    SLEEPERS,
    SLEPT,
    STATE,
)
from smplab.machine.system_state import (
    AREA,
    CONTEXT,
    CONTEXT_WORDS,
    CONTEXTS,
    CUT_BASE,
    CUT_CAUSE,
    CUT_DEPTH,
    CUT_LEFT,
    CUT_PC,
    DELAYING,
    EVENT,
    FIRST_COUNTED,
    HANDLERS,
    HANDLING,
    INTERRUPT_ENTRY,
    INTERRUPT_EXIT,
    LEFT,
    NOT,
    ON,
    PENDING,
    RUNS,
    STOPPED,
    SYSTEM_COUNTERS,
    SYSTEM_WORDS,
    TIMER_AT,
)

COUNTED_FROM = SYSTEM_COUNTERS - int(FIRST_COUNTED)
RECEIVED = COUNTED_FROM + int(Counter.IPIS_RECEIVED)
TIMER_TICKS = COUNTED_FROM + int(Counter.TIMER_TICKS)
MASKED = COUNTED_FROM + int(Counter.MASKED)
MERGED = COUNTED_FROM + int(Counter.MERGED)
INTERRUPTS = COUNTED_FROM + int(Counter.INTERRUPTS)
INSTRUCTIONS = int(Counter.INSTRUCTIONS) + COUNTERS
WAITS = int(Counter.WAITS) + COUNTERS
IPI_CAUSE = int(Cause.IPI)


@inlined
def send_off(status: Any, flight: Any, at: Any, packed: Any) -> None:
    """Add an interrupt under way."""
    i = status[IN_FLIGHT]
    status[IN_FLIGHT] = i + 1
    while i > 0:
        above = (i - 1) >> 1
        if before(at, packed, flight[2 * above], flight[2 * above + 1]):
            flight[2 * i] = flight[2 * above]
            flight[2 * i + 1] = flight[2 * above + 1]
            i = above
        else:
            break
    flight[2 * i] = at
    flight[2 * i + 1] = packed


@inlined
def before(at: Any, packed: Any, other_at: Any, other: Any) -> Any:
    """Whether an interrupt arrives before another."""
    return at < other_at or (at == other_at and packed < other)


@inlined
def next_arrival(status: Any, flight: Any) -> Any:
    """Take out the interrupt that arrives first; returns when, and what."""
    at = flight[0]
    packed = flight[1]
    size = status[IN_FLIGHT] - 1
    status[IN_FLIGHT] = size
    last_at = flight[2 * size]
    last = flight[2 * size + 1]
    i = np.int64(0)
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and before(
            flight[2 * child + 2], flight[2 * child + 3], flight[2 * child], flight[2 * child + 1]
        ):
            child += 1
        if not before(flight[2 * child], flight[2 * child + 1], last_at, last):
            break
        flight[2 * i] = flight[2 * child]
        flight[2 * i + 1] = flight[2 * child + 1]
        i = child
    flight[2 * i] = last_at
    flight[2 * i + 1] = last
    return at, packed


@inlined
def arrive(
    status: Any, flight: Any, system: Any, cpu: Any, line: Any, pool: Any, words: Any, code: Any,
    heap: Any, size: Any, lines: Any, shift: Any, farthest: Any, now: Any,
) -> Any:  # fmt: skip
    """The first interrupt under way reaches its CPU.

    Returns:
        the heap's size, and whether anything came of it.
    """
    at, packed = next_arrival(status, flight)
    target = packed >> 7
    me = target * CPU_WORDS
    it = target * SYSTEM_WORDS
    if cpu[me + STATE] == HALTED:
        return size, False
    if packed & 1:
        if system[it + TIMER_AT] != at:
            return size, False
        system[it + TIMER_AT] = 0
        system[it + TIMER_TICKS] += 1
    else:
        system[it + RECEIVED] += 1
    vector = np.int64(1) << ((packed >> 1) & 63)
    if system[it + PENDING] & vector:
        system[it + MERGED] += 1
    system[it + PENDING] |= vector
    if system[it + ON] == 0:
        system[it + MASKED] += 1
        system[it + EVENT] = 1
    key = np.int64(-1)
    if cpu[me + STATE] == ASLEEP:
        row = cpu[me + SEEN_LINE] * LINE_ROW
        line[row + SLEEPERS] -= 1
        pool[line[row + SETS] + 2 * words + (target >> 6)] &= ~bit(target)
        cpu[me + STATE] = RUNNING
        asleep_at = cpu[me + ASLEEP_AT]
        if asleep_at >= now:  # its WAIT comes later
            key = (min(asleep_at, farthest) << shift) | (lines + target)
        else:
            if cpu[me + SLEPT] == 0:
                charge(cpu, me, asleep_at)
                cpu[me + WAITS] += 1
                cpu[me + INSTRUCTIONS] += 1
            cpu[me + DONE] = now
            cpu[me + DOING] = code[cpu[me + PC] * ROW_WORDS + 3]
            charge(cpu, me, now)
            cpu[me + SEEN_LINE] = -1
            key = (now << shift) | (lines + target)
    elif system[it + DELAYING] == RUNS:
        ends = system[it + LEFT]
        size = remove(heap, size, (min(ends, farthest) << shift) | (lines + target))
        system[it + DELAYING] = STOPPED
        system[it + LEFT] = ends - now
        key = (now << shift) | (lines + target)
    if key >= 0:
        size = push(heap, size, key)
    return size, True


@inlined
def takes(system: Any, who: Any) -> Any:
    """Whether a CPU takes an interrupt in the place of its next instruction."""
    it = who * SYSTEM_WORDS
    return system[it + ON] != 0 and system[it + PENDING] != 0


@inlined
def begin_handler(
    status: Any, system: Any, contexts: Any, numbers: Any, cpu: Any, frame: Any, who: Any, now: Any
) -> Any:
    """Let a CPU take the least vector pending; returns a fault or 0."""
    me = who * CPU_WORDS
    it = who * SYSTEM_WORDS
    context = system[it + CONTEXT] * CONTEXT_WORDS
    vector = np.int64(lowest_one(UINT64(system[it + PENDING])))
    if contexts[context + HANDLING] != 0:
        status[FAULT_DETAIL] = vector
        return np.int64(faults.NESTED)
    charge(cpu, me, now)
    system[it + PENDING] &= ~(np.int64(1) << vector)
    system[it + INTERRUPTS] += 1
    contexts[context + HANDLING] = 1
    contexts[context + CUT_PC] = cpu[me + PC]
    contexts[context + CUT_BASE] = cpu[me + BASE]
    contexts[context + CUT_DEPTH] = cpu[me + DEPTH]
    contexts[context + CUT_CAUSE] = cpu[me + CAUSE]
    contexts[context + CUT_LEFT] = system[it + LEFT] if system[it + DELAYING] == STOPPED else -1
    system[it + DELAYING] = NOT
    system[it + ON] = 0
    system[it + AREA] += numbers[CONTEXTS]
    cpu[me + PC] = numbers[HANDLERS + vector] - 1  # what is executed comes after
    cpu[me + BASE] = system[it + AREA] * frame
    cpu[me + DEPTH] = 0
    cpu[me + CAUSE] = IPI_CAUSE
    cpu[me + DOING] = IPI_CAUSE
    cpu[me + DONE] = now + numbers[INTERRUPT_ENTRY]
    return np.int64(0)


@inlined
def end_handler(
    system: Any, contexts: Any, numbers: Any, cpu: Any, who: Any, now: Any
) -> Any:  # fmt: skip
    """Go back to what a handler interrupted; returns a fault or 0."""
    me = who * CPU_WORDS
    it = who * SYSTEM_WORDS
    context = system[it + CONTEXT] * CONTEXT_WORDS
    if contexts[context + HANDLING] == 0:
        return np.int64(faults.NO_HANDLER)
    charge(cpu, me, now)
    cpu[me + DONE] = now + numbers[INTERRUPT_EXIT]
    cpu[me + DOING] = IPI_CAUSE
    contexts[context + HANDLING] = 0
    cpu[me + PC] = contexts[context + CUT_PC]
    cpu[me + BASE] = contexts[context + CUT_BASE]
    cpu[me + DEPTH] = contexts[context + CUT_DEPTH]
    cpu[me + CAUSE] = contexts[context + CUT_CAUSE]
    if contexts[context + CUT_LEFT] >= 0:
        system[it + DELAYING] = STOPPED
        system[it + LEFT] = contexts[context + CUT_LEFT]
    system[it + ON] = 1
    system[it + AREA] -= numbers[CONTEXTS]
    cpu[me + SEEN_LINE] = -1  # so that a WAIT lets the routine load again
    return np.int64(0)
