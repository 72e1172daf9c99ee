"""Progress, judged on the whole graph of states.

(a) From every state in which an operation is open, a state can be reached in which it is complete.
(b) No weakly fair cycle leaves it open for ever: a cycle in which each CPU and each store buffer
    that could always go on does go on. N. Francez, "Fairness", 1986; the search for such cycles by
    components follows O. Lichtenstein and A. Pnueli, "Checking That Finite State Concurrent
    Programs Satisfy Their Linear Specification", POPL 1985.

An operation is region 0 ("operation"). An image that marks none is judged by its CPUs' whole runs:
an open operation is then a CPU that has not halted. With `Progress.EVERY` both are asked for each
CPU; with `Progress.SOME` it is enough that any CPU completes. Where CPUs run contexts, an operation
belongs to the context that began it, and each of them is asked instead of each CPU. Interrupts on
their way to a CPU, and its timer, are processes: they arrive in the end.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import numpy as np

from smplab.language.isa import Op
from smplab.verify import graph
from smplab.verify.explorer import Explorer
from smplab.verify.options import Progress
from smplab.verify.trace import path_to, trace_along
from smplab.verify.unit import Saved

MAX_STATES: Final = 10_000_000
"""Larger graphs are not judged."""


def judge(explorer: Explorer) -> dict[str, Any]:
    """Return the fields of a Verdict: a violation of progress, a note, or nothing."""
    if explorer.count > MAX_STATES:
        return {"notes": (f"progress was not judged: more than {MAX_STATES} states",)}
    m = explorer.automaton
    start = np.maximum.accumulate(explorer.edge_start[: explorer.count + 1])
    explorer.edge_start = start
    target = explorer.edge_target[: start[-1]]
    label = explorer.edge_label[: start[-1]]
    pending = np.zeros(explorer.count, np.uint32)
    completing = np.zeros(len(target), np.uint32)
    if m.cpus > graph.MAX_CPUS or len(m.contexts) > 32:
        return {"notes": ("progress was not judged: too many CPUs or contexts",)}
    code = m.program.image.code
    regions = bool(np.any((code[:, 0] == Op.END) & (code[:, 1] == 0)))
    values = [m.words.values[slot] for slot in m.contexts]
    saved = np.zeros((len(values), max(map(len, values), default=1)), np.bool_)
    for context, states in enumerate(values):
        saved[context, : len(states)] = [isinstance(s, Saved) and s.pending > 0 for s in states]
    first = m.cpus * (1 + explorer.depth)
    fields = np.arange(m.contexts.start, m.contexts.stop, dtype=np.int64) + first
    graph.completions(
        explorer.keys, explorer.packing.at, m.local.rows, m.cpus, regions, saved, fields, start,
        target, label, pending, completing,
    )  # fmt: skip
    subjects = max(m.cpus, len(m.contexts) if regions else 0)
    masks = [1 << i for i in range(subjects)]
    if explorer.options.progress is Progress.SOME:
        masks = [(1 << subjects) - 1]
    nothing = np.uint32(0)
    component, found = graph.components(start, target, completing, nothing)
    for mask in map(np.uint32, masks):
        state = graph.first_stuck(start, target, completing, pending, component, found, mask)
        if state >= 0:
            return _stuck(explorer, int(state), int(pending[state] & mask))
    for mask in map(np.uint32, masks):
        component, found = graph.components(start, target, completing, mask)
        state = graph.first_fair(
            start, target, label, completing, pending, component, found, mask, m.cpus
        )
        if state >= 0:
            inside = component == component[state]
            allowed = (completing & mask) == 0
            cycle = _cycle(explorer, int(state), inside, allowed)
            return _livelock(explorer, int(state), int(pending[state] & mask), cycle)
    return {}


def _stuck(explorer: Explorer, state: int, who: int) -> dict[str, Any]:
    trace, _ = trace_along(explorer, path_to(explorer, state))
    text = (
        f"{_names(explorer, who)} can never complete the operation, whatever happens from here on"
    )
    return {"kind": "stuck", "violation": text, "trace": trace}


def _livelock(explorer: Explorer, state: int, who: int, cycle: list[int]) -> dict[str, Any]:
    path = path_to(explorer, state)
    trace, _ = trace_along(explorer, path + cycle, len(path) - 1)
    text = (
        f"{_names(explorer, who)} may never complete the operation,"
        " though every CPU goes on when it can"
    )
    return {"kind": "livelock", "violation": text, "trace": trace}


def _names(explorer: Explorer, who: int) -> str:
    """Name CPUs or, where they run contexts, these."""
    what = "context" if explorer.automaton.contexts else "CPU"
    numbers = [str(i) for i in range(who.bit_length()) if who >> i & 1]
    if len(numbers) == 1:
        return f"{what} {numbers[0]}"
    return f"none of {what}s {', '.join(numbers)}"


def _cycle(explorer: Explorer, first: int, inside: Any, allowed: Any) -> list[int]:
    """States of a fair cycle from `first` back to itself, without `first` at its beginning."""
    cpus = explorer.automaton.cpus
    start, target = explorer.edge_start, explorer.edge_target

    def edges(state: int) -> list[int]:
        found = range(int(start[state]), int(start[state + 1]))
        return [e for e in found if allowed[e] and inside[target[e]]]

    def process(edge: int) -> int:
        return int(graph.process_of(int(explorer.edge_label[edge]), cpus))

    def walk(source: int, wanted: Any) -> list[int]:
        """Shortest non-empty walk inside to an edge that is wanted; the states after `source`."""
        before: dict[int, int] = {source: -1}
        queue = deque([source])
        while queue:
            state = queue.popleft()
            for e in edges(state):
                following = int(target[e])
                if wanted(state, e):
                    back = [following]
                    while state != source:
                        back.append(state)
                        state = before[state]
                    return back[::-1]
                if following not in before:
                    before[following] = state
                    queue.append(following)
        return []

    cycle: list[int] = []
    here = first
    for p in range(graph.PROCESSES * cpus):

        def helps(state: int, edge: int, p: int = p) -> bool:
            every = range(int(start[state]), int(start[state + 1]))
            return process(edge) == p or all(process(e) != p for e in every)

        steps = walk(here, helps)
        cycle += steps
        here = cycle[-1]
    if here != first:
        cycle += walk(here, lambda _, edge: int(target[edge]) == first)
    return cycle
