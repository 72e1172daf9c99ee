"""`smplab run [-m] KEY=VALUE ...`: simulate a configuration, or a grid of them."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smplab.cli.common import sweep_name, warn_of_broken_plugins
from smplab.plugin.errors import ConfigError

if TYPE_CHECKING:
    from smplab.lab.grid import Grid
    from smplab.lab.sweep import SweepOutcome
    from smplab.plugin.host import Host

_HYDRAS_FLAGS = {
    "-c", "--cfg", "-i", "--info", "-sc", "--shell-completion", "--hydra-help", "-p", "--package",
    "--resolve", "-cd", "--config-dir",
}  # fmt: skip
_HYDRAS_GROUPS = ("hydra/sweeper=", "hydra/launcher=")


def main(arguments: Sequence[str]) -> int:
    """Run the verb; return the exit code of the sweep."""
    if any(a in _HYDRAS_FLAGS or a.startswith(_HYDRAS_GROUPS) for a in arguments):
        from smplab.cli.hydra_run import main as hydra_main

        return hydra_main(arguments)
    given = _parser().parse_intermixed_args(arguments)
    if given.help:
        print(_help())
        return 0
    from smplab.plugin.host import shared_host

    host = shared_host()
    warn_of_broken_plugins(host)
    grid = _resumed(given, host) if given.resume else _expanded(given, host)
    if given.dry_run:
        _print_points(grid, given.json)
        _print_estimate(grid)
        return 0
    outcome = _run(grid, given, arguments, host)
    _print_outcome(outcome, given.json)
    return outcome.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("smplab run", add_help=False, allow_abbrev=False)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("-m", "--multirun", action="store_true")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--resume", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("-h", "--help", action="store_true")
    return parser


def _expanded(given: argparse.Namespace, host: Host) -> Grid:
    from smplab.lab.grid import expand
    from smplab.lab.point import point_identity

    return expand(given.overrides, host, point_identity, multirun=given.multirun)


def _resumed(given: argparse.Namespace, host: Host) -> Grid:
    """Return the points of an earlier sweep; how they are computed may be another now."""
    from smplab.lab.folder import read_plan
    from smplab.lab.grid import Grid, settings_of
    from smplab.lab.point import point_identity
    from smplab.plugin.contexts import Point

    plan = read_plan(given.resume)
    if any("topology" not in config for config in plan.configs):
        raise ConfigError(f"{given.resume}: these are checks; go on with smplab verify --resume")
    settings = {"executor": dict(plan.executor), "tracking": dict(plan.tracking)}
    for override in given.overrides:
        if override.partition("=")[0].partition(".")[0] not in settings:
            raise ConfigError(
                f"{override}: with --resume only executor and tracking can be chosen anew; the "
                f"points are those of {given.resume}"
            )
    if given.overrides:
        chosen = settings_of(given.overrides, host)
        named = {override.partition("=")[0].partition(".")[0] for override in given.overrides}
        settings |= {key: chosen[key] for key in named}
    points = [
        Point(config, point_identity(config), config["seed"], config["replica"])
        for config in plan.configs
    ]
    return Grid(tuple(points), settings)


def _run(
    grid: Grid, given: argparse.Namespace, arguments: Sequence[str], host: Host
) -> SweepOutcome:
    from smplab.lab.folder import Plan
    from smplab.lab.sweep import SweepSettings, run_sweep
    from smplab.machine import warm_up

    plan = Plan(
        name=sweep_name(given.overrides, grid.points[0].config),
        executor=grid.settings["executor"],
        tracking=grid.settings["tracking"],
        command=shlex.join(["smplab", "run", *arguments]),
        overrides=tuple(given.overrides),
    )
    return run_sweep(grid.points, SweepSettings(plan, given.resume, prepare=warm_up), host)


def _print_points(grid: Grid, as_json: bool) -> None:
    if as_json:
        points = [{"hash": point.hash, "config": point.config} for point in grid.points]
        print(json.dumps({"points": points, "settings": grid.settings}, indent=2))
        return
    from smplab.lab.curves import flatten
    from smplab.lab.folder import split

    flat = [flatten(point.config) for point in grid.points]
    varied = split(flat)[1]
    for point, config in zip(grid.points, flat, strict=True):
        values = " ".join(f"{key}={config[key]}" for key in varied if key in config)
        print(f"{point.hash}  {values}".rstrip())


def _print_estimate(grid: Grid) -> None:
    """Say on standard error how many points there are and how long they will take."""
    import os

    from smplab.lab.estimate import estimated_s, in_words
    from smplab.lab.point import run_point
    from smplab.language.errors import SmplabError
    from smplab.machine import warm_up

    count = len(grid.points)
    executor = grid.settings["executor"]
    workers = 1
    if "workers" in executor:
        workers = min(count, executor["workers"] or len(os.sched_getaffinity(0)))
    try:
        warm_up()
        seconds = estimated_s(grid.points, run_point) / workers
        share = f" on {workers} workers" if workers > 1 else ""
        time = f"about {in_words(seconds)} of computing{share}"
    except SmplabError as error:
        time = f"no estimate, since a sample failed: {error}"
    print(f"{count} {'point' if count == 1 else 'points'}; {time}", file=sys.stderr)


def _print_outcome(outcome: SweepOutcome, as_json: bool) -> None:
    if not as_json:
        print(outcome.folder)
        return
    from smplab.lab.tracing import traces_of

    plain = {
        "folder": str(outcome.folder),
        "points": outcome.points,
        "ok": sum(record.ok for record in outcome.records),
        "interrupted": outcome.interrupted,
        "error": outcome.error,
        "observer_failures": list(outcome.observer_failures),
        "files": [str(file) for file in outcome.files],
        "traces": [str(file) for file in traces_of(outcome.folder, outcome.records)],
        "wall_s": round(outcome.wall_s, 3),
        "exit_code": outcome.exit_code,
    }
    print(json.dumps(plain, indent=2))


def _help() -> str:
    import dataclasses
    import textwrap

    from omegaconf import DictConfig, OmegaConf

    from smplab.lab.config import GROUPS, Values
    from smplab.lab.tree import configuration_folder, experiments
    from smplab.plugin.host import shared_host

    registry = shared_host().registry
    defaults = OmegaConf.load(configuration_folder() / "config.yaml")
    assert isinstance(defaults, DictConfig)
    kinds = [kind for kind in registry.kinds() if kind.partition("/")[0] in GROUPS]
    offered = {kind: registry.names(kind) for kind in kinds} | {"experiment": tuple(experiments())}

    def entry(key: str, text: str) -> str:
        lines = textwrap.wrap(text, 54, break_on_hyphens=False)
        return f"  {key:<24}" + f"\n{'':<26}".join(lines)

    groups = [entry(kind, ", ".join(names)) for kind, names in offered.items() if names]
    values = []
    for field in dataclasses.fields(Values):
        default = defaults[field.name]
        shown = json.dumps(default) if default is None or isinstance(default, bool) else default
        values.append(entry(f"{field.name}={shown}", field.metadata["parameter"].doc))
    return "\n".join([_USAGE, *groups, "\nValues and their defaults:", *values, _NOTES])


_USAGE = """\
usage: smplab run [-m] [KEY=VALUE ...]

Simulate one configuration; with -m every combination of several values:

  smplab run topology=opteron48 mechanism/lock=mcs cpus=12
  smplab run -m mechanism/lock=ticket,mcs 'cpus=range(1,9)' replicas=3

  -m, --multirun     several values of a key are a sweep
  --dry-run          list the points and estimate the time, run nothing
  --resume DIR       run what a sweep's folder lacks; executor and tracking may
                     be chosen anew
  --json             JSON, alone on standard output

The last line on standard output is the folder with the results.

Components (their parameters: smplab plugins show NAME):"""

_NOTES = """
Hydra's flags (--cfg job, --info, --shell-completion) and its own sweepers and
launchers (hydra/sweeper=..., hydra/launcher=...) work as well."""
