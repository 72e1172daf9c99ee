"""`smplab verify [-m] KEY=VALUE ...`: explore every interleaving of small scenarios."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smplab.language.errors import SmplabError
from smplab.plugin.errors import ConfigError

if TYPE_CHECKING:
    from smplab.lab.sweep import SweepOutcome
    from smplab.lab.verification.plan import Checks
    from smplab.plugin.host import Host

FUNCTION = "smplab.lab.verification.point:check_point"


def main(arguments: Sequence[str]) -> int:
    """Run the verb; return 0 for no violation, 2 if a bound struck, 1 otherwise."""
    given = _parser().parse_intermixed_args(arguments)
    if given.help:
        from smplab.cli.verify_help import text

        print(text())
        return 0
    try:
        return _replay(given.replay) if given.replay else _verify(given, arguments)
    except SmplabError as error:
        if os.environ.get("SMPLAB_TRACEBACK"):
            raise
        print(f"smplab: {error}", file=sys.stderr)  # code 2 means that a bound struck
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("smplab verify", add_help=False, allow_abbrev=False)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("-m", "--multirun", action="store_true")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--resume", type=Path, metavar="DIR")
    parser.add_argument("--replay", type=Path, metavar="FILE")
    parser.add_argument("--trace", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("-h", "--help", action="store_true")
    return parser


def _replay(file: Path) -> int:
    from smplab.lab.verification.counterexample import replay
    from smplab.plugin.host import shared_host

    text, end = replay(file, shared_host())
    print(text)
    print("replayed on the reference interpreter: " + (end or "the same steps, no failed check"))
    return 1


def _verify(given: argparse.Namespace, arguments: Sequence[str]) -> int:
    from smplab.cli.common import warn_of_broken_plugins
    from smplab.plugin.host import shared_host

    host = shared_host()
    warn_of_broken_plugins(host)
    checks = _resumed(given) if given.resume else _expanded(given, host)
    if given.dry_run:
        _print_points(checks, given.json)
        return 0
    outcome = _run(checks, given, arguments, host)
    return _tell(outcome, checks, given, host)


def _expanded(given: argparse.Namespace, host: Host) -> Checks:
    from smplab.lab.verification.plan import expand
    from smplab.lab.verification.point import check_identity

    return expand(given.overrides, host, check_identity, multirun=given.multirun)


def _resumed(given: argparse.Namespace) -> Checks:
    """Return the checks of an earlier sweep."""
    from smplab.lab.folder import read_plan
    from smplab.lab.verification.plan import Checks, points_of
    from smplab.lab.verification.point import check_identity

    if given.overrides:
        raise ConfigError(f"{given.overrides[0]}: with --resume the checks are those of the folder")
    plan = read_plan(given.resume)
    if any("memory_model" not in config for config in plan.configs):
        raise ConfigError(f"{given.resume}: these are no checks; go on with smplab run --resume")
    settings = {"executor": dict(plan.executor), "tracking": dict(plan.tracking)}
    return Checks(tuple(points_of(plan.configs, check_identity)), settings)


def _print_points(checks: Checks, as_json: bool) -> None:
    if as_json:
        points = [{"hash": point.hash, "config": point.config} for point in checks.points]
        print(json.dumps({"points": points, "settings": checks.settings}, indent=2))
        return
    for point in checks.points:
        config = point.config
        names = [f"{slot}={values['name']}" for slot, values in config["mechanism"].items()]
        names.append(f"scenario={config['scenario']['name'] if config['scenario'] else 'any'}")
        names += [f"mutant={config['mutant']}"] if config["mutant"] else []
        words = [*names, f"cpus={config['cpus']}", f"memory_model={config['memory_model']}"]
        print(point.hash, " ".join(words))
    print(f"{len(checks.points)} points", file=sys.stderr)


def _run(
    checks: Checks, given: argparse.Namespace, arguments: Sequence[str], host: Host
) -> SweepOutcome:
    from smplab.lab.folder import Plan
    from smplab.lab.sweep import SweepSettings, run_sweep
    from smplab.lab.verification.report import write_counterexamples
    from smplab.lab.verification.warmup import warm_up

    plan = Plan(
        name=_name(checks.points[0].config),
        executor=checks.settings["executor"],
        tracking=checks.settings["tracking"],
        command=shlex.join(["smplab", "verify", *arguments]),
        overrides=tuple(given.overrides),
    )
    settings = SweepSettings(
        plan,
        given.resume,
        FUNCTION,
        prepare=warm_up,
        finish=write_counterexamples,
        go_on="smplab verify --resume",
    )
    return run_sweep(checks.points, settings, host)


def _name(config: Mapping[str, Any]) -> str:
    """What the folder is named after: the slots, else the scenario."""
    slots = "_".join(config["mechanism"]) or config["scenario"]["name"]
    return f"verify_{slots}"


def _tell(outcome: SweepOutcome, checks: Checks, given: argparse.Namespace, host: Host) -> int:
    from rich.console import Console

    from smplab.lab.verification import report
    from smplab.lab.verification.perfetto import write_trace
    from smplab.lab.verification.tables import show

    records = outcome.records
    code = report.exit_code(records, outcome.points)
    code = outcome.exit_code if outcome.interrupted else code or min(outcome.exit_code, 1)
    found = report.rows(records, host)
    shown = [r.details["counterexample"] for r in records if "counterexample" in r.details]
    if given.trace and shown:
        write_trace(given.trace, shown[0])
    elif given.trace:
        print(f"no counterexample: {given.trace} is not written", file=sys.stderr)
    if given.json:
        plain = {"folder": str(outcome.folder), "points": outcome.points, "results": found}
        listed = [vars(one) for one in checks.listed]
        print(json.dumps(plain | {"not_run": listed, "exit_code": code}, indent=2))
        return code
    show(Console(soft_wrap=True), found, checks.listed)
    for one in shown:
        print()
        print(one["text"], end="")
    print(outcome.folder)
    return code
