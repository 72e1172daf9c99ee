"""The search itself, compiled: breadth first over packed states in an open-addressing hash table.

It looks up what the automata (`smplab.verify.automaton`) say and returns to its caller when an
entry is missing, a field is too narrow or an array is full; the state being expanded is then
expanded again from the start, which adds nothing twice.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from smplab.machine.jit import UINT64, inlined
from smplab.verify import tables as t
from smplab.verify.jit import kept
from smplab.verify.packing import get
from smplab.verify.symmetry import sort_cpus
from smplab.verify.transitions import (
    ARRIVAL_LABEL,
    DEADLOCK,
    DEEP,
    DONE,
    DRAIN_LABEL,
    ENDED_LABEL,
    FAULTED,
    GROW,
    SLICE,
    TIMER_LABEL,
    advance,
    arrive,
    drain,
    oldest,
)

# Words of the search's state that survive between slices.
CURSOR: Final = 0  # next state to expand
COUNT: Final = 1  # states found
LEVEL_END: Final = 2  # states below are not deeper than DEPTH
DEPTH: Final = 3
TRANSITIONS: Final = 4
EDGES: Final = 5
A: Final = 6  # details of the reason
B: Final = 7
TOUCHED: Final = 8  # written so that no compiler drops the touching
META_WORDS: Final = 9

FAILED_LABEL: Final = 256
"""Added to the label of an edge to a state that holds a failed CPU."""
BARE: Final = False
KERNELS: Final = True
"""What the search is compiled for; the bare machine's is spared all that only kernels need."""
BATCH: Final = 256
"""Successors that are inserted together."""


@inlined
def hash_of(w: Any) -> Any:
    """Mix a state's words into 64 bits (the finaliser of splitmix64 after each)."""
    h = UINT64(0x9E3779B97F4A7C15)
    for k in range(w.shape[0]):
        h ^= w[k]
        h = (h ^ (h >> UINT64(30))) * UINT64(0xBF58476D1CE4E5B9)
        h = (h ^ (h >> UINT64(27))) * UINT64(0x94D049BB133111EB)
        h ^= h >> UINT64(31)
    return h


@inlined
def insert(w: Any, h: Any, meta: Any, parent: Any, keys: Any, exact: Any, queue: Any, wrap: Any,
           parents: Any, index: Any) -> Any:  # fmt: skip
    """Return the number of a state with hash `h`, which is new if it was COUNT before."""
    mask = UINT64(index.shape[0] - 1)
    place = place_of(h, mask)
    while True:
        known = index[place]
        if known == 0:
            break
        number = UINT64(known) - UINT64(1)
        if exact:
            same = True
            for k in range(w.shape[0]):
                if keys[number, UINT64(k)] != w[k]:
                    same = False
                    break
        else:
            same = keys[number, UINT64(0)] == h
        if same:
            return np.int64(number)
        place = (place + UINT64(1)) & mask
    count = meta[COUNT]
    index[place] = np.uint32(count + 1)
    row = UINT64(count) & wrap
    for k in range(w.shape[0]):
        queue[row, UINT64(k)] = w[k]
    if not exact:
        keys[UINT64(count), UINT64(0)] = h
    parents[UINT64(count)] = np.uint32(parent)
    meta[COUNT] = count + 1
    return np.int64(count)


@inlined
def insert_all(batch: Any, source: Any, label: Any, size: Any, hashes: Any, meta: Any, keys: Any,
               exact: Any, queue: Any, wrap: Any, parents: Any, index: Any, recording: Any,
               edge_start: Any, edge_target: Any, edge_label: Any) -> Any:  # fmt: skip
    """Insert a batch of successors; return the number of the first that holds a failed CPU, or -1.

    The index and the states that it names are far apart in memory. Touching them for the whole
    batch before using any lets the processor wait for all of them at once.
    """
    mask = UINT64(index.shape[0] - 1)
    touched = np.uint64(0)
    for n in range(size):
        h = hash_of(batch[UINT64(n)])
        hashes[UINT64(n)] = h
        touched ^= UINT64(index[place_of(h, mask)])
    for n in range(size):
        known = index[place_of(hashes[UINT64(n)], mask)]
        if known != 0:
            touched ^= keys[UINT64(known) - UINT64(1), UINT64(0)]
    meta[TOUCHED] = np.int64(touched)
    failed = np.int64(-1)
    for n in range(size):
        j = UINT64(n)
        parent = source[j]
        target = insert(batch[j], hashes[j], meta, parent, keys, exact, queue, wrap, parents, index)
        if label[j] & FAILED_LABEL and failed < 0:
            failed = target
        if recording:
            edge = meta[EDGES]
            edge_target[edge] = np.uint32(target)
            edge_label[edge] = np.uint8(label[j])
            edge_start[parent + 1] = edge + 1
            meta[EDGES] = edge + 1
    meta[TRANSITIONS] += size
    return failed


@inlined
def place_of(h: Any, mask: Any) -> Any:
    """Where the index is searched for a hash first."""
    return (h ^ (h >> UINT64(32))) & mask


@kept
def rebuild(index: Any, keys: Any, exact: Any, count: Any) -> None:
    """Enter all states into an empty index."""
    mask = UINT64(index.shape[0] - 1)
    for n in range(count):
        h = hash_of(keys[n]) if exact else keys[n, 0]
        place = place_of(h, mask)
        while index[place] != 0:
            place = (place + UINT64(1)) & mask
        index[place] = np.uint32(n + 1)


@inlined
def expand(systems: Any, meta: Any, budget: Any, max_depth: Any, fanout: Any, cpus: Any, depth:
           Any, arrivals: Any, merging: Any, sorted_by_word: Any, symmetric: Any, exact: Any,
           recording: Any, at: Any, local: Any, transition: Any, line_of: Any, stores: Any, irq:
           Any, keys: Any, queue: Any, wrap: Any, parents: Any, index: Any, edge_start: Any,
           edge_target: Any, edge_label: Any) -> Any:  # fmt: skip
    """Expand states, as `explore` says; `systems`, a constant, is whether kernels run."""
    words = queue.shape[1]
    w0 = np.empty(words, np.uint64)
    order = np.empty(cpus, np.int64)
    batch = np.empty((BATCH + fanout, words), np.uint64)
    hashes = np.empty(BATCH + fanout, np.uint64)
    source = np.empty(BATCH + fanout, np.int64)
    labels = np.empty(BATCH + fanout, np.int64)
    size = np.int64(0)
    outcome = np.int64(SLICE)
    a = np.int64(0)
    b = np.int64(0)
    for _ in range(budget):
        s = meta[CURSOR]
        if size >= BATCH or s == meta[COUNT] or s == meta[LEVEL_END]:
            failed = insert_all(
                batch, source, labels, size, hashes, meta, keys, exact, queue, wrap, parents, index,
                recording, edge_start, edge_target, edge_label,
            )  # fmt: skip
            size = np.int64(0)
            if failed >= 0:
                meta[A] = failed
                return FAULTED
            if s == meta[COUNT]:
                return DONE
            if s == meta[LEVEL_END]:
                if meta[DEPTH] + 1 > max_depth:
                    return DEEP
                meta[DEPTH] += 1
                meta[LEVEL_END] = meta[COUNT]
        count = meta[COUNT] + size + fanout
        if (
            count > parents.shape[0]
            or count - s > np.int64(wrap)
            or count * 3 > np.int64(index.shape[0]) * 2
            or (recording and meta[EDGES] + size + fanout > edge_target.shape[0])
        ):
            outcome = np.int64(GROW)
            break
        row = UINT64(s) & wrap
        for k in range(words):
            w0[k] = queue[row, UINT64(k)]
        halted = np.int64(0)
        for i in range(cpus):
            kind = local[UINT64(get(w0, at, i) * cpus + i), t.KIND]
            halted += kind == t.HALTED
        first = size
        spinning = np.int64(0)
        for i in range(cpus):
            variants = np.int64(1)
            n = UINT64(get(w0, at, i) * cpus + i)
            if local[n, t.KIND] == t.DRAW:
                variants = np.int64(local[n, t.CHOICES])
            for choice in range(variants + depth + (arrivals if systems else 0)):
                w = batch[UINT64(size)]
                for k in range(words):
                    w[k] = w0[k]
                label = np.int64(i)
                if choice < variants:
                    reason, a, b, done, ended = advance(
                        w, at, i, choice, cpus, depth, merging, sorted_by_word, local, transition,
                        line_of, stores, irq, systems,
                    )  # fmt: skip
                    label += ended * ENDED_LABEL
                elif not systems or choice < variants + depth:
                    position = oldest(
                        w, at, cpus + i * depth, depth, sorted_by_word, choice - variants, stores
                    )
                    if position < 0:
                        continue
                    reason, a, b = drain(w, at, i, position, cpus, depth, local, line_of, stores)
                    done = np.int64(1)
                    label += DRAIN_LABEL
                else:
                    which = choice - variants - depth
                    slots = cpus + cpus * depth
                    reason, a, b, done = arrive(w, at, i, which, cpus, slots, local, irq)
                    label += TIMER_LABEL if which == arrivals - 1 else ARRIVAL_LABEL
                if reason == FAULTED:
                    label += FAILED_LABEL
                elif reason != SLICE:
                    outcome = np.int64(reason)
                    break
                if done > 0:
                    if symmetric:
                        sort_cpus(w, at, cpus, depth, order)
                    moved = recording or reason == FAULTED
                    for k in range(words):
                        moved |= w[k] != w0[k]
                    if moved:
                        source[UINT64(size)] = s
                        labels[UINT64(size)] = label
                        size += 1
                    else:
                        spinning += 1
            if outcome != SLICE:
                break
        if outcome != SLICE:
            size = first
            break
        if recording:
            edge_start[s + 1] = 0  # until its edges are known; none leave a final state
        meta[CURSOR] = s + 1
        meta[TRANSITIONS] += spinning
        if size + spinning == first and halted < cpus:
            a = s
            outcome = np.int64(DEADLOCK)
            break
    failed = insert_all(
        batch, source, labels, size, hashes, meta, keys, exact, queue, wrap, parents, index,
        recording, edge_start, edge_target, edge_label,
    )  # fmt: skip
    if failed >= 0:
        meta[A] = failed
        return FAULTED
    meta[A] = a
    meta[B] = b
    return outcome


@kept
def explore(meta: Any, budget: Any, max_depth: Any, fanout: Any, cpus: Any, depth: Any, arrivals:
            Any, merging: Any, sorted_by_word: Any, symmetric: Any, exact: Any, recording: Any,
            at: Any, local: Any, transition: Any, line_of: Any, stores: Any, irq: Any, keys: Any,
            queue: Any, wrap: Any, parents: Any, index: Any, edge_start: Any, edge_target: Any,
            edge_label: Any) -> Any:  # fmt: skip
    """Expand up to `budget` states; return why it stopped.

    Args:
        meta: int64 [META_WORDS].
        fanout: successors that a state has at most.
        depth, arrivals: room in a store buffer, and interrupts that may be under way to a CPU.
        exact: whether `keys` are the states themselves (and `queue` is the same array), or their
            hashes, with only the states not yet expanded in `queue`, at their number & wrap.
        symmetric: whether states are replaced by their representatives.
        recording: whether to write edges: targets and labels of state s from edge_start[s] on.
        at: fields of a state (`Packing.at`).
        local, transition, line_of, stores, irq: tables of the automata and words.
        keys, parents, index: uint64 [capacity, words], uint32 [capacity], uint32 [power of two].
    """
    return expand(
        BARE,
        meta, budget, max_depth, fanout, cpus, depth, arrivals, merging, sorted_by_word, symmetric,
        exact, recording, at, local, transition, line_of, stores, irq, keys, queue, wrap, parents,
        index, edge_start, edge_target, edge_label,
    )  # fmt: skip


@kept
def explore_system(meta: Any, budget: Any, max_depth: Any, fanout: Any, cpus: Any, depth: Any,
                   arrivals: Any, merging: Any, sorted_by_word: Any, symmetric: Any, exact: Any,
                   recording: Any, at: Any, local: Any, transition: Any, line_of: Any, stores:
                   Any, irq: Any, keys: Any, queue: Any, wrap: Any, parents: Any, index: Any,
                   edge_start: Any, edge_target: Any, edge_label: Any) -> Any:  # fmt: skip
    """As `explore`, compiled a second time, for images with the instructions of kernels."""
    return expand(
        KERNELS,
        meta, budget, max_depth, fanout, cpus, depth, arrivals, merging, sorted_by_word, symmetric,
        exact, recording, at, local, transition, line_of, stores, irq, keys, queue, wrap, parents,
        index, edge_start, edge_target, edge_label,
    )  # fmt: skip


@kept
def find_action(source: Any, target: Any, w: Any, order: Any, cpus: Any, depth: Any, arrivals: Any,
                merging: Any, sorted_by_word: Any, symmetric: Any, at: Any, local: Any,
                transition: Any, line_of: Any, stores: Any, irq: Any) -> Any:  # fmt: skip
    """Find the step from a state to the successor whose fingerprint is `target`.

    Returns:
        CPU, -1 if there is no such step; variant of its own step, or -1; slot of the word whose
        store leaves its buffer, or -1; arrival, or -1; ordered instructions executed. The successor
        itself is in `w`.
    """
    none = np.int64(-1)
    for i in range(cpus):
        variants = np.int64(1)
        n = get(source, at, i) * cpus + i
        if local[n, t.KIND] == t.DRAW:
            variants = np.int64(local[n, t.CHOICES])
        for choice in range(variants + depth + arrivals):
            for k in range(w.shape[0]):
                w[k] = source[k]
            slot = none
            done = np.int64(1)
            if choice < variants:
                _, _, _, done, _ = advance(
                    w, at, i, choice, cpus, depth, merging, sorted_by_word, local, transition,
                    line_of, stores, irq, KERNELS,
                )  # fmt: skip
            elif choice < variants + depth:
                first = cpus + i * depth
                position = oldest(w, at, first, depth, sorted_by_word, choice - variants, stores)
                if position < 0:
                    continue
                slot = np.int64(stores[get(w, at, first + position) - 1, t.ST_SLOT])
                drain(w, at, i, position, cpus, depth, local, line_of, stores)
            else:
                which = choice - variants - depth
                _, _, _, done = arrive(w, at, i, which, cpus, cpus + cpus * depth, local, irq)
            if symmetric:
                sort_cpus(w, at, cpus, depth, order)
            if done > 0 and hash_of(w) == target:
                variant = np.int64(choice) if choice < variants else none
                return np.int64(i), variant, slot, max(choice - variants - depth, none), done
    return none, none, none, none, np.int64(0)


@kept
def fingerprint(w: Any) -> Any:
    """Return the 64 bits by which a state is known."""
    return hash_of(w)
