"""The engine's heap of what happens next: 4-ary, of int64 keys that hold time, class and number.

    key = ticks << shift | number      number: a line, or lines + a CPU

so that one comparison orders by time, then services of lines by address, then CPUs by number. Keys
beyond the end are NEVER, which saves the sift from looking at the heap's size. While an event is
executed its key stays at the root, where it is less than all others, until it is replaced.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from smplab.machine.jit import inlined

NEVER = np.int64(2**63 - 1)


@inlined
def push(heap: Any, size: Any, key: Any) -> Any:
    """Add a key that is greater than the root; returns the new size."""
    i = size
    while i > 0:
        parent = (i - 1) >> 2
        above = heap[parent]
        if above <= key:
            break
        heap[i] = above
        i = parent
    heap[i] = key
    return size + 1


@inlined
def replace_root(heap: Any, size: Any, key: Any) -> None:
    """Put a key in the place of the root, and the least key at the root."""
    i = np.int64(0)
    while True:
        child = 4 * i + 1
        if child >= size:
            break
        best, least = least_child(heap, child)
        if least >= key:
            break
        heap[i] = least
        i = best
    heap[i] = key


@inlined
def pop_root(heap: Any, size: Any) -> Any:
    """Remove the root; returns the new size."""
    size -= 1
    last = heap[size]
    heap[size] = NEVER
    if size > 0:
        replace_root(heap, size, last)
    return size


@inlined
def least_child(heap: Any, child: Any) -> Any:
    """Return the position of the least of four siblings, and its key."""
    k0, k1 = heap[child], heap[child + 1]
    k2, k3 = heap[child + 2], heap[child + 3]
    # Sums, not branches: which child is least cannot be predicted.
    left, right = child + np.int64(k1 < k0), child + 2 + np.int64(k3 < k2)
    least_left, least_right = min(k0, k1), min(k2, k3)
    chosen = np.int64(least_right < least_left)
    return left + chosen * (right - left), min(least_left, least_right)


@inlined
def second(heap: Any) -> Any:
    """Return the least key below the root."""
    return least_child(heap, np.int64(1))[1]


@inlined
def remove(heap: Any, size: Any, key: Any) -> Any:
    """Remove a key that is in the heap, but not at its root; returns the new size."""
    i = np.int64(1)
    while heap[i] != key:
        i += 1
    size -= 1
    last = heap[size]
    heap[size] = NEVER
    if i < size:
        while i > 4 and heap[(i - 1) >> 2] > last:
            heap[i] = heap[(i - 1) >> 2]
            i = (i - 1) >> 2
        while True:
            child = 4 * i + 1
            if child >= size:
                break
            best, least = least_child(heap, child)
            if least >= last:
                break
            heap[i] = least
            i = best
        heap[i] = last
    return size
