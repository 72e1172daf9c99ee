"""What kernels can be put together from: all of it, or so much that every pair of choices occurs.

Most faults take one or two choices to show (D. R. Kuhn, D. R. Wallace and A. M. Gallo, "Software
Fault Interactions and Implications for Software Testing", IEEE TSE 30(6), 2004).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from smplab.kernel.kernel import Kernel, KernelWorkload
from smplab.language.component import Component
from smplab.plugin.host import shared_host

REFUSED = {"synchronization": "dynamic", "granularity": "global"}
"""Fillings that do not go together: there is no lock of an object to turn off."""

Combination = Mapping[str, Any]
"""A kernel, the fillings of all slots in use, and what else varies, each by its name."""


def every(**others: Iterable[Any]) -> list[Combination]:
    """Return all kernels with all fillings; `others` vary as well, if their names allow it.

    A kernel for one CPU comes with `cpus` 1 only.
    """
    found: list[Combination] = []
    for name in shared_host().registry.names("kernel"):
        kernel = shared_host().find("kernel", name).component
        if issubclass(kernel, Kernel):
            for filled in _filled({"kernel": name}, kernel.slots()):
                for values in itertools.product(*others.values()):
                    combination = {**filled, **dict(zip(others, values, strict=True))}
                    if kernel.multiprocessor or combination.get("cpus", 1) == 1:
                        found.append(combination)
    return found


def _filled(chosen: dict[str, str], slots: Sequence[str]) -> Iterator[dict[str, str]]:
    """Fill the slots, and those of their fillings, in all ways."""
    todo = [slot for slot in slots if slot not in chosen]
    if REFUSED.items() <= chosen.items():
        return
    if not todo:
        yield chosen
        return
    kind = f"mechanism/{todo[0]}"
    for name in shared_host().registry.names(kind):
        below = shared_host().find(kind, name).slots()
        yield from _filled({**chosen, todo[0]: name}, [*todo[1:], *below])


def pairwise(combinations: Sequence[Combination]) -> list[Combination]:
    """Choose some in which each pair of choices occurs that occurs at all, the best ones first.

    The greedy cover of D. M. Cohen et al., "The AETG System", IEEE TSE 23(7), 1997.
    """
    left = {i: _pairs(one) for i, one in enumerate(combinations)}
    missing = set().union(*left.values())
    found: list[Combination] = []
    while missing:
        best = max(left, key=lambda i: (len(left[i] & missing), -i))
        missing -= left.pop(best)
        found.append(combinations[best])
    return found


def _pairs(one: Combination) -> set[frozenset[tuple[str, Any]]]:
    """A combination's pairs, and each of its choices alone, in case that it is the only one."""
    singles = {frozenset([item]) for item in one.items()}
    return singles | {frozenset(pair) for pair in itertools.combinations(one.items(), 2)}


def name_of(one: Combination) -> str:
    """Return the name of a test."""
    return "-".join(map(str, one.values()))


def wired(
    one: Combination, workload: KernelWorkload, kernel: Kernel | None = None, /, **capacities: int
) -> dict[str, Component]:
    """Make a combination's components, each behind those that it uses, and wire them.

    Args:
        kernel: in the place of the combination's own.
    """
    registry = shared_host().registry
    made: dict[str, Component] = {}

    def fill(user: Component) -> None:
        for slot in user.slots():
            if slot not in made:
                filling: Component = registry.build(f"mechanism/{slot}", {"name": one[slot]})
                if slot == "synchronization" and "starts" in one and hasattr(filling, "starts"):
                    filling.starts = one["starts"]
                fill(filling)
                made[slot] = filling
            setattr(user, slot, made[slot])

    if kernel is None:
        kernel = registry.build("kernel", {"name": one["kernel"]})
    assert kernel is not None
    for name, value in capacities.items():
        setattr(kernel, name, value)
    fill(kernel)
    workload.kernel = kernel
    return {**made, "kernel": kernel, "workload": workload}
