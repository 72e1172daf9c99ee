"""Where the cycles of a point went: its account, its latencies, and the counters behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smplab.lab.curves import SCALING, curve_key, flatten, labels
from smplab.lab.folder import FolderError, read_plan
from smplab.lab.metrics import COUNTED, COUNTED_IN_SYSTEMS
from smplab.lab.records import Record
from smplab.lab.results import SweepResults, read_sweep
from smplab.lab.tracing import NAMES, trace_file

LATENCY = "latency_p50_cycles"
LEAST_HASH = 4
"""Shorter beginnings of a hash are taken for numbers that there are not."""
STATISTICS = ("mean", "p50", "p99", "max")
COUNTERS = (*COUNTED, "queue_cycles", *COUNTED_IN_SYSTEMS)


@dataclass(frozen=True)
class Explanation:
    """What is said of a point.

    Attributes:
        number: in the order of the sweep, from 1.
        hash, cpus, replica: of the point.
        label: what tells its curve from the others of the sweep.
        status, error: as in its record.
        operations, cycles: completed, and measured.
        account: CPU cycles by cause, in the order of causes; all CPUs together.
        latencies: by region, then by `STATISTICS`, cycles.
        counters: what happened, by name; what never happened is left out.
        lines: of the source, with the CPU cycles from their instructions to the next ones; only of
            traced points.
        trace: the file, or None.
        traced_cycles: what `lines` cover, CPU cycles.
    """

    number: int
    hash: str
    cpus: int
    replica: int
    label: str
    status: str
    error: str | None
    operations: float
    cycles: float
    account: Mapping[str, float]
    latencies: Mapping[str, Mapping[str, float]]
    counters: Mapping[str, float]
    lines: Sequence[Mapping[str, Any]]
    trace: Path | None
    traced_cycles: float

    @property
    def ok(self) -> bool:
        """Whether the point has its metrics."""
        return self.status == "ok"

    @property
    def cpu_cycles(self) -> float:
        """All cycles of all CPUs, to which the account adds up."""
        return self.cycles * self.cpus

    def each(self, amount: float) -> float:
        """An amount by completed operation; NaN if there is none."""
        return amount / self.operations if self.operations else math.nan

    def as_dict(self) -> dict[str, Any]:
        """The explanation as plain data for JSON."""
        plain = {key: value for key, value in vars(self).items() if value is not None}
        return plain | {"trace": str(self.trace) if self.trace else None, "error": self.error}


def explain(folder: Path) -> list[Explanation]:
    """Return an explanation of each point of a sweep that has a record.

    Raises:
        FolderError: the folder holds no sweep, no results, or checks instead of runs.
        StoreError: its results are damaged.
    """
    if not folder.is_dir():
        raise FolderError(f"{folder}: there is no such folder; give one that smplab run printed")
    plan = read_plan(folder)
    if any("memory_model" in config for config in plan.configs):
        raise FolderError(f"{folder}: these are checks, which know no time")
    sweep = read_sweep(folder)
    if not sweep.records:
        raise FolderError(f"{folder}: no point has a result yet: smplab run --resume {folder}")
    numbers = {name: number for number, name in enumerate(plan.hashes, start=1)}
    return [
        _explanation(sweep, record, numbers[record.hash], label)
        for record, label in zip(sweep.records, _labels(sweep.records), strict=True)
    ]


def choose(explanations: Sequence[Explanation], word: str) -> Explanation:
    """Return the point that a user names by its number, or by `LEAST_HASH` characters of its hash.

    Raises:
        FolderError: there is none, or there are several.
    """
    found = [one for one in explanations if str(one.number) == word]
    if not found and len(word) >= LEAST_HASH:
        found = [one for one in explanations if one.hash.startswith(word)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{one.number} ({one.hash})" for one in (found or explanations)[:6])
    more = " ..." if len(found or explanations) > 6 else ""
    what = "several points begin with it" if found else "no point has this number or hash"
    raise FolderError(f"{word}: {what}; there are: {listed}{more}")


def _labels(records: Sequence[Record]) -> list[str]:
    """Return what each point's curve is told by."""
    keys = [curve_key(record.config) for record in records]
    first = dict(zip(keys, records, strict=True))
    configs = {
        key: {k: v for k, v in flatten(record.config).items() if k not in SCALING}
        for key, record in first.items()
    }
    named = dict(zip(configs, labels(list(configs.values())), strict=True))
    return [named[key] for key in keys]


def _explanation(sweep: SweepResults, record: Record, number: int, label: str) -> Explanation:
    metrics = record.metrics
    trace = trace_file(sweep.folder, record.hash)
    told = record.details.get("trace", {})
    cpus = int(record.config["cpus"])
    return Explanation(
        number=number,
        hash=record.hash,
        cpus=cpus,
        replica=record.replica,
        label=label,
        status=record.status,
        error=record.error,
        operations=metrics.get("operations", 0.0),
        cycles=metrics.get("cycles", 0.0),
        account={
            NAMES[cause]: metrics[key]
            for cause in NAMES
            if metrics.get(key := f"cycles_{cause.name.lower()}", 0.0)
        },
        latencies=_latencies(metrics),
        counters={
            name: value
            for name, value in metrics.items()
            if value and (name in COUNTERS or name.startswith("count_"))
        },
        lines=told.get("lines", ()),
        trace=trace if trace.exists() else None,
        traced_cycles=cpus * (told["to_cycle"] - told["from_cycle"]) if told else 0.0,
    )


def _latencies(metrics: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Return mean, percentiles and maximum by region; "operation" first, since it is region 0."""
    found: dict[str, dict[str, float]] = {}
    for name in metrics:
        if name.endswith(LATENCY):
            prefix = name.removesuffix(LATENCY)
            region = prefix.removesuffix("_") or "operation"
            found[region] = {s: metrics[f"{prefix}latency_{s}_cycles"] for s in STATISTICS}
    return found
