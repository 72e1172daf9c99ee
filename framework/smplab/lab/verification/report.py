"""What a verification says: tables of verdicts, counterexamples, files, the exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smplab.lab.curves import Curve
from smplab.lab.records import Record
from smplab.lab.verification import counterexample
from smplab.lab.verification.mutants import Listed, owner_of
from smplab.lab.verification.point import CAUGHT, SURVIVED
from smplab.lab.verification.system import mutants_of
from smplab.plugin.host import Host

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

HOLDS, FAILED, BOUNDED = 0, 1, 2
"""Exit codes: no violation; a violation, a surviving mutant, a failed point; a bound struck."""
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


def exit_code(records: Sequence[Record], points: int) -> int:
    """Return what the verdicts come to."""
    verdicts = {str(record.details.get("verdict")) for record in records}
    if len(records) < points or verdicts - {"no_violation", CAUGHT, "bounded"}:
        return FAILED
    return BOUNDED if "bounded" in verdicts else HOLDS


def write_counterexamples(folder: Path, curves: Sequence[Curve]) -> list[Path]:
    """Write a file for each violation of a sweep, for `smplab verify --replay`."""
    paths = []
    for record in (record for curve in curves for record in curve.records):
        if "counterexample" in record.details:
            paths.append(folder / f"counterexample_{record.hash}.json")
            counterexample.write(paths[-1], record.config, record.details)
    return paths


def rows(records: Sequence[Record], host: Host) -> list[dict[str, Any]]:
    """Return a plain row for each record: what was checked, the verdict, the numbers."""
    return [_row(record, host) for record in records]


def _row(record: Record, host: Host) -> dict[str, Any]:
    config, details = record.config, record.details
    row: dict[str, Any] = {
        "mechanism": {slot: values["name"] for slot, values in config["mechanism"].items()},
        "scenario": details.get("scenario", "") or (config["scenario"] or {}).get("name", ""),
        "mutant": config["mutant"],
        "cpus": config["cpus"],
        "memory_model": config["memory_model"],
        "verdict": details.get("verdict", record.status),
        **{key: details.get(key, "") for key in ("kind", "violation")},
        **{key: details.get(key, []) for key in ("bounds", "notes")},
        "metrics": dict(record.metrics),
        "error": record.error,
        "hash": record.hash,
    }
    if config["mutant"]:
        owner = owner_of(config, config["mutant"], host)
        kind, _, name = owner.partition("=")
        wrong = mutants_of(host.find(kind, name).component)[config["mutant"]].wrong
        row |= {"owner": owner, "wrong": wrong}
    return row


def show(console: Console, found: Sequence[Mapping[str, Any]], listed: Sequence[Listed]) -> None:
    """Print the table of checks, then that of mutants."""
    checks = [row for row in found if row["verdict"] not in {CAUGHT, SURVIVED}]
    mutants = [row for row in found if row["verdict"] in {CAUGHT, SURVIVED}]
    if checks:
        console.print(_checks_table(checks))
    if mutants or listed:
        console.print(_mutants_table(mutants, listed))


def _checks_table(found: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("verified", "scenario", "cpus", "model", "verdict")
    for name in _NUMBERS:
        table.add_column(name, justify="right", no_wrap=True)
    if any(_remarks(row) for row in found):
        table.add_column("bounds, notes")
    for row in found:
        metrics = row["metrics"]
        numbers = [f"{metrics[k]:,.0f}" if k in metrics else "" for k in _NUMBERS.values()]
        mutant = f" ({row['mutant']})" if row["mutant"] else ""
        what = " ".join(f"{slot}={name}" for slot, name in row["mechanism"].items()) or "itself"
        cells = [what + mutant, row["scenario"], str(row["cpus"]), row["memory_model"]]
        cells += [_coloured(row["verdict"]), *numbers]
        table.add_row(*cells, *([_remarks(row)] if _remarks(row) else []))
    return table


def _remarks(row: Mapping[str, Any]) -> str:
    return "; ".join([*row["bounds"], *row["notes"], *([row["error"]] if row["error"] else [])])


def _mutants_table(found: Sequence[Mapping[str, Any]], listed: Sequence[Listed]) -> Table:
    table = _table("mutant of", "mutant", "cpus", "model", "verdict")
    table.add_column("in scenario, by")
    table.add_column("what is wrong with it")
    for row in found:
        by = f"{row['scenario']}, {row['kind']}" if row["verdict"] == CAUGHT else ""
        table.add_row(
            row["owner"], row["mutant"], str(row["cpus"]), row["memory_model"],
            _coloured(row["verdict"].removeprefix("mutant_"), row["verdict"]), by, row["wrong"],
        )  # fmt: skip
    for one in listed:
        table.add_row(one.owner, one.name, "", "", "not run", one.reason, one.wrong)
    return table


def _table(*columns: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _coloured(text: str, verdict: str = "") -> str:
    style = _STYLES.get(verdict or text, "bold red")
    return f"[{style}]{text}[/]"
