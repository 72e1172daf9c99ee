"""Experiments: a sweep with its reference data, its figure and its verdict.

experiments/<name>/experiment.yaml   the Hydra group `experiment`: its grids of points
experiments/<name>/targets.yaml      title, metric, figure, targets and sensitivity
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from smplab.lab.curves import Curve, flatten
from smplab.lab.figures.lines import check as check_figure
from smplab.lab.figures.measured import Comparison, read_comparisons
from smplab.lab.tree import experiments
from smplab.lab.verdicts.evaluate import Judgement, as_dict, judge, write_json
from smplab.lab.verdicts.reading import Place
from smplab.lab.verdicts.sensitivity import Variants, Variation, read_sensitivity
from smplab.lab.verdicts.targets import Target, read_targets
from smplab.plugin.errors import ConfigError, choices

TARGETS = "targets.yaml"
VERDICTS = "verdicts.json"
_KEYS = ("title", "metric", "figure", "targets", "sensitivity")


@dataclass(frozen=True)
class Experiment:
    """What an experiment compares.

    Attributes:
        name: of its folder.
        title: in a line.
        metric: that its targets and its figure are about, unless they say otherwise.
        targets: what must agree with what.
        comparisons: what its figures show, beside the plain scalability curve.
        variations: of its configuration, for which its targets are computed once more.
    """

    name: str
    title: str
    metric: str
    targets: Sequence[Target]
    comparisons: tuple[Comparison, ...]
    variations: Sequence[Variation] = ()

    def check(self, configs: Sequence[Mapping[str, Any]]) -> None:
        """Check targets and figures against the planned points, before anything runs.

        Raises:
            TargetError: one is about what no point has.
        """
        flat = [flatten(config) for config in configs]
        for comparison in self.comparisons:
            check_figure(flat, comparison)
        for target in self.targets:
            target.check(flat)

    def judge(
        self, curves: Sequence[Curve], variants: Variants, strict: bool = False
    ) -> list[Judgement]:
        """Return the verdicts, and with each how it would be in the variations."""
        return variants.judged(curves, lambda some: judge(self.targets, some, strict))

    def finish(
        self, folder: Path, curves: Sequence[Curve], variants: Variants, strict: bool = False
    ) -> list[Path]:
        """Write `verdicts.json` and the figures into a sweep's folder; return their paths."""
        path = folder / VERDICTS
        write_json(path, as_dict(self.name, self.title, self.judge(curves, variants, strict)))
        paths = [path]
        curves = variants.of(variants.own, curves)
        if self.comparisons and curves:
            from smplab.lab.figures import save
            from smplab.lab.figures.comparison import draw

            for comparison in self.comparisons:
                stem = "_".join(filter(None, (self.name, comparison.name)))
                paths += save(draw(curves, comparison), folder / stem)
        return paths

    def finisher(self, variants: Variants, strict: bool) -> partial[list[Path]]:
        """Return `finish` as a sweep calls it."""
        return partial(self.finish, variants=variants, strict=strict)


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
    title = root.get("title", str)
    varied = "sensitivity" in root.values
    return Experiment(
        folder.name, title, metric, read_targets(root, metric),
        read_comparisons(root, metric, title),
        read_sensitivity(root.inside("sensitivity")) if varied else (),
    )  # fmt: skip
