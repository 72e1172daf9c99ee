"""What one step does to a packed state, as the tables of automata and words say; compiled."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from smplab.machine.jit import UINT64, inlined
from smplab.verify import tables as t
from smplab.verify.packing import fits, get, put

# Why a slice ended.
SLICE: Final = 0
DONE: Final = 1
MISS: Final = 2  # transition of local state A at value B is unknown
STALE: Final = 3  # what a write of its line makes of local state A is unknown
WIDEN: Final = 4  # field A is too narrow for value B
GROW: Final = 5  # states, index or edges are full
FAULTED: Final = 6  # state A holds a CPU that failed
DEADLOCK: Final = 7  # nothing can happen in state A, but some CPU has not halted
DEEP: Final = 8  # the next state lies beyond the allowed depth

LONGEST: Final = 64
"""Ordered instructions in one step at most."""

ENDED_LABEL: Final = 128
DRAIN_LABEL: Final = 64
ARRIVAL_LABEL: Final = 32
TIMER_LABEL: Final = 16
"""Labels of edges: the CPU, and these bits."""


@inlined
def wake(w: Any, at: Any, j: Any, line: Any, cpus: Any, local: Any) -> Any:
    """Another CPU has written a line; return reason, detail and second detail."""
    n = UINT64(get(w, at, j) * cpus + j)
    if local[n, t.WATCH] != line:
        return SLICE, np.int64(0), np.int64(0)
    stale = np.int64(local[n, t.STALE])
    if stale < 0:
        return STALE, np.int64(n), np.int64(0)
    if not fits(at, j, stale):
        return WIDEN, np.int64(j), stale
    put(w, at, j, stale)
    if local[UINT64(stale * cpus + j), t.KIND] == t.FAULT:
        return FAULTED, np.int64(0), np.int64(0)
    return SLICE, np.int64(0), np.int64(0)


@inlined
def write(w: Any, at: Any, writer: Any, slot: Any, value: Any, cpus: Any, slots: Any, local: Any,
          line_of: Any) -> Any:  # fmt: skip
    """Put a value into memory and wake those, other than `writer`, who watch its line."""
    field = slots + slot
    if not fits(at, field, value):
        return WIDEN, np.int64(field), np.int64(value)
    put(w, at, field, value)
    line = line_of[UINT64(slot), t.LINE]
    result = SLICE, np.int64(0), np.int64(0)
    if line >= 0:
        for j in range(cpus):
            if j != writer:
                reason, a, b = wake(w, at, j, line, cpus, local)
                if reason == FAULTED:
                    result = reason, a, b
                elif reason != SLICE:
                    return reason, a, b
    return result


@inlined
def push(
    w: Any, at: Any, first: Any, depth: Any, store: Any, sorted_by_word: Any, stores: Any
) -> Any:
    """Put a store behind those in a buffer that has room; under PSO behind those of its word."""
    d = depth - 1
    while d > 0:
        before = get(w, at, first + d - 1)
        if before != 0 and not (
            sorted_by_word and stores[before - 1, t.ST_SLOT] > stores[store, t.ST_SLOT]
        ):
            break
        put(w, at, first + d, before)
        d -= 1
    put(w, at, first + d, store + 1)


@inlined
def oldest(
    w: Any, at: Any, first: Any, depth: Any, sorted_by_word: Any, option: Any, stores: Any
) -> Any:
    """Return the position in a buffer of the option-th store that may leave, or -1."""
    if get(w, at, first) == 0:
        return np.int64(-1)
    if option == 0:
        return np.int64(0)
    if sorted_by_word:
        for d in range(1, depth):
            entry = get(w, at, first + d)
            if entry == 0:
                return np.int64(-1)
            before = get(w, at, first + d - 1)
            if stores[entry - 1, t.ST_SLOT] != stores[before - 1, t.ST_SLOT]:
                option -= 1
                if option == 0:
                    return np.int64(d)
    return np.int64(-1)


@inlined
def drain(w: Any, at: Any, i: Any, position: Any, cpus: Any, depth: Any, local: Any, line_of: Any,
          stores: Any) -> Any:  # fmt: skip
    """Let a store leave CPU i's buffer; return reason and details."""
    first = cpus + i * depth
    entry = get(w, at, first + position) - 1
    for d in range(position, depth):
        following = np.int64(0)
        if d + 1 < depth:
            following = get(w, at, first + d + 1)
        put(w, at, first + d, following)
    slot, value = np.int64(stores[entry, t.ST_SLOT]), np.int64(stores[entry, t.ST_VALUE])
    return write(w, at, -1, slot, value, cpus, cpus + cpus * depth, local, line_of)


@inlined
def transition_at(local: Any, transition: Any, n: Any, v: Any) -> Any:
    """Return the row of a local state's transition at a value, or -1 if it is unknown."""
    base, last = np.int64(local[n, t.TBASE]), np.int64(local[n, t.TCAP]) - 1
    for probe in range(last + 1):
        e = UINT64(base + ((v + probe) & last))
        met = transition[e, t.MET]
        if met == v:
            return np.int64(e)
        if met < 0:
            break
    return np.int64(-1)


@inlined
def advance(w: Any, at: Any, i: Any, choice: Any, cpus: Any, depth: Any, merging: Any,
            sorted_by_word: Any, local: Any, transition: Any, line_of: Any, stores: Any,
            irq: Any, systems: Any) -> Any:  # fmt: skip
    """Execute CPU i's next step in place.

    `systems`, a constant, says whether there is more than the bare machine.

    Returns:
        reason and details, number of ordered instructions executed, 1 if an operation ended.
    """
    done = np.int64(0)
    ended = np.int64(0)
    zero = np.int64(0)
    slots = cpus + cpus * depth
    first = cpus + i * depth
    while True:
        n = UINT64(get(w, at, i) * cpus + i)
        kind = local[n, t.KIND]
        slot = np.int64(local[n, t.SLOT])
        v = zero
        vector = np.int64(-1)
        if systems and local[n, t.TRAPS] == 1:
            pending = UINT64(get(w, at, slots + i))
            vector = np.int64(irq[pending, t.VECTOR])
        if vector >= 0:
            if done > 0 or (depth > 0 and get(w, at, first) != 0):
                break
            taken = np.int64(irq[pending, t.TAKEN])
            if not fits(at, slots + i, taken):
                return WIDEN, np.int64(slots + i), taken, done, ended
            put(w, at, slots + i, taken)
            v = t.TRAP + vector
            kind = np.int32(t.STEP)
        elif kind == t.LOAD:
            v = get(w, at, slots + slot)
            for d in range(depth):
                entry = get(w, at, first + d)
                if entry == 0:
                    break
                if stores[entry - 1, t.ST_SLOT] == slot:
                    v = np.int64(stores[entry - 1, t.ST_VALUE])
        elif kind == t.ATOMIC:
            if depth > 0 and get(w, at, first) != 0:
                break
            v = get(w, at, slots + slot)
        elif systems and kind == t.EXCHANGE:
            v = get(w, at, slots + slot)
        elif kind == t.FENCE:
            if depth > 0 and get(w, at, first) != 0:
                break
        elif kind == t.STORE_BUFFERED:
            if get(w, at, first + depth - 1) != 0:
                break
        elif kind == t.DRAW:
            if done > 0:
                break
            v = np.int64(choice)
        elif kind != t.STORE and kind != t.NOTE and not (systems and kind == t.STEP):  # noqa: PLR1714 - for numba
            break
        known = transition_at(local, transition, n, v)
        if known < 0:
            return MISS, np.int64(n), v, done, ended
        e = UINT64(known)
        following = np.int64(transition[e, t.NEXT])
        if not fits(at, i, following):
            return WIDEN, np.int64(i), following, done, ended
        put(w, at, i, following)
        if not systems or local[n, t.MERGE] != 2:  # what goes on at once is no instruction
            done += 1
        ended |= np.int64(transition[e, t.ENDED])
        failed = False
        if kind == t.STORE_BUFFERED:
            push(w, at, first, depth, np.int64(local[n, t.VALUE]), sorted_by_word, stores)
        elif kind == t.STORE or kind == t.ATOMIC or (systems and kind == t.EXCHANGE):  # noqa: PLR1714
            value = np.int64(transition[e, t.WRITTEN])
            if value >= 0:  # a sum that does not fit is not written
                reason, a, b = write(w, at, i, slot, value, cpus, slots, local, line_of)
                if reason == FAULTED:
                    failed = True
                elif reason != SLICE:
                    return reason, a, b, done, ended
        now = UINT64(following * cpus + i)
        if failed or local[now, t.KIND] == t.FAULT:
            return FAULTED, zero, zero, done, ended
        if systems and local[now, t.MERGE] == 2:
            continue
        if not merging or local[now, t.MERGE] != 1 or done >= LONGEST:
            break
    return SLICE, zero, zero, done, ended


@inlined
def arrive(w: Any, at: Any, i: Any, which: Any, cpus: Any, slots: Any, local: Any,
           irq: Any) -> Any:  # fmt: skip
    """Let interrupt `which` under way (a vector, or the timer after the last) reach CPU i.

    Returns:
        reason and details, whether there was such an interrupt.
    """
    zero = np.int64(0)
    n = UINT64(get(w, at, i) * cpus + i)
    kind = local[n, t.KIND]
    column = t.FIRST_ARRIVAL + t.ARRIVAL_COLUMNS * which
    wakes = kind == t.ASLEEP and local[n, t.ON] == 0
    if kind == t.HALTED:
        column += 2
    elif local[n, t.ON] == 0 and not wakes:
        column += 1
    following = np.int64(irq[UINT64(get(w, at, slots + i)), UINT64(column)])
    if following < 0:
        return SLICE, zero, zero, zero
    if not fits(at, slots + i, following):
        return WIDEN, np.int64(slots + i), following, zero
    put(w, at, slots + i, following)
    if wakes:
        stale = np.int64(local[n, t.STALE])
        if stale < 0:
            return STALE, np.int64(n), zero, zero
        if not fits(at, i, stale):
            return WIDEN, np.int64(i), stale, zero
        put(w, at, i, stale)
        if local[UINT64(stale * cpus + i), t.KIND] == t.FAULT:
            return FAULTED, zero, zero, np.int64(1)
    return SLICE, zero, zero, np.int64(1)
