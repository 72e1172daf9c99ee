"""How explanations look on a terminal of 80 columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smplab.lab.explain import STATISTICS, Explanation
from smplab.lab.tracing import NAMES

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

LINES_SHOWN = 10
TEXTS = ("curve", "routine")
"""Columns that hold words."""


def overview(console: Console, points: Sequence[Explanation]) -> None:
    """Print a row a point: its cycles by operation, and the causes' shares."""
    from rich.markup import escape

    causes = [name for name in NAMES.values() if any(name in point.account for point in points)]
    labels = list(dict.fromkeys(point.label for point in points))
    if len(labels) == 1:
        _say(console, labels[0], "bold")
    named = ["curve"] if len(labels) > 1 else []
    replicas = ["replica"] if len({point.replica for point in points}) > 1 else []
    table = _table("#", *named, "CPUs", *replicas, "cycles/op", *causes)
    for point in points:
        row = [str(point.number), *([escape(point.label)] if named else []), str(point.cpus)]
        row += [str(point.replica)] if replicas else []
        if point.ok:
            shares = [_share(point.account.get(name, 0.0), point.cpu_cycles) for name in causes]
            row += [_number(point.each(point.cpu_cycles)), *shares]
        else:
            row += [point.status]
        table.add_row(*row)
    console.print(table)
    _say(console, "cycles/op: of all CPUs; shares in % of all cycles of all CPUs")


def detail(console: Console, point: Explanation, against: Explanation | None) -> None:
    """Print all that is known of a point, beside another one if it is given."""
    _say(console, _headline(point), "bold")
    if not point.ok:
        _say(console, f"{point.status}: {point.error}", "red")
    else:
        if against is not None:
            _say(console, f"against {_headline(against)}")
        _account(console, point, against)
        _latencies(console, point, against)
        _counters(console, point, against)
    _lines(console, point)
    if point.trace is not None:
        _say(console, f"\ntrace: {point.trace}")


def _headline(point: Explanation) -> str:
    cpus = "1 CPU" if point.cpus == 1 else f"{point.cpus} CPUs"
    replica = f", replica {point.replica}" if point.replica else ""
    return f"{point.number}: {point.label}, {cpus}{replica} ({point.hash})"


def _account(console: Console, point: Explanation, other: Explanation | None) -> None:
    each = f", {_number(point.each(point.cpu_cycles))} CPU cycles each" if point.operations else ""
    told = f"{point.operations:,.0f} operations in {point.cycles:,.0f} cycles{each}"
    _say(console, f"{told}\n")
    table = _table("where the cycles went", "%", "cycles/op", *_against(other))
    for name in NAMES.values():
        mine = point.account.get(name, 0.0)
        theirs = other.account.get(name, 0.0) if other else 0.0
        if mine or theirs:
            row = [name, _share(mine, point.cpu_cycles), _number(point.each(mine))]
            table.add_row(*row, *_compared(point, mine, other, theirs))
    total = point.cpu_cycles
    table.add_row(
        "all", "100.0", _number(point.each(total)),
        *_compared(point, total, other, other.cpu_cycles if other else 0.0),
    )  # fmt: skip
    console.print(table)


def _latencies(console: Console, point: Explanation, other: Explanation | None) -> None:
    if not point.latencies:
        return
    console.print()
    table = _table("latency, cycles", *STATISTICS, *(["p50 against", "x"] if other else []))
    for region, values in point.latencies.items():
        row = [region, *(_number(values[name]) for name in STATISTICS)]
        if other is not None:
            theirs = other.latencies.get(region, {}).get("p50", math.nan)
            row += [_number(theirs), _ratio(values["p50"], theirs)]
        table.add_row(*row)
    console.print(table)


def _counters(console: Console, point: Explanation, other: Explanation | None) -> None:
    if not point.operations:
        return
    console.print()
    table = _table("by operation", "", *_against(other))
    for name in dict.fromkeys([*point.counters, *(other.counters if other else ())]):
        mine = point.counters.get(name, 0.0)
        theirs = other.counters.get(name, 0.0) if other else 0.0
        told = name.removeprefix("count_").replace("_", " ")
        table.add_row(told, _number(point.each(mine)), *_compared(point, mine, other, theirs))
    console.print(table)


def _lines(console: Console, point: Explanation) -> None:
    if not point.lines:
        return
    console.print()
    table = _table("source line, up to the next", "%", "routine")
    for line in point.lines[:LINES_SHOWN]:
        where = f"{Path(line['file']).name}:{line['line']}"
        table.add_row(where, _share(line["cycles"], point.traced_cycles), line["routine"])
    console.print(table)


def _table(first: str, *columns: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first)
    for name in columns:
        if name in TEXTS:
            table.add_column(name)
        else:
            table.add_column(name, justify="right", no_wrap=True)
    return table


def _against(other: Explanation | None) -> list[str]:
    return ["against", "x"] if other else []


def _compared(
    point: Explanation, mine: float, other: Explanation | None, theirs: float
) -> list[str]:
    """Return the other point's amount by operation, and how many times as much this one has."""
    if other is None:
        return []
    return [_number(other.each(theirs)), _ratio(point.each(mine), other.each(theirs))]


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def _ratio(mine: float, theirs: float) -> str:
    return "-" if not theirs or math.isnan(mine / theirs) else f"{mine / theirs:.2f}"


def _number(value: float) -> str:
    """Return a number with three digits or more: "0.0312", "4.50", "12,345"."""
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}"


def _say(console: Console, text: str, style: str = "none") -> None:
    console.print(text, style=style, markup=False, highlight=False)
