"""`smplab reproduce NAME...`: run experiments and compare them with their reference data."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smplab.plugin.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from smplab.lab.experiment import Experiment
    from smplab.lab.sweep import SweepOutcome
    from smplab.lab.verdicts.sensitivity import Variants
    from smplab.plugin.contexts import Point
    from smplab.plugin.host import Host

EXECUTOR = "executor=ray"


def main(arguments: Sequence[str]) -> int:
    """Run the verb; the exit code is the first one that is not 0."""
    given = _parser().parse_intermixed_args(list(arguments))
    names = [word for word in given.words if "=" not in word]
    overrides = [word for word in given.words if "=" in word]
    from smplab.lab.experiment import load_experiment
    from smplab.lab.tree import experiments

    known = list(experiments())
    if given.list:
        _list([load_experiment(name) for name in known], given.json)
        return 0
    names = known if given.all else names
    if not names or (given.resume and len(names) > 1):
        many = "--resume goes on with one experiment: name it" if names else "which experiment?"
        raise ConfigError(f"{many} There are: {', '.join(known) or 'none'}; or --all")
    loaded = [load_experiment(name) for name in dict.fromkeys(names)]
    ran = [_reproduce(experiment, overrides, given) for experiment in loaded]
    if given.json:
        print(json.dumps([plain for _, plain in ran], indent=2))
    return next((code for code, _ in ran if code), 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "smplab reproduce",
        allow_abbrev=False,
        description="Run experiments and compare them with their reference data.",
        epilog="exit code 1: a point failed, or a target was missed that is not declared a known "
        "miss; 3: tracking failed",
    )
    parser.add_argument(
        "words", nargs="*", metavar="NAME | KEY=VALUE",
        help=f"experiments, and overrides as of smplab run (default: {EXECUTOR})",
    )  # fmt: skip
    parser.add_argument("--all", action="store_true", help="all experiments")
    parser.add_argument("--list", action="store_true", help="list them and run nothing")
    parser.add_argument("--json", action="store_true", help="JSON, alone on standard output")
    parser.add_argument("--strict", action="store_true", help="a known miss is no excuse")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on in a sweep's folder")
    return parser


def _list(loaded: Sequence[Experiment], as_json: bool) -> None:
    if as_json:
        plain = [{"name": e.name, "title": e.title, "targets": len(e.targets)} for e in loaded]
        print(json.dumps(plain, indent=2))
        return
    for experiment in loaded:
        print(f"{experiment.name:<24}{experiment.title} ({len(experiment.targets)} targets)")


def _reproduce(
    experiment: Experiment, overrides: Sequence[str], given: argparse.Namespace
) -> tuple[int, dict[str, Any]]:
    from rich.console import Console

    from smplab.cli.common import warn_of_broken_plugins
    from smplab.lab.verdicts.evaluate import agrees, as_dict
    from smplab.lab.verdicts.table import show
    from smplab.plugin.host import shared_host

    host = shared_host()
    warn_of_broken_plugins(host)
    points, settings, variants = _points(experiment, overrides, host)
    console = Console(stderr=True, soft_wrap=True)
    console.print(f"{experiment.name}: {experiment.title}", markup=False, highlight=False)
    outcome = _run(experiment, points, settings, variants, given, overrides, host)
    judgements = experiment.judge(outcome.curves, variants, given.strict)
    show(console, experiment.title, judgements)
    _name_files(console, experiment, outcome)
    if not given.json:
        print(outcome.folder)
    code = outcome.exit_code or (0 if agrees(judgements) else 1)
    plain = as_dict(experiment.name, experiment.title, judgements)
    return code, plain | {
        "folder": str(outcome.folder),
        "files": [str(file) for file in outcome.files],
        "exit_code": code,
    }


def _points(
    experiment: Experiment, overrides: Sequence[str], host: Host
) -> tuple[Sequence[Point], dict[str, Any], Variants]:
    """Return the experiment's own points and those of its variations, and which are which."""
    from smplab.lab.grid import expand
    from smplab.lab.point import point_identity
    from smplab.lab.verdicts.sensitivity import Variants, keys_of

    chosen = any(override.startswith("executor=") for override in overrides)
    executor = () if chosen else (EXECUTOR,)
    lines = [f"experiment={experiment.name}", *executor, *overrides]
    grid = expand(lines, host, point_identity, multirun=True)
    experiment.check([point.config for point in grid.points])
    points, varied = list(grid.points), {}
    for variation in experiment.variations:
        others = expand([*lines, variation.override], host, point_identity, multirun=True).points
        varied[variation] = keys_of(point.config for point in others)
        points += others
    own = keys_of(point.config for point in grid.points)
    return points, grid.settings, Variants(own, varied)


def _run(
    experiment: Experiment,
    points: Sequence[Point],
    settings: dict[str, Any],
    variants: Variants,
    given: argparse.Namespace,
    overrides: Sequence[str],
    host: Host,
) -> SweepOutcome:
    from smplab.lab.folder import Plan
    from smplab.lab.sweep import SweepSettings, run_sweep
    from smplab.machine import warm_up

    command = f"smplab reproduce {experiment.name}"
    plan = Plan(
        name=experiment.name,
        executor=settings["executor"],
        tracking=settings["tracking"],
        command=" ".join([command, *overrides]),
        overrides=tuple(overrides),
    )
    sweep = SweepSettings(
        plan,
        given.resume,
        prepare=warm_up,
        finish=experiment.finisher(variants, given.strict),
        go_on=f"{command} --resume",
    )
    return run_sweep(points, sweep, host)


def _name_files(console: Console, experiment: Experiment, outcome: SweepOutcome) -> None:
    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    figures = [path for path in outcome.files if path.stem == experiment.name]
    for path in figures:
        say(f"figure: {path}")
    say("browse the results: smplab ui")
