"""What a verification comes to: rows of verdicts, files of counterexamples, the exit code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smplab.lab.curves import Curve
from smplab.lab.records import Record
from smplab.lab.verification import counterexample
from smplab.lab.verification.mutants import owner_of
from smplab.lab.verification.point import CAUGHT
from smplab.lab.verification.system import mutants_of
from smplab.plugin.host import Host

HOLDS, FAILED, BOUNDED = 0, 1, 2
"""Exit codes: no violation; a violation, a surviving mutant, a failed point; a bound struck."""


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
        "kernel": (config["kernel"] or {}).get("name", ""),
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
