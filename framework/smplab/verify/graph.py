"""Strongly connected components of a state graph, and what is fair in them; compiled.

R. Tarjan, "Depth-First Search and Linear Graph Algorithms", SIAM J. Comput. 1(2), 1972, without
recursion. Components come out with those that they lead to before them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from smplab.machine.jit import UINT64, inlined
from smplab.verify import tables as t
from smplab.verify.jit import kept
from smplab.verify.packing import get
from smplab.verify.transitions import ARRIVAL_LABEL, DRAIN_LABEL, ENDED_LABEL, TIMER_LABEL

CPU_MASK: Final = TIMER_LABEL - 1
PROCESSES: Final = 4
"""Of a CPU: itself, its store buffer, interrupts on their way to it, its timer."""
MAX_CPUS: Final = 64 // PROCESSES - 1


@inlined
def process_of(label: Any, cpus: Any) -> Any:
    """Number of the process that an edge belongs to, one of PROCESSES of a CPU."""
    process = label & CPU_MASK
    if label & DRAIN_LABEL:
        process += cpus
    elif label & ARRIVAL_LABEL:
        process += 2 * cpus
    elif label & TIMER_LABEL:
        process += 3 * cpus
    return process


@kept
def completions(keys: Any, at: Any, local: Any, cpus: Any, regions: Any, saved: Any, fields: Any,
                edge_start: Any, edge_target: Any, edge_label: Any, pending: Any,
                completing: Any) -> None:  # fmt: skip
    """Fill in, as bits, whose operation is open in each state, and whose ends at each edge.

    A bit is a context: a CPU's number, or that of a thread of the pool.

    Args:
        regions: whether operations are marked by BEGIN and END; otherwise a CPU's whole run is one.
        saved: bool [contexts, values]: whether an operation is open in a context that nobody runs,
            by the value of its word; no contexts in an image that has none.
        fields: int64 [contexts]: fields of these words.
        pending, completing: uint32 [states], uint32 [edges]; the rest as in `search.explore`.
    """
    count = edge_start.shape[0] - 1
    for s in range(count):
        bits = np.uint32(0)
        for i in range(cpus):
            n = get(keys[s], at, i) * cpus + i
            if not regions:
                bits |= np.uint32(local[n, t.KIND] != t.HALTED) << np.uint32(i)
            elif local[n, t.PENDING] == 1 and local[n, t.KIND] != t.HALTED:
                context = np.int64(local[n, t.CONTEXT])
                bits |= np.uint32(1) << np.uint32(i if context < 0 else context)
        for c in range(saved.shape[0]):
            if regions and saved[c, get(keys[s], at, fields[c])]:
                bits |= np.uint32(1) << np.uint32(c)
        pending[s] = bits
    for s in range(count):
        for e in range(edge_start[s], edge_start[s + 1]):
            label = np.int64(edge_label[e])
            if not regions:
                completing[e] = pending[s] & ~pending[edge_target[e]]
            elif label & ENDED_LABEL:
                who = label & CPU_MASK
                n = get(keys[s], at, who) * cpus + who
                context = np.int64(local[n, t.CONTEXT])
                completing[e] = np.uint32(1) << np.uint32(who if context < 0 else context)
            else:
                completing[e] = 0


@kept
def components(edge_start: Any, edge_target: Any, completing: Any, without: Any) -> Any:
    """Number the components of the graph without the edges that complete any of `without`.

    Returns:
        Component of each state, uint32; and their number. Edges lead to equal or lower numbers.
    """
    count = edge_start.shape[0] - 1
    unseen = np.uint32(0xFFFFFFFF)
    order = np.full(count, unseen, np.uint32)
    low = np.empty(count, np.uint32)
    component = np.full(count, unseen, np.uint32)
    stack = np.empty(count, np.uint32)
    path = np.empty(count, np.uint32)
    edge = np.empty(count, np.int64)
    on_stack = 0
    on_path = 0
    seen = np.uint32(0)
    found = np.uint32(0)
    for root in range(count):
        if order[root] != unseen:
            continue
        path[0] = root
        on_path = 1
        order[root] = low[root] = seen
        seen += np.uint32(1)
        stack[on_stack] = root
        on_stack += 1
        edge[root] = edge_start[root]
        while on_path > 0:
            s = path[on_path - 1]
            if edge[s] < edge_start[s + 1]:
                e = edge[s]
                edge[s] += 1
                if completing[e] & without:
                    continue
                target = edge_target[e]
                if order[target] == unseen:
                    order[target] = low[target] = seen
                    seen += np.uint32(1)
                    stack[on_stack] = target
                    on_stack += 1
                    edge[target] = edge_start[target]
                    path[on_path] = target
                    on_path += 1
                elif component[target] == unseen and order[target] < low[s]:
                    low[s] = order[target]
                continue
            on_path -= 1
            if low[s] == order[s]:
                while True:
                    on_stack -= 1
                    member = stack[on_stack]
                    component[member] = found
                    if member == s:
                        break
                found += np.uint32(1)
            if on_path > 0:
                before = path[on_path - 1]
                low[before] = min(low[before], low[s])
    return component, np.int64(found)


@kept
def first_stuck(edge_start: Any, edge_target: Any, completing: Any, pending: Any, component: Any,
                found: Any, mask: Any) -> Any:  # fmt: skip
    """Return the first state in which one of `mask` is pending, but none of them can ever complete.

    Args:
        component, found: of the whole graph.
    """
    count = edge_start.shape[0] - 1
    can = np.zeros(found, np.bool_)
    by_component = np.argsort(component, kind="mergesort")
    for k in range(count):
        s = by_component[k]
        for e in range(edge_start[s], edge_start[s + 1]):
            if completing[e] & mask or can[component[edge_target[e]]]:
                can[component[s]] = True
    for s in range(count):
        if pending[s] & mask and not can[component[s]]:
            return s
    return np.int64(-1)


@kept
def first_fair(edge_start: Any, edge_target: Any, edge_label: Any, completing: Any, pending: Any,
               component: Any, found: Any, mask: Any, cpus: Any) -> Any:  # fmt: skip
    """Return the first state from which a weakly fair cycle leaves one of `mask` pending for ever.

    A cycle is weakly fair if every process moves in it or is disabled somewhere in it. A component
    (without completing edges) has such a cycle if that holds for all its edges and states together.

    Args:
        component, found: of the graph without the edges that complete one of `mask`.
    """
    count = edge_start.shape[0] - 1
    moves = np.zeros(found, np.uint64)
    pauses = np.zeros(found, np.uint64)
    one = UINT64(1)
    everyone = (one << UINT64(PROCESSES * cpus)) - one
    for s in range(count):
        c = component[s]
        enabled = UINT64(0)
        for e in range(edge_start[s], edge_start[s + 1]):
            process = one << UINT64(process_of(np.int64(edge_label[e]), cpus))
            enabled |= process
            if not completing[e] & mask and component[edge_target[e]] == c:
                moves[c] |= process
        pauses[c] |= everyone & ~enabled
    for s in range(count):
        c = component[s]
        if pending[s] & mask and moves[c] != 0 and moves[c] | pauses[c] == everyone:
            return s
    return np.int64(-1)
