"""The verdicts as a table for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from smplab.lab.verdicts.evaluate import Judgement, Verdict, totals

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

STYLES = {
    Verdict.MET: "green",
    Verdict.MISS: "bold red",
    Verdict.KNOWN_MISS: "red",
    Verdict.SURPRISE: "bold red",
    Verdict.CALIBRATED: "dim",
    Verdict.NO_RESULT: "bold red",
}
WIDTH = 100
"""Columns of the table, where the terminal has so many."""
_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def show(console: Console, title: str, judgements: Sequence[Judgement]) -> None:
    """Print the table, what there is to say of single rows, and the totals."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, 2, 0, 0),
    )
    table.add_column("target", min_width=12)
    for heading in ("measured", "simulated", "off", "within"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    keys = dict.fromkeys(key for j in judgements for key, _, _ in j.varied)
    fits = len(keys) == 1 and console.width >= WIDTH
    for key in keys:
        values = " / ".join(_values(judgements[0], key))
        heading = f"with {key}\n{values}"
        table.add_column(heading, justify="right", no_wrap=fits, overflow="fold")
    group = ""
    for j in judgements:
        if (now := _group(j)) != group:
            group = now
            table.add_section()
            table.add_row(Text(group, style="bold"))
        verdict = Text(j.verdict.value, style=STYLES[j.verdict])
        varied = (_varied(j, key) for key in keys)
        table.add_row(Text(j.target.about), *map(Text, _cells(j)), verdict, *varied)
    console.print(table, width=min(console.width, WIDTH), soft_wrap=False)
    for text, about in _remarks(judgements).items():
        style = STYLES[about[0].verdict]
        named = "; ".join(f"{_group(j)} {j.target.about}".strip() for j in about)
        console.print(Text(f"{named}: {text}", style=style), soft_wrap=False)
    console.print(Text(summary(judgements)), soft_wrap=False)


def _group(j: Judgement) -> str:
    """Return the machine that a target is about, if it is about one."""
    named = {str(selection.keys.get("topology", "")) for selection in j.target.selections}
    return named.pop() if len(named) == 1 else ""


def _remarks(judgements: Sequence[Judgement]) -> dict[str, list[Judgement]]:
    """Return what there is to say of rows; what is the same for several is said once."""
    said: dict[str, list[Judgement]] = {}
    for j in judgements:
        for text in filter(None, (_remark(j), _hangs_on(j))):
            said.setdefault(text, []).append(j)
    return said


def summary(judgements: Sequence[Judgement]) -> str:
    """Return the totals in one sentence."""
    t = totals(judgements)
    parts = [f"{t['met']} of {t['predicted']} predicted targets met"]
    parts += [f"{t['known_misses']} known misses"] if t["known_misses"] else []
    parts += [f"{t['missed']} missed"] if t["missed"] else []
    parts += [f"{t['calibrated']} calibrated, not counted"] if t["calibrated"] else []
    return ", ".join(parts)


def _cells(j: Judgement) -> tuple[str, str, str, str]:
    target = j.target
    if target.quantity == "order":
        return "order", "same" if j.order == target.names else "other", "", "exact"
    assert target.reference is not None
    assert target.tolerance is not None
    if math.isnan(j.simulated):
        return number(target.reference), "-", "", target.tolerance.text
    simulated = number(j.simulated, j.ci95)
    deviation = f"{round(100 * j.deviation):+d}%" if math.isfinite(j.deviation) else ""
    return number(target.reference), simulated, deviation, target.tolerance.text


def _values(j: Judgement, key: str) -> list[str]:
    return [str(value) for name, value, _ in j.varied if name == key]


def _varied(j: Judgement, key: str) -> Text:
    """What came out for each value of a key; red where the target is not met."""
    from rich.text import Text

    parts = []
    for name, _, other in j.varied:
        if name == key:
            style = "" if other.met or not j.target.counts else STYLES[Verdict.KNOWN_MISS]
            parts.append(Text(_cells(other)[1], style=style))
    return Text(" / ").join(parts)


def _hangs_on(j: Judgement) -> str:
    """Say on which numbers a verdict hangs that nobody measured."""
    said = []
    for key in dict.fromkeys(key for key, _, _ in j.varied):
        others = [(value, other) for name, value, other in j.varied if name == key]
        met = [str(value) for value, other in others if other.met]
        if j.target.counts and met and len(met) < len(others):
            said.append(f"the verdict hangs on {key}: met at {', '.join(met)} only")
    return "; ".join(said)


def _remark(j: Judgement) -> str:
    if j.target.quantity == "order" and j.order and j.order != j.target.names:
        wanted, got = " > ".join(j.target.names), " > ".join(j.order)
        order = f"measured {wanted}; simulated {got}"
        return f"{order}. {j.remark}" if j.remark else order
    if j.verdict is Verdict.SURPRISE:
        return "declared a known miss, but met: take known_miss out of targets.yaml"
    return j.remark


def number(value: float, ci95: float = math.nan) -> str:
    """Return a number in three digits with its interval: "0.240", "5.78 ±0.17", "763k"."""
    size, unit = next(((s, u) for s, u in _UNITS if abs(value) >= s), (1.0, ""))
    text = f"{value / size:#.3g}".rstrip(".") if value else "0"
    digits = len(text.partition(".")[2]) if "e" not in text else 0
    spread = ci95 / size >= 0.5 * 10**-digits
    return text + unit + (f" ±{ci95 / size:.{digits}f}{unit}" if spread else "")
