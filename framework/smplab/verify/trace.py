"""From a state that violates something back to the run that leads there."""

from __future__ import annotations

import numpy as np

from smplab.verify import search as s
from smplab.verify.execution import execute
from smplab.verify.explorer import Explorer
from smplab.verify.packing import States
from smplab.verify.stepper import Stepper
from smplab.verify.verdict import Action, Trace


def path_to(explorer: Explorer, state: int) -> list[int]:
    """Numbers of the states from the first to `state`, along a shortest path."""
    path = [state]
    while path[-1] != 0:
        path.append(int(explorer.parents[path[-1]]))
    return path[::-1]


def trace_along(
    explorer: Explorer, path: list[int], cycle: int | None = None
) -> tuple[Trace, Stepper]:
    """Return the run along a path of states, and where the reference's CPUs are at its end.

    Args:
        explorer: a search that has ended.
        path: numbers of states, from the first on.
        cycle: index into `path` of the state to which the last one returns.
    """
    m = explorer.automaton
    here = np.zeros(explorer.packing.words, np.uint64)
    there = np.zeros_like(here)
    order = np.arange(m.cpus)
    who = list(range(m.cpus))  # which CPU of the first state is the k-th of this one
    actions = []
    for number in path[1:]:
        key = explorer.keys[number]
        target = np.uint64(s.fingerprint(key) if explorer.exact else key[0])
        cpu, variant, slot, which, count = s.find_action(
            here, target, there, order, m.cpus, explorer.depth, m.arrivals, m.options.reduction,
            explorer.sorted_by_word, m.symmetric, explorer.packing.at, m.local.rows,
            m.transition.rows, m.words.table.rows, m.words.stores.rows, m.irq.rows,
        )  # fmt: skip
        choice = m.words.key[slot][1] if slot >= 0 else max(variant, which)
        actions.append(Action(who[cpu], slot >= 0, choice, count, arrival=which >= 0))
        if m.symmetric:
            who = [who[k] for k in order.tolist()]
        here, there = there, here
    failing = _about_to_fail(explorer, here)
    actions += [] if failing is None else [Action(who[failing])]
    direct = m.direct
    end, events = execute(m.program, m.options, actions, direct)
    return Trace(tuple(actions), tuple(events), direct, cycle), end


def _about_to_fail(explorer: Explorer, state: States) -> int | None:
    """The CPU of a state that stands in front of an instruction at fault, if there is one.

    The search stops there; the reference's CPUs stop when they execute it.
    """
    m = explorer.automaton
    for cpu, rank in enumerate(explorer.packing.unpack(state)[: m.cpus]):
        local = m.states[rank * m.cpus + cpu]
        assert local is not None
        if local.ahead:
            return cpu
    return None
