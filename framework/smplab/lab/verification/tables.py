"""How verdicts look on a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from smplab.lab.verification.mutants import Listed
from smplab.lab.verification.point import CAUGHT, SURVIVED

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Row = Mapping[str, Any]

_NUMBERS = {
    "states": "states",
    "transitions": "transitions",
    "depth": "depth",
    "states/s": "states_per_s",
    "B/state": "bytes_per_state",
}
_STYLES = {
    "no_violation": "green", CAUGHT: "green", "bounded": "yellow", "violated": "bold red",
    SURVIVED: "bold red",
}  # fmt: skip


def show(console: Console, found: Sequence[Row], listed: Sequence[Listed]) -> None:
    """Print the checks, a table for each mechanism and number of CPUs, then the mutants."""
    checks = [row for row in found if row["verdict"] not in {CAUGHT, SURVIVED}]
    mutants = [row for row in found if row["verdict"] in {CAUGHT, SURVIVED}]
    for number, (title, group) in enumerate(groupby(checks, _title)):
        rows = list(group)
        if number:
            console.print()
        console.print(title, style="bold", markup=False, highlight=False)
        console.print(_checks(rows))
        for row in rows:
            if remarks := _remarks(row):
                where = f"{row['scenario']}, {row['memory_model']}"
                console.print(f"  {where}: {remarks}", markup=False, highlight=False)
    if checks and (mutants or listed):
        console.print()
    owners = dict.fromkeys([*(row["owner"] for row in mutants), *(one.owner for one in listed)])
    for owner in owners:
        _mutants(console, owner, [row for row in mutants if row["owner"] == owner])
        for one in (one for one in listed if one.owner == owner):
            console.print(f"  {one.name}: {one.wrong}", markup=False, highlight=False)
            console.print(f"    not run: {one.reason}", markup=False, highlight=False)


def _mechanism(row: Row) -> str:
    chosen = {"kernel": row["kernel"]} if row["kernel"] else {}
    chosen |= row["mechanism"]
    return " ".join(f"{kind}={name}" for kind, name in chosen.items()) or "by itself"


def _title(row: Row) -> str:
    what = _mechanism(row) if row["mechanism"] or row["kernel"] else row["scenario"]
    mutant = f" with mutant {row['mutant']}" if row["mutant"] else ""
    return f"{what}{mutant}, {row['cpus']} CPUs"


def _checks(rows: Sequence[Row]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column in ("scenario", "model", "verdict"):
        table.add_column(column, no_wrap=True)
    for name in _NUMBERS:
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        metrics = row["metrics"]
        numbers = [_short(metrics[key]) if key in metrics else "" for key in _NUMBERS.values()]
        verdict = f"[{_style(row)}]{row['verdict']}[/]"
        table.add_row(row["scenario"], row["memory_model"], verdict, *numbers)
    return table


def _mutants(console: Console, owner: str, rows: Sequence[Row]) -> None:
    console.print(f"mutants of {owner}", style="bold", markup=False, highlight=False)
    for name, group in groupby(rows, lambda row: row["mutant"]):
        tries = list(group)
        console.print(f"  {name}: {tries[0]['wrong']}", markup=False, highlight=False)
        for row in tries:
            verdict = row["verdict"].removeprefix("mutant_")
            by = f" by {row['scenario']}: {row['kind']}" if row["verdict"] == CAUGHT else ""
            where = f", {row['memory_model']}, {row['cpus']} CPUs"
            if owner.startswith("scenario="):  # tried in each mechanism
                where += f", {_mechanism(row)}"
            console.print(f"    [{_style(row)}]{verdict}[/]{by}{where}", highlight=False)


def _remarks(row: Row) -> str:
    return "; ".join([*row["bounds"], *row["notes"], *([row["error"]] if row["error"] else [])])


def _style(row: Row) -> str:
    return _STYLES.get(row["verdict"], "bold red")


def _short(value: float) -> str:
    """Return "4.60M": three digits are enough to compare by."""
    for unit, size, least in (("G", 1e9, 0.9995e9), ("M", 1e6, 0.9995e6), ("k", 1e3, 1e4)):
        if value >= least:
            return f"{value / size:.3g}{unit}"
    return f"{value:,.0f}"
