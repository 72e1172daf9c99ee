"""The scalability curve: a metric over the number of CPUs, a line a curve, a panel a machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from smplab.lab.curves import Curve
from smplab.lab.figures.style import (
    INK,
    axis_label,
    colour,
    dash,
    dress,
    label_lines,
    spans_much,
    x_label,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = "topology.name"


def draw(curves: Sequence[Curve], metric: str) -> Figure:
    """Draw the metric's mean over replicas with its 95 % interval as a band."""
    from matplotlib.figure import Figure

    machines = list(dict.fromkeys(curve.config.get(PANELS) for curve in curves))
    panels = machines if 1 < len(machines) <= 4 else [None]
    # Curves of several machines that share the rest of their label share its colour.
    names = {curve.label: _name(curve, panels) for curve in curves}
    numbers = {name: i for i, name in enumerate(dict.fromkeys(names.values()))}
    logarithmic = any(
        spans_much([v.mean for c in curves if machine in (None, c.config.get(PANELS))
                    for v in c.series(metric)[1]])
        for machine in panels
    )  # fmt: skip
    figure = Figure(figsize=(5.6 * len(panels) + 0.8, 4.2), layout="constrained")
    for axes, machine in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
    ):
        mine = [c for c in curves if machine is None or c.config.get(PANELS) == machine]
        _panel(axes, mine, metric, names, numbers, logarithmic)
        title = machine if machine is not None else machines[0] if len(machines) == 1 else ""
        axes.set_title(str(title or ""), loc="left", fontsize=10)
    replicas = max((value.n for c in curves for value in c.series(metric)[1]), default=0)
    if replicas > 1:
        note = f"mean of {replicas} replicas; the band is its 95 % confidence interval"
        figure.supxlabel(note, fontsize=8, color=INK, x=0.01, ha="left")
    return figure


def _name(curve: Curve, panels: Sequence[object]) -> str:
    if len(panels) == 1:
        return curve.label
    return curve.label.replace(str(curve.config[PANELS]), "", 1).strip() or curve.label


def _panel(
    axes: Axes,
    curves: Sequence[Curve],
    metric: str,
    names: dict[str, str],
    numbers: dict[str, int],
    logarithmic: bool,
) -> None:
    ends, all_cpus, all_values = [], [], []
    for curve in curves:
        cpus, found = curve.series(metric)
        if not cpus:
            continue
        number = numbers[names[curve.label]]
        means = [value.mean for value in found]
        axes.plot(
            cpus, means, color=colour(number), linestyle=dash(number), linewidth=1.6,
            marker="o", markersize=3,
        )  # fmt: skip
        half = [0.0 if math.isnan(value.ci95) else value.ci95 for value in found]
        low = [mean - h for mean, h in zip(means, half, strict=True)]
        high = [mean + h for mean, h in zip(means, half, strict=True)]
        axes.fill_between(cpus, low, high, color=colour(number), alpha=0.18, linewidth=0)
        ends.append((float(cpus[-1]), means[-1], names[curve.label], colour(number)))
        all_cpus += cpus
        all_values += means
    dress(axes, all_cpus, all_values, logarithmic)
    axes.set_xlabel(x_label("cpus"), fontsize=9, color=INK)
    axes.set_ylabel(axis_label(metric), fontsize=9, color=INK)
    label_lines(axes, ends)
