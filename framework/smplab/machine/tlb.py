"""The engine's TLBs: one a CPU, set-associative, least recently used first out."""

from __future__ import annotations

from typing import Any

import numpy as np

from smplab.machine.jit import inlined
from smplab.machine.system_state import (
    FRAME_VERSION,
    GENERATION,
    LAST_USE,
    LOADED_BY,
    MAY_WRITE,
    SPACE,
    SYSTEM_WORDS,
    TAG_GENERATION,
    TAG_PAGE,
    TAG_SPACE,
    TLB_ENTRIES,
    TLB_WAYS,
    TLB_WORDS,
    TO_FRAME,
    USES,
    WALK_KILLED,
)


@inlined
def find(system: Any, tlb: Any, numbers: Any, who: Any, space: Any, page: Any) -> Any:
    """Return where a CPU's TLB has a translation, or -1."""
    it = who * SYSTEM_WORDS
    ways = numbers[TLB_WAYS]
    sets = numbers[TLB_ENTRIES] // ways
    entry = (who * numbers[TLB_ENTRIES] + page % sets * ways) * TLB_WORDS
    for _ in range(ways):
        if (
            tlb[entry + TAG_PAGE] == page
            and tlb[entry + TAG_SPACE] == space
            and tlb[entry + TAG_GENERATION] == system[it + GENERATION]
        ):
            return entry
        entry += TLB_WORDS
    return np.int64(-1)


@inlined
def use(system: Any, tlb: Any, it: Any, entry: Any) -> None:
    """Note that an entry was used just now."""
    system[it + USES] += 1
    tlb[entry + LAST_USE] = system[it + USES]


@inlined
def fill(
    system: Any, tlb: Any, numbers: Any, who: Any, page: Any, frame: Any, writable: Any,
    version: Any, pc: Any,
) -> None:  # fmt: skip
    """Put a translation of the current space into a CPU's TLB."""
    it = who * SYSTEM_WORDS
    space = system[it + SPACE]
    ways = numbers[TLB_WAYS]
    sets = numbers[TLB_ENTRIES] // ways
    entry = (who * numbers[TLB_ENTRIES] + page % sets * ways) * TLB_WORDS
    chosen = find(system, tlb, numbers, who, space, page)
    if chosen < 0:
        chosen = entry
        oldest = np.int64(2**62)
        for _ in range(ways):
            last = tlb[entry + LAST_USE]
            if tlb[entry + TAG_GENERATION] != system[it + GENERATION]:
                last = np.int64(-1)
            if last < oldest:
                oldest = last
                chosen = entry
            entry += TLB_WORDS
    tlb[chosen + TAG_SPACE] = space
    tlb[chosen + TAG_PAGE] = page
    tlb[chosen + TAG_GENERATION] = system[it + GENERATION]
    tlb[chosen + TO_FRAME] = frame
    tlb[chosen + MAY_WRITE] = writable
    tlb[chosen + FRAME_VERSION] = version
    tlb[chosen + LOADED_BY] = pc
    use(system, tlb, it, chosen)


@inlined
def drop_page(system: Any, tlb: Any, numbers: Any, who: Any, space: Any, page: Any) -> None:
    """Forget one page."""
    entry = find(system, tlb, numbers, who, space, page)
    if entry >= 0:
        tlb[entry + TAG_GENERATION] = 0
    kill_walk(system, who, space)


@inlined
def drop_space(system: Any, tlb: Any, numbers: Any, who: Any, space: Any) -> None:
    """Forget a space."""
    entry = who * numbers[TLB_ENTRIES] * TLB_WORDS
    for _ in range(numbers[TLB_ENTRIES]):
        if tlb[entry + TAG_SPACE] == space:
            tlb[entry + TAG_GENERATION] = 0
        entry += TLB_WORDS
    kill_walk(system, who, space)


@inlined
def kill_walk(system: Any, who: Any, space: Any) -> None:
    """Let a walk that is under way begin again at its end: it may have read what is no more."""
    it = who * SYSTEM_WORDS
    if system[it + SPACE] == space:
        system[it + WALK_KILLED] = 1
