"""The engine's lines: the transaction of `smplab.machine.coherence` on flat arrays.

Sets of cores and CPUs are `words` uint64 each; a line that needs any gets three from the pool:
sharers (cores), queue (CPUs), sleepers (CPUs).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from smplab.machine.bits import count_ones, lowest_one, nth_one
from smplab.machine.coherence import AT_HOME, NOWHERE, SHARED
from smplab.machine.draws import below, draw, mix
from smplab.machine.jit import ONE, UINT64, inlined
from smplab.machine.result import Counter
from smplab.machine.state import (
    CHOICES,
    CORE,
    COUNTERS,
    CPU_WORDS,
    FREE_AT,
    IN_QUEUE,
    LAST,
    OWNER,
    PLACE,
    SETS,
    SETS_USED,
    SOLE,
)

LOADING = 0
STORING = 1
ATOMIC = 2
ZERO = np.uint64(0)
_63 = np.uint64(63)
FETCHES = int(Counter.MEMORY_FETCHES) + COUNTERS
TRANSFERS = int(Counter.TRANSFERS) + COUNTERS
HITS = int(Counter.HITS) + COUNTERS
FAR_ATOMICS = int(Counter.FAR_ATOMICS) + COUNTERS
INVALIDATIONS = int(Counter.INVALIDATIONS) + COUNTERS


@inlined
def bit(number: Any) -> Any:
    """Return the word with this member's bit set."""
    return ONE << (UINT64(number) & _63)


@inlined
def has_copy(line: Any, row: Any, pool: Any, core: Any) -> Any:
    """Whether a load of this core hits."""
    owner = line[row + OWNER]
    if owner == core or owner == SOLE - core:
        return True
    if owner != SHARED:
        return False
    return (pool[line[row + SETS] + (core >> 6)] & bit(core)) != ZERO


@inlined
def sets_of(line: Any, row: Any, status: Any, words: Any) -> Any:
    """Return the first word of the line's sets, taking them from the pool if it has none."""
    sets = line[row + SETS]
    if sets < 0:
        used = status[SETS_USED]
        status[SETS_USED] = used + 1
        sets = used * 3 * words
        line[row + SETS] = sets
    return sets


@inlined
def latency(distance: Any, places: Any, home_from: Any, a: Any, b: Any, home: Any) -> Any:
    """Transfer between two places, by way of the line's home if it is a long one."""
    direct = np.int64(distance[a * places + b])
    if direct > home_from:
        direct = max(
            direct,
            np.int64(distance[a * places + home]),
            np.int64(distance[b * places + home]),
        )
    return direct


@inlined
def choose(
    line: Any, row: Any, number: Any, pool: Any, words: Any, cpu: Any,
    distance: Any, places: Any, near_percent: Any, line_key: Any,
) -> Any:  # fmt: skip
    """Take one CPU out of the queue of a line that is free."""
    waiting = line[row + IN_QUEUE]
    queue = line[row + SETS] + words
    line[row + IN_QUEUE] = waiting - 1
    rank = np.int64(0)
    if waiting > 1:
        choices = line[row + CHOICES] + 1
        line[row + CHOICES] = choices
        bits = draw(line_key, number, choices)
        if near_percent > 0 and below(mix(bits), np.int64(100)) < near_percent:
            chosen = nearest(line, row, pool, queue, words, cpu, distance, places)
            pool[queue + (chosen >> 6)] &= ~bit(chosen)
            return chosen
        rank = below(bits, waiting)
    word = queue
    while True:
        members = pool[word]
        here = count_ones(members)
        if rank < here:
            break
        rank -= here
        word += 1
    position = nth_one(members, rank)
    pool[word] = members & ~bit(position)
    return ((word - queue) << 6) + position


@inlined
def nearest(
    line: Any, row: Any, pool: Any, queue: Any, words: Any, cpu: Any, distance: Any, places: Any
) -> Any:
    """Return the queued CPU nearest to the last requester, the lowest among equals."""
    last = line[row + LAST] * places
    least = np.int64(2**62)
    chosen = np.int64(-1)
    for word in range(words):
        members = pool[queue + word]
        while members != ZERO:
            candidate = (word << 6) + lowest_one(members)
            members &= members - ONE
            place = cpu[candidate * CPU_WORDS + PLACE]
            away = np.int64(distance[last + place])
            if away < least:
                least = away
                chosen = candidate
    return chosen


@inlined
def invalidate(
    line: Any, row: Any, pool: Any, words: Any, core: Any, core_place: Any,
    distance: Any, places: Any, home_from: Any, here: Any, home: Any,
) -> Any:  # fmt: skip
    """Empty the set of sharers.

    Returns:
        The greatest latency from place `here` to another core that had a copy, and their number.
    """
    sharers = line[row + SETS]
    most = np.int64(0)
    others = np.int64(0)
    for word in range(words):
        members = pool[sharers + word]
        if members != ZERO:
            pool[sharers + word] = ZERO
            if word == core >> 6:
                members &= ~bit(core)
            others += count_ones(members)
            while members != ZERO:
                other = (word << 6) + lowest_one(members)
                members &= members - ONE
                there = core_place[other]
                most = max(most, latency(distance, places, home_from, here, there, home))
    return most, others


@inlined
def serve_load(
    line: Any, row: Any, pool: Any, words: Any, status: Any, cpu: Any, me: Any, core_place: Any,
    distance: Any, places: Any, home_from: Any, home: Any, mem: Any, occ_r: Any, now: Any,
) -> Any:  # fmt: skip
    """Give the CPU whose row is `me` a copy; returns what it costs."""
    owner = line[row + OWNER]
    core = cpu[me + CORE]
    here = cpu[me + PLACE]
    busy = occ_r
    served_by = TRANSFERS
    if owner >= NOWHERE or owner == AT_HOME or owner <= SOLE:
        if owner >= 0 or owner <= SOLE:
            holder = owner if owner >= 0 else SOLE - owner
            sets = sets_of(line, row, status, words)
            pool[sets + (holder >> 6)] |= bit(holder)
            pool[sets + (core >> 6)] |= bit(core)
            line[row + OWNER] = SHARED
            if owner >= 0:
                there = core_place[holder]
                cost = latency(distance, places, home_from, here, there, home)
                busy = cost
            else:
                there = line[row + LAST]
                cost = latency(distance, places, home_from, here, there, home)
        else:
            cost = np.int64(distance[here * places + home])
            if owner == NOWHERE:
                cost += mem
                served_by = FETCHES
            line[row + OWNER] = SOLE - core
    else:
        pool[line[row + SETS] + (core >> 6)] |= bit(core)
        there = line[row + LAST]
        cost = latency(distance, places, home_from, here, there, home)
    cpu[me + served_by] += 1
    line[row + FREE_AT] = now + busy
    line[row + LAST] = here
    return cost


@inlined
def serve_write(
    line: Any, row: Any, pool: Any, words: Any, cpu: Any, me: Any, core_place: Any,
    distance: Any, places: Any, home_from: Any, home: Any, mem: Any, hit: Any, occ_w: Any,
    queued: Any, now: Any,
) -> Any:  # fmt: skip
    """Make the CPU whose row is `me` the owner; returns what it costs."""
    owner = line[row + OWNER]
    core = cpu[me + CORE]
    here = cpu[me + PLACE]
    others = np.int64(0)
    served_by = TRANSFERS
    if owner >= 0 or (owner <= SOLE and owner != SOLE - core):
        there = core_place[owner if owner >= 0 else SOLE - owner]
        cost = latency(distance, places, home_from, here, there, home)
        others = np.int64(1)
    elif owner == SHARED:
        cost, others = invalidate(
            line, row, pool, words, core, core_place, distance, places, home_from, here, home
        )
    elif owner <= SOLE:
        cost = hit
    else:
        cost = np.int64(distance[here * places + home])
        if owner == NOWHERE:
            cost += mem
            served_by = FETCHES
    if others == 0 and (owner == SHARED or owner <= SOLE):
        cost = hit
        served_by = HITS
    cpu[me + served_by] += 1
    cpu[me + INVALIDATIONS] += others
    if occ_w <= 100:
        line[row + FREE_AT] = now + cost * occ_w // 100
    else:
        if queued:
            cost = cost * occ_w // 100
        line[row + FREE_AT] = now + cost
    line[row + OWNER] = core
    line[row + LAST] = here
    return cost


@inlined
def serve_far(
    line: Any, row: Any, pool: Any, words: Any, cpu: Any, me: Any, core_place: Any,
    distance: Any, places: Any, home: Any, mem: Any, far: Any, now: Any,
) -> Any:  # fmt: skip
    """Execute an atomic at the line's home for the CPU whose row is `me`; returns what it costs."""
    owner = line[row + OWNER]
    core = cpu[me + CORE]
    here = cpu[me + PLACE]
    never = np.int64(2**62)
    collect = np.int64(0)
    others = np.int64(0)
    if owner == SHARED:
        mine = has_copy(line, row, pool, core)
        collect, others = invalidate(
            line, row, pool, words, core, core_place, distance, places, never, home, home
        )
        if mine:
            collect = max(collect, np.int64(distance[home * places + here]))
    elif owner >= 0 or owner <= SOLE:
        holder = owner if owner >= 0 else SOLE - owner
        collect = np.int64(distance[home * places + core_place[holder]])
        others = np.int64(holder != core)
    cost = np.int64(distance[here * places + home]) + collect
    if owner == NOWHERE:
        cost += mem
    cpu[me + FAR_ATOMICS] += 1
    cpu[me + INVALIDATIONS] += others
    line[row + FREE_AT] = now + collect + far
    line[row + OWNER] = AT_HOME
    line[row + LAST] = here
    return cost
