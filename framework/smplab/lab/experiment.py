"""Experiments: a sweep with its reference data, its figure and its verdict.

experiments/<name>/experiment.yaml   the Hydra group `experiment`: its grids of points
experiments/<name>/targets.yaml      title, metric, figure and targets
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from smplab.lab.curves import Curve, flatten
from smplab.lab.figures.measured import Comparison, read_comparison
from smplab.lab.tree import experiments
from smplab.lab.verdicts.evaluate import Judgement, as_dict, judge, write_json
from smplab.lab.verdicts.reading import Place
from smplab.lab.verdicts.targets import Target, read_targets
from smplab.plugin.errors import ConfigError, choices

TARGETS = "targets.yaml"
VERDICTS = "verdicts.json"
_KEYS = ("title", "metric", "figure", "targets")


@dataclass(frozen=True)
class Experiment:
    """What an experiment compares.

    Attributes:
        name: of its folder.
        title: in a line.
        metric: that its targets and its figure are about, unless they say otherwise.
        targets: what must agree with what.
        comparison: what the figure shows; None for the plain scalability curve.
    """

    name: str
    title: str
    metric: str
    targets: Sequence[Target]
    comparison: Comparison | None

    def check(self, configs: Sequence[Mapping[str, Any]]) -> None:
        """Check the targets against the planned points, before anything runs.

        Raises:
            TargetError: a target is about what no point has.
        """
        flat = [flatten(config) for config in configs]
        for target in self.targets:
            target.check(flat)

    def judge(self, curves: Sequence[Curve], strict: bool = False) -> list[Judgement]:
        """Return the verdicts."""
        return judge(self.targets, curves, strict)

    def finish(self, folder: Path, curves: Sequence[Curve], strict: bool = False) -> list[Path]:
        """Write `verdicts.json` and the figure into a sweep's folder; return their paths."""
        path = folder / VERDICTS
        write_json(path, as_dict(self.name, self.title, self.judge(curves, strict)))
        paths = [path]
        if self.comparison is not None and curves:
            from smplab.lab.figures import save
            from smplab.lab.figures.comparison import draw

            figure = draw(curves, self.metric, self.comparison, self.title)
            paths += save(figure, folder / self.name)
        return paths

    def finisher(self, strict: bool) -> partial[list[Path]]:
        """Return `finish` as a sweep calls it."""
        return partial(self.finish, strict=strict)


def load_experiment(name: str) -> Experiment:
    """Read the experiment's `targets.yaml`.

    Raises:
        ConfigError: there is no such experiment.
        TargetError: its file has a mistake.
    """
    folders = experiments()
    if name not in folders:
        raise ConfigError(f"there is no experiment {name}; {choices(name, folders)}")
    return read_experiment(folders[name])


def read_experiment(folder: Path) -> Experiment:
    """Read the `targets.yaml` in a folder.

    Raises:
        TargetError: it has a mistake.
    """
    root = Place.load(folder / TARGETS)
    root.only(_KEYS)
    metric = root.get("metric", str, "throughput_ops_per_s")
    comparison = read_comparison(root.inside("figure")) if "figure" in root.values else None
    return Experiment(
        folder.name, root.get("title", str), metric, read_targets(root, metric), comparison
    )
