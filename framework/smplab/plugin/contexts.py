"""What the hooks are handed: one object each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from rich.console import Console

    from smplab.language.image import Image
    from smplab.machine.description import Machine
    from smplab.machine.result import Result


@dataclass(frozen=True)
class Point:
    """One configuration with one seed: the unit of work.

    Attributes:
        config: resolved configuration, plain dicts and values, without executor and tracking.
        hash: names the point: configuration, image, machine and engine.
        seed: the configuration's seed.
        replica: number of the repetition, from 0. Seed and replica together decide all random
            numbers, for every mechanism the same, so that mechanisms can be compared in pairs.
    """

    config: Mapping[str, Any]
    hash: str
    seed: int
    replica: int


class Components(Protocol):
    """Context of `register_components`."""

    def add(self, kind: str, name: str, component: type) -> None:
        """Register a dataclass under a kind and a name.

        Raises:
            PluginError: the name is taken in this kind, or the class cannot be a component.
        """


class ConfigurationFolders(Protocol):
    """Context of `add_configuration`."""

    def add(self, folder: str | Path) -> None:
        """Look for configuration in `pkg://package.folder`, or in a path, as well."""


@dataclass(frozen=True)
class Measurement:
    """What a metric is computed from: one simulated point.

    Attributes:
        result: all that the run counted.
        image: names of the regions and of the workload's own counters.
        machine: what it ran on.
        config: the point's resolved configuration.
    """

    result: Result
    image: Image
    machine: Machine
    config: Mapping[str, Any]


Compute = Callable[[Measurement], float | None]


class Metrics(Protocol):
    """Context of `register_metrics`."""

    def add(self, name: str, unit: str, compute: Compute, doc: str) -> None:
        """Register a metric. Its name is also its column; letters, digits and `_`."""


Draw = Callable[["pd.DataFrame"], "Figure | None"]


class Figures(Protocol):
    """Context of `register_figures`."""

    def add(self, name: str, draw: Draw, doc: str) -> None:
        """Register a figure. Its name is also its file's; letters, digits and `_`."""


@dataclass(frozen=True)
class SweepStarted:
    """Context of `sweep_started`.

    Attributes:
        folder: the sweep's folder; it exists.
        points: all points of the sweep, in their order.
        total: how many of them are still to run (fewer than all when a sweep is resumed).
        settings: what is not part of any point: executor, tracking, and the command.
        console: where to write for people; standard error.
        observe: registers an object whose hook implementations are called for this sweep's
            remaining events.
    """

    folder: Path
    points: Sequence[Point]
    total: int
    settings: Mapping[str, Any]
    console: Console
    observe: Callable[[object], None]


@dataclass(frozen=True)
class PointFinished:
    """Context of `point_finished`.

    Attributes:
        folder: the sweep's folder.
        record: the line of `points.jsonl`: hash, config, versions, seed, replica, status, metrics,
            wall_s, error.
        done: records of this run so far, this one included.
        total: how many there will be.
        failed: how many of `done` have a status other than ok.
    """

    folder: Path
    record: Mapping[str, Any]
    done: int
    total: int
    failed: int


@dataclass(frozen=True)
class SweepFinished:
    """Context of `sweep_finished`.

    Attributes:
        folder: the sweep's folder.
        done, total, failed: as in `PointFinished`, at the end.
        interrupted: the user stopped it.
        wall_s: how long it took.
        files: what was made of the results: summary, figures, report.
        console: where to write for people; standard error.
    """

    folder: Path
    done: int
    total: int
    failed: int
    interrupted: bool
    wall_s: float
    console: Console
    files: Sequence[Path] = field(default_factory=tuple)
