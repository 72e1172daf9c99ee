"""The panels of a figure of many curves: a panel a machine, divided again until it can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smplab.lab.curves import Curve, Flat, telling, words

MACHINE = "topology.name"
LINES = 14  # in one panel: with more, the names at their ends are taller than the panel
PANELS = 12  # in one figure


@dataclass(frozen=True)
class Panel:
    """Some of the curves, on axes of their own.

    Attributes:
        title: the machine, if its curves share it, and what else they share but not all curves do.
        lines: the curves, each with its name: what it does not share with the panel's others.
    """

    title: str
    lines: list[tuple[str, Curve]]


def panels_of(curves: Sequence[Curve]) -> list[Panel]:
    """Divide curves by machine, then by settings: those that make the fewest panels of few lines.

    Where nothing divides a panel of more than `LINES` curves any more, or only into more than
    `PANELS` panels, it stays as it is.
    """
    configs = [dict(curve.config) for curve in curves]
    keys = _dividing(configs)
    shown = list(dict.fromkeys([MACHINE, *keys, *telling(configs, first=keys)]))
    groups: dict[tuple[Any, ...], list[Curve]] = {}
    for curve in curves:
        groups.setdefault(_values(curve.config, keys), []).append(curve)
    return [_panel(group, shown) for group in groups.values()]


def _panel(curves: Sequence[Curve], shown: Sequence[str]) -> Panel:
    shared = [key for key in shown if len({curve.config.get(key) for curve in curves}) == 1]
    own = [key for key in shown if key not in shared]
    title = words(curves[0].config, shared)
    return Panel(title, [(words(curve.config, own) or curve.label, curve) for curve in curves])


def _dividing(configs: Sequence[Flat]) -> list[str]:
    """Return the keys of whose every combination of values there is a panel."""
    keys = [MACHINE] if 1 < len(_sizes(configs, [MACHINE])) <= PANELS else []
    candidates = [key for key in configs[0] if all(c.get(key) is not None for c in configs)]
    while max(_sizes(configs, keys)) > LINES:
        sizes = {key: _sizes(configs, [*keys, key]) for key in candidates}
        sizes = {key: found for key, found in sizes.items() if len(found) <= PANELS}
        best = min(sizes, key=lambda key: _cost(sizes[key]), default=None)
        if best is None or max(sizes[best]) == max(_sizes(configs, keys)):
            break
        keys.append(best)
    return keys


def _cost(sizes: Sequence[int]) -> tuple[int, int]:
    """Order divisions: the one that can be read, then the one of fewer panels."""
    return max(LINES, *sizes), len(sizes)


def _sizes(configs: Sequence[Flat], keys: Sequence[str]) -> list[int]:
    """Return the number of curves in each panel."""
    values = [_values(config, keys) for config in configs]
    return [values.count(value) for value in dict.fromkeys(values)]


def _values(config: Mapping[str, Any], keys: Sequence[str]) -> tuple[Any, ...]:
    return tuple(config.get(key) for key in keys)
