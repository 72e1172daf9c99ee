"""How figures look: colours that the colour-blind can tell apart, few lines, direct labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# M. Okabe and K. Ito, Color Universal Design, 2008; without its yellow, too pale for a thin line.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES = ("solid", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
INK = "#333333"
UNITS = {"ops_per_s": "operations/s", "cycles": "cycles", "ns": "ns", "us": "µs", "s": "s"}


def colour(index: int) -> str:
    """Return the colour of the series with this number."""
    return COLOURS[index % len(COLOURS)]


def dash(index: int) -> str | tuple[int, tuple[float, ...]]:
    """Return the line style: another once the colours are used up."""
    return DASHES[index // len(COLOURS) % len(DASHES)]


def axis_label(metric: str) -> str:
    """Return a metric's name in words with its unit: "throughput (operations/s)"."""
    for suffix, unit in UNITS.items():
        if metric.endswith("_" + suffix):
            return f"{metric.removesuffix('_' + suffix).replace('_', ' ')} ({unit})"
    return metric.replace("_", " ")


def spans_much(values: Sequence[float]) -> bool:
    """Tell whether values are better shown on a logarithmic scale, and can be."""
    return bool(values) and min(values) > 0 and max(values) > 8 * min(values)


def x_label(key: str) -> str:
    """Return what stands below the axis of a configuration key."""
    return "CPUs" if key == "cpus" else axis_label(key.rsplit(".", 1)[-1])


def dress(
    axes: Axes, xs: Sequence[float], values: Sequence[float], logarithmic: bool, zero: bool = True
) -> None:
    """Set scales, ticks and grid; a linear scale of values begins at 0 if `zero`.

    Call before `label_lines`, which needs the final scales.
    """
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", which="major", color="#DDDDDD", linewidth=0.6)
    axes.tick_params(colors=INK, labelsize=8)
    ticks = sorted(set(xs))
    if ticks and ticks[0] > 0 and ticks[-1] >= 8 * ticks[0]:
        axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(_spread(ticks, axes.get_xscale() == "log")))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    if logarithmic and values and min(values) > 0:
        axes.set_yscale("log")
        axes.set_ylim(min(values) / 1.4, max(values) * 1.4)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
    elif zero or not values:
        axes.set_ylim(bottom=min([0.0, *values]))
    else:  # room for names below the lowest line
        axes.set_ylim(bottom=min(values) - 0.15 * (max(values) - min(values)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: short(y)))


def short(value: float) -> str:
    """Return a number for a tick: "2.5 M"."""
    for size, suffix in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:g}{suffix}"
    return f"{value:g}"


def label_lines(axes: Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Write each line's name at its right end, moved apart where they would overlap.

    Args:
        axes: with its final scales and limits.
        ends: x, y, name and colour of each line's last point.
    """
    if not ends:
        return
    axes.figure.canvas.draw()  # limits and transforms are only now final
    size, gap = 8.0, 10.5
    scale = axes.figure.dpi / 72
    places = [axes.transData.transform((x, y)) / scale for x, y, _, _ in ends]
    right = max(x for x, _ in places)
    order = sorted(range(len(ends)), key=lambda i: float(places[i][1]))
    heights = _apart([float(places[i][1]) for i in order], gap)
    for index, height in zip(order, heights, strict=True):
        x, y, name, ink = ends[index]
        px, py = places[index]
        leader = {"arrowstyle": "-", "color": ink, "linewidth": 0.5, "alpha": 0.6,
                  "shrinkA": 1, "shrinkB": 3, "relpos": (0, 0.5)}  # fmt: skip  # not across names
        axes.annotate(
            name, (x, y), xytext=(right - px + 8, height - py), textcoords="offset points",
            color=ink, fontsize=size, va="center", annotation_clip=False,
            arrowprops=leader if abs(height - py) > 3 or right - px > 3 else None,
        )  # fmt: skip


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """Move ascending heights so that neighbours are `gap` apart, as little as can be.

    Groups that touch are merged and centred on their mean, as in isotonic regression.
    """
    groups: list[tuple[float, int]] = []  # sum of (height - its offset in the group), members
    for height in heights:
        total, members = height, 1
        while groups:
            before, many = groups[-1]
            if total / members - before / many >= many * gap:
                break
            groups.pop()
            total, members = before + total - members * many * gap, many + members
        groups.append((total, members))
    return [total / members + k * gap for total, members in groups for k in range(members)]


def _spread(ticks: Sequence[float], logarithmic: bool) -> list[float]:
    """Leave out ticks whose labels would touch; the first and the last stay."""
    if len(ticks) < 3:
        return list(ticks)
    kept = [ticks[-1]]
    for tick in reversed(ticks[:-1]):
        near = kept[-1] / tick < 1.28 if logarithmic else kept[-1] - tick < ticks[-1] / 14
        if not near:
            kept.append(tick)
    return kept[::-1]
