"""Simulated over measured: lines and markers of one colour, a panel a machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from smplab.lab.curves import Curve
from smplab.lab.figures.measured import Comparison, MeasuredPoint
from smplab.lab.figures.style import INK, axis_label, colour, dress, label_lines, spans_much
from smplab.lab.verdicts.selection import full_key

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(curves: Sequence[Curve], metric: str, comparison: Comparison, title: str) -> Figure:
    """Draw each simulated curve and the measured points beside it."""
    from matplotlib.figure import Figure

    keys = [
        (str(curve.config.get(full_key(comparison.panels, curve.config))),
         str(curve.config.get(full_key(comparison.series, curve.config))))
        for curve in curves
    ]  # fmt: skip
    panels = list(dict.fromkeys(panel for panel, _ in keys)) or [""]
    numbers = {name: i for i, name in enumerate(dict.fromkeys(series for _, series in keys))}
    figure = Figure(figsize=(5.2 * len(panels) + 0.8, 4.9), layout="constrained")
    mine = {panel: {s: c for (p, s), c in zip(keys, curves, strict=True) if p == panel}
            for panel in panels}  # fmt: skip
    measured = {panel: _scaled_points(mine[panel], metric, comparison, panel) for panel in panels}
    logarithmic = any(spans_much(_values(mine[p], metric, measured[p])) for p in panels)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _panel(axes, mine[panel], metric, numbers, measured[panel])
        cpus = [n for curve in mine[panel].values() for n in curve.series(metric)[0]]
        cpus += [point.cpus for points in measured[panel].values() for point in points]
        dress(axes, cpus, _values(mine[panel], metric, measured[panel]), logarithmic)
        label_lines(axes, _ends(mine[panel], metric, numbers))
        axes.set_title(panel, loc="left", fontsize=10)
        if panel == panels[0]:
            axes.set_ylabel(axis_label(metric), fontsize=9, color=INK)
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    _legend(figure, comparison)
    return figure


def _scaled_points(
    curves: dict[str, Curve], metric: str, comparison: Comparison, panel: str
) -> dict[str, list[MeasuredPoint]]:
    """Return the measured points of a panel in the unit of the simulated ones."""
    factor = 1.0
    if panel in comparison.scale:
        series, cpus = comparison.scale[panel]
        simulated = curves[series].at(metric, cpus).mean if series in curves else math.nan
        at = {p.cpus: p.value for p in comparison.measured.get((panel, series), ())}
        factor = simulated / at[cpus] if cpus in at and math.isfinite(simulated) else 1.0
    return {
        series: [
            replace(p, value=p.value * factor, low=p.low * factor, high=p.high * factor)
            for p in comparison.measured.get((panel, series), ())
        ]
        for series in curves
    }


def _values(
    curves: dict[str, Curve], metric: str, measured: dict[str, list[MeasuredPoint]]
) -> list[float]:
    simulated = [value.mean for curve in curves.values() for value in curve.series(metric)[1]]
    return simulated + [point.value for points in measured.values() for point in points]


def _ends(
    curves: dict[str, Curve], metric: str, numbers: dict[str, int]
) -> list[tuple[float, float, str, str]]:
    ends = []
    for series, curve in curves.items():
        cpus, found = curve.series(metric)
        if cpus:
            ends.append((float(cpus[-1]), found[-1].mean, series, colour(numbers[series])))
    return ends


def _panel(
    axes: Axes,
    curves: dict[str, Curve],
    metric: str,
    numbers: dict[str, int],
    measured: dict[str, list[MeasuredPoint]],
) -> None:
    for series, curve in curves.items():
        cpus, found = curve.series(metric)
        ink, means = colour(numbers[series]), [value.mean for value in found]
        axes.plot(cpus, means, color=ink, linewidth=1.6, zorder=2)
        half = [0.0 if math.isnan(value.ci95) else value.ci95 for value in found]
        low = [mean - h for mean, h in zip(means, half, strict=True)]
        high = [mean + h for mean, h in zip(means, half, strict=True)]
        axes.fill_between(cpus, low, high, color=ink, alpha=0.18, linewidth=0)
        for point in measured[series]:
            axes.errorbar(
                point.cpus, point.value,
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
