"""Simulated over measured: lines and markers of one colour, a panel a machine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from smplab.lab.curves import Curve
from smplab.lab.figures.lines import Line, lines, panels_of
from smplab.lab.figures.measured import ONE_PANEL, Comparison, MeasuredPoint
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

Measured = Mapping[str, Sequence[MeasuredPoint]]


def draw(curves: Sequence[Curve], comparison: Comparison) -> Figure:
    """Draw each simulated line and the measured points beside it."""
    from matplotlib.figure import Figure

    found = lines(curves, comparison)
    panels = panels_of(found) or [ONE_PANEL]
    numbers = {name: i for i, name in enumerate(dict.fromkeys(line.series for line in found))}
    figure = Figure(figsize=(5.2 * len(panels) + 0.8, 4.9), layout="constrained")
    mine = {panel: [line for line in found if line.panel == panel] for panel in panels}
    measured = {panel: _scaled_points(mine[panel], comparison, panel) for panel in panels}
    logarithmic = any(spans_much(_values(mine[p], measured[p])) for p in panels)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _panel(axes, mine[panel], numbers, measured[panel])
        xs = [x for line in mine[panel] for x in line.x]
        xs += [point.x for points in measured[panel].values() for point in points]
        values = _values(mine[panel], measured[panel])
        # Of ratios it is 1 that matters.
        dress(axes, xs, values, logarithmic, zero=not comparison.over)
        axes.set_xlabel(x_label(comparison.x), fontsize=9, color=INK)
        label_lines(axes, _ends(mine[panel], numbers, comparison.names))
        if panel != ONE_PANEL:
            axes.set_title(comparison.names.get(panel, panel), loc="left", fontsize=10)
        if panel == panels[0]:
            axes.set_ylabel(_y_label(comparison), fontsize=9, color=INK)
    figure.suptitle(comparison.title, fontsize=11, x=0.01, ha="left")
    if comparison.measured:
        _legend(figure, comparison)
    return figure


def _y_label(comparison: Comparison) -> str:
    label = axis_label(comparison.metric)
    over = comparison.over
    return f"{label} over that of: {comparison.names.get(over, over)}" if over else label


def _scaled_points(
    mine: Sequence[Line], comparison: Comparison, panel: str
) -> dict[str, list[MeasuredPoint]]:
    """Return the measured points of a panel in the unit of the simulated ones."""
    factor = 1.0
    if panel in comparison.scale:
        series, x = comparison.scale[panel]
        simulated = next((line.at(x) for line in mine if line.series == series), None)
        at = {p.x: p.value for p in comparison.measured.get((panel, series), ())}
        factor = simulated.mean / at[x] if simulated is not None and x in at else 1.0
    return {
        line.series: [
            replace(p, value=p.value * factor, low=p.low * factor, high=p.high * factor)
            for p in comparison.measured.get((panel, line.series), ())
        ]
        for line in mine
    }


def _values(mine: Sequence[Line], measured: Measured) -> list[float]:
    simulated = [value.mean for line in mine for value in line.values]
    return simulated + [point.value for points in measured.values() for point in points]


def _ends(
    mine: Sequence[Line], numbers: Mapping[str, int], names: Mapping[str, str]
) -> list[tuple[float, float, str, str]]:
    return [
        (line.x[-1], line.values[-1].mean, names.get(line.series, line.series),
         colour(numbers[line.series]))
        for line in mine
    ]  # fmt: skip


def _panel(
    axes: Axes, mine: Sequence[Line], numbers: Mapping[str, int], measured: Measured
) -> None:
    for line in mine:
        number = numbers[line.series]
        ink, means = colour(number), [value.mean for value in line.values]
        axes.plot(
            line.x, means, color=ink, linestyle=dash(number), linewidth=1.6, zorder=2,
            # A line of one point is not to be seen without.
            marker="_" if len(means) == 1 else None, markersize=14,
        )  # fmt: skip
        half = [0.0 if math.isnan(value.ci95) else value.ci95 for value in line.values]
        low = [mean - h for mean, h in zip(means, half, strict=True)]
        high = [mean + h for mean, h in zip(means, half, strict=True)]
        axes.fill_between(line.x, low, high, color=ink, alpha=0.18, linewidth=0)
        for point in measured[line.series]:
            axes.errorbar(
                point.x, point.value,
                yerr=[[point.value - point.low], [point.high - point.value]],
                color=ink, marker="o", markersize=5.5, elinewidth=1.0, capsize=2, zorder=3,
                markerfacecolor="white" if point.calibrated else ink,
            )  # fmt: skip


def _legend(figure: Figure, comparison: Comparison) -> None:
    from matplotlib.lines import Line2D

    def marker(face: str) -> Line2D:
        return Line2D([], [], color=INK, marker="o", linestyle="none", markerfacecolor=face)

    points = [point for found in comparison.measured.values() for point in found]
    scaled = ", scaled to agree at one point a panel" if comparison.scale else ""
    entries = {"simulated": Line2D([], [], color=INK), f"measured{scaled}": marker(INK)}
    if any(point.calibrated for point in points):
        entries["the model was fitted here"] = marker("white")
    figure.legend(
        list(entries.values()), list(entries), loc="outside lower left", ncols=len(entries),
        fontsize=8, frameon=False,
    )  # fmt: skip
