"""The tables of a sweep: `points.csv`, one row a point, and `summary.csv`, one a curve and CPUs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from smplab.lab.curves import Curve, flatten
from smplab.lab.records import Record

Row = dict[str, Any]


def point_rows(records: Iterable[Record]) -> list[Row]:
    """Return one row a record: hash, status, the flattened configuration, then the metrics."""
    return [
        {"hash": r.hash, "status": r.status, "wall_s": r.wall_s}
        | flatten(r.config)
        | dict(r.metrics)
        for r in records
    ]


def summary_rows(curves: Iterable[Curve]) -> list[Row]:
    """Return one row for each curve and number of CPUs.

    `n` counts replicas; each metric has its mean in its own column and half the width of the 95 %
    confidence interval in `<metric>_ci95`, which is empty for a single replica.
    """
    rows = []
    for curve in curves:
        chosen = {
            k.removesuffix(".name"): v for k, v in curve.config.items() if k.endswith(".name")
        }
        for cpus in curve.cpus:
            row: Row = {"curve": curve.label} | chosen | {"cpus": cpus, "n": 0}
            for metric in curve.metrics:
                found = curve.at(metric, cpus)
                row["n"] = max(row["n"], found.n)
                if found.n:
                    row[metric] = found.mean
                    row[f"{metric}_ci95"] = found.ci95 if found.n > 1 else None
            rows.append(row)
    return rows


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows under the union of their columns; what a row lacks is empty."""
    columns = dict.fromkeys(key for row in rows for key in row)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(rows)
