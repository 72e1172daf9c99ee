"""The verdicts as a table for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from smplab.lab.verdicts.evaluate import Judgement, Verdict, totals

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {
    Verdict.MET: "green",
    Verdict.MISS: "bold red",
    Verdict.KNOWN_MISS: "red",
    Verdict.SURPRISE: "bold red",
    Verdict.CALIBRATED: "dim",
    Verdict.NO_RESULT: "bold red",
}


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
    table.add_column("target")
    for heading in ("measured", "simulated", "off", "within"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for j in judgements:
        style = STYLES[j.verdict]
        verdict = Text(j.verdict.value, style=style)
        table.add_row(Text(j.target.about), *map(Text, _cells(j)), verdict)
    console.print(table, width=min(console.width, 100), soft_wrap=False)
    for j in judgements:
        if text := _remark(j):
            console.print(
                Text(f"{j.target.about}: {text}", style=STYLES[j.verdict]), soft_wrap=False
            )
    console.print(Text(summary(judgements)), soft_wrap=False)


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
    simulated = number(j.simulated)
    digits = len(simulated.partition(".")[2]) if "e" not in simulated else 0
    if j.ci95 >= 0.5 * 10**-digits:
        simulated += f" ±{j.ci95:.{digits}f}"
    deviation = f"{100 * j.deviation:+.0f}%" if math.isfinite(j.deviation) else ""
    return number(target.reference), simulated, deviation, target.tolerance.text


def _remark(j: Judgement) -> str:
    if j.target.quantity == "order" and j.order and j.order != j.target.names:
        wanted, got = " > ".join(j.target.names), " > ".join(j.order)
        order = f"measured {wanted}; simulated {got}"
        return f"{order}. {j.remark}" if j.remark else order
    if j.verdict is Verdict.SURPRISE:
        return "declared a known miss, but met: take known_miss out of targets.yaml"
    return j.remark


def number(value: float) -> str:
    """Return a number in three digits: "0.240", "5.84", "58400", "1.20e+06"."""
    if value == 0:
        return "0"
    if 1000 <= abs(value) < 1e5:
        return f"{value:.0f}"
    return f"{value:#.3g}".rstrip(".")
