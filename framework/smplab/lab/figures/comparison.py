"""Simulated over measured: lines and markers of one colour, a panel a machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from smplab.lab.curves import Curve
from smplab.lab.figures.measured import Comparison, MeasuredPoint
from smplab.lab.figures.style import INK, axis_label, colour, dress, label_lines
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
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        mine = {s: c for (p, s), c in zip(keys, curves, strict=True) if p == panel}
        factor = _factor(mine, metric, comparison, panel)
        found = {series: comparison.measured.get((panel, series), ()) for series in mine}
        measured = {s: [_scaled(point, factor) for point in points] for s, points in found.items()}
        _panel(axes, mine, metric, numbers, measured)
        axes.set_title(panel, loc="left", fontsize=10)
        if panel == panels[0]:
            axes.set_ylabel(axis_label(metric), fontsize=9, color=INK)
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    _legend(figure, comparison)
    return figure


def _factor(curves: dict[str, Curve], metric: str, comparison: Comparison, panel: str) -> float:
    """Return what measured values of a panel are multiplied by."""
    if panel not in comparison.scale:
        return 1.0
    series, cpus = comparison.scale[panel]
    simulated = curves[series].at(metric, cpus).mean if series in curves else math.nan
    measured = {p.cpus: p.value for p in comparison.measured.get((panel, series), ())}.get(cpus)
    return simulated / measured if measured and math.isfinite(simulated) else 1.0


def _scaled(point: MeasuredPoint, factor: float) -> MeasuredPoint:
    return MeasuredPoint(
        point.cpus, point.value * factor, point.low * factor, point.high * factor, point.calibrated
    )


def _panel(
    axes: Axes,
    curves: dict[str, Curve],
    metric: str,
    numbers: dict[str, int],
    measured: dict[str, list[MeasuredPoint]],
) -> None:
    ends, all_cpus, all_values = [], [], []
    for series, curve in curves.items():
        cpus, found = curve.series(metric)
        if not cpus:
            continue
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
        ends.append((float(cpus[-1]), means[-1], series, ink))
        all_cpus += [*cpus, *(point.cpus for point in measured[series])]
        all_values += [*means, *(point.value for point in measured[series])]
    dress(axes, all_cpus, all_values)
    label_lines(axes, ends)


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
