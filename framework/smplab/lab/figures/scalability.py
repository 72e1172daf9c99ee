"""The scalability curve: a metric over the number of CPUs, in panels that can be read."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from smplab.lab.curves import Curve
from smplab.lab.figures.panels import panels_of
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

COLUMNS = 4


def draw(curves: Sequence[Curve], metric: str) -> Figure:
    """Draw the metric's mean over replicas with its 95 % interval as a band."""
    from matplotlib.figure import Figure

    panels = panels_of(curves)
    # Curves of the same name have the same colour in all panels.
    names = dict.fromkeys(name for panel in panels for name, _ in panel.lines)
    numbers = {name: i for i, name in enumerate(names)}
    logarithmic = any(
        spans_much([v.mean for _, c in panel.lines for v in c.series(metric)[1]])
        for panel in panels
    )
    columns = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    width = max(5.6, 4.0 + 0.065 * max(map(len, names)))  # inches; room for the longest name
    figure = Figure(figsize=(width * columns + 0.8, 4.2 * rows), layout="constrained")
    for place, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(rows, columns, place)
        _panel(axes, panel.lines, metric, numbers, logarithmic)
        title = textwrap.fill(panel.title, int(12 * width))
        axes.set_title(title, loc="left", fontsize=10)
    replicas = max((value.n for c in curves for value in c.series(metric)[1]), default=0)
    if replicas > 1:
        note = f"mean of {replicas} replicas; the band is its 95 % confidence interval"
        figure.supxlabel(note, fontsize=8, color=INK, x=0.01, ha="left")
    return figure


def _panel(
    axes: Axes,
    lines: Sequence[tuple[str, Curve]],
    metric: str,
    numbers: dict[str, int],
    logarithmic: bool,
) -> None:
    ends, all_cpus, all_values = [], [], []
    for name, curve in lines:
        cpus, found = curve.series(metric)
        if not cpus:
            continue
        number = numbers[name]
        means = [value.mean for value in found]
        axes.plot(
            cpus, means, color=colour(number), linestyle=dash(number), linewidth=1.6,
            marker="o", markersize=3,
        )  # fmt: skip
        half = [0.0 if math.isnan(value.ci95) else value.ci95 for value in found]
        low = [mean - h for mean, h in zip(means, half, strict=True)]
        high = [mean + h for mean, h in zip(means, half, strict=True)]
        axes.fill_between(cpus, low, high, color=colour(number), alpha=0.18, linewidth=0)
        ends.append((float(cpus[-1]), means[-1], name, colour(number)))
        all_cpus += cpus
        all_values += means
    dress(axes, all_cpus, all_values, logarithmic)
    axes.set_xlabel(x_label("cpus"), fontsize=9, color=INK)
    axes.set_ylabel(axis_label(metric), fontsize=9, color=INK)
    label_lines(axes, ends)
