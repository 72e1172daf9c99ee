"""Curves: the points of a sweep that differ in the number of CPUs, and in the replica, alone."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from smplab.lab.records import Record
from smplab.lab.stats import Estimate, estimate

SCALING = ("cpus", "replica")
Flat = dict[str, Any]


def flatten(config: Mapping[str, Any], prefix: str = "") -> Flat:
    """Return nested configuration as one level with dotted keys, in order."""
    flat: Flat = {}
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = None if value == {} else value
    return flat


def curve_key(config: Mapping[str, Any]) -> str:
    """Name the curve that a point belongs to: its configuration without `SCALING`, as JSON."""
    return json.dumps({k: v for k, v in config.items() if k not in SCALING}, sort_keys=True)


@dataclass(frozen=True)
class Curve:
    """The finished points of one curve.

    Attributes:
        label: what tells it from the other curves of the sweep.
        config: flattened configuration, without `SCALING`.
        records: the ok records, by number of CPUs and replica.
    """

    label: str
    config: Mapping[str, Any]
    records: tuple[Record, ...]

    @cached_property
    def _by_cpus(self) -> dict[int, list[Record]]:
        found: dict[int, list[Record]] = {}
        for record in self.records:
            found.setdefault(record.config["cpus"], []).append(record)
        return found

    @property
    def cpus(self) -> list[int]:
        """The numbers of CPUs that have results, ascending."""
        return list(self._by_cpus)

    @property
    def metrics(self) -> list[str]:
        """Names of all metrics that any point has, in the order of their first appearance."""
        return list(dict.fromkeys(name for record in self.records for name in record.metrics))

    def values(self, metric: str, cpus: int) -> list[float]:
        """Return the metric of each replica at a number of CPUs; those without it are left out."""
        found = (record.metrics.get(metric) for record in self._by_cpus.get(cpus, ()))
        return [value for value in found if value is not None and not math.isnan(value)]

    def at(self, metric: str, cpus: int) -> Estimate:
        """Return the metric's mean over replicas at a number of CPUs."""
        return estimate(self.values(metric, cpus))

    def series(self, metric: str) -> tuple[list[int], list[Estimate]]:
        """Return the numbers of CPUs where the metric has a value, and its values there."""
        pairs = [(n, self.at(metric, n)) for n in self.cpus]
        pairs = [(n, value) for n, value in pairs if value.n]
        return [n for n, _ in pairs], [value for _, value in pairs]


def curves_of(records: Iterable[Record]) -> list[Curve]:
    """Group the ok records into curves, in the order of their first appearance."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        if record.ok:
            groups.setdefault(curve_key(record.config), []).append(record)
    configs = [
        {k: v for k, v in flatten(group[0].config).items() if k not in SCALING}
        for group in groups.values()
    ]
    return [
        Curve(label, config, tuple(sorted(group, key=_order)))
        for label, config, group in zip(labels(configs), configs, groups.values(), strict=True)
    ]


def _order(record: Record) -> tuple[int, int]:
    return record.config["cpus"], record.replica


def labels(configs: Sequence[Flat]) -> list[str]:
    """Name each curve by what tells it from the others.

    What follows from what is named already is left out: of two topologies the names, not their
    costs. A sweep of one curve is named by its choices.
    """
    shown = telling(configs)
    if len(configs) == 1:
        named = {"topology", "mechanism", "workload"}
        shown = [k for k in configs[0] if k.endswith(".name") and k.split(".")[0] in named]
    return [words(config, shown) for config in configs]


def telling(configs: Sequence[Flat], first: Sequence[str] = ()) -> list[str]:
    """Return the keys that tell curves apart, in the order of the configuration.

    A key is taken if it tells apart what those before it do not: `first`, then chosen components,
    then parameters.
    """
    keys = list(dict.fromkeys(key for config in configs for key in config))
    shown: set[str] = set()
    groups: list[tuple[Any, ...]] = [()] * len(configs)
    for key in sorted(keys, key=lambda key: (key not in first, not key.endswith(".name"))):
        finer = [(*group, config.get(key)) for group, config in zip(groups, configs, strict=True)]
        if len(set(finer)) > len(set(groups)):
            shown.add(key)
            groups = finer
    return [key for key in keys if key in shown]


def words(config: Mapping[str, Any], shown: Iterable[str]) -> str:
    """Return the values of these keys for a reader: "mcs think_cycles=100"."""
    return " ".join(
        str(config[key]) if key.endswith(".name") else f"{key.rsplit('.', 1)[-1]}={config[key]}"
        for key in shown
        if config.get(key) is not None
    )
