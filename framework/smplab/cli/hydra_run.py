"""`smplab run` through Hydra's own machinery: its flags, sweepers and launchers."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from hydra._internal.hydra import Hydra
from hydra._internal.utils import (
    _run_hydra,
    create_config_search_path,
    get_args_parser,
)
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException

from smplab.cli.common import sweep_name, warn_of_broken_plugins
from smplab.lab.compose import CONFIG_NAME, Composer, in_our_words
from smplab.lab.folder import Plan, new_folder
from smplab.lab.grid import settings_of
from smplab.lab.hydra_job import Keep, job, recording
from smplab.lab.records import Record
from smplab.lab.store import PointStore
from smplab.lab.sweep import SweepSettings, run_sweep
from smplab.lab.tree import configuration_folder
from smplab.machine import warm_up
from smplab.plugin.contexts import Point
from smplab.plugin.errors import ConfigError
from smplab.plugin.host import Host, shared_host

_SETTINGS = ("executor", "tracking", "objective")
_OURS = ("--dry-run", "--resume", "--json")


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code.

    Raises:
        ConfigError: what is asked for does not exist, or goes with our own sweeper only.
    """
    for argument in arguments:
        if argument in _OURS:
            raise ConfigError(f"{argument} goes with smplab's own sweeper only")
    host = shared_host()
    warn_of_broken_plugins(host)
    composer = Composer(host)  # makes Hydra know the plugins
    parser = get_args_parser()
    given = parser.parse_args(list(arguments))
    if given.cfg or given.info is not None or given.shell_completion or given.hydra_help:
        _complete_after_verb()
        _run_hydra(given, parser, job, str(configuration_folder()), CONFIG_NAME)
        return 0
    _check(given.overrides, composer)
    return _run(given, arguments, host)


def _complete_after_verb() -> None:
    """Let the shell's line look as if there were no verb, as Hydra's completion expects it."""
    line = os.environ.get("COMP_LINE", "")
    words = line.split(" ", 2)
    if len(words) == 3 and words[1] == "run":
        os.environ["COMP_LINE"] = f"{words[0]} {words[2]}"


def _check(overrides: Sequence[str], composer: Composer) -> None:
    """Refuse components that do not exist before anything is begun."""
    for override in composer.parse(overrides):
        if not override.is_interval_sweep():
            for alternative in composer.alternatives(override):
                composer.check_choice(alternative)


def _run(given: Namespace, arguments: Sequence[str], host: Host) -> int:
    settings = settings_of([o for o in given.overrides if o.startswith(_SETTINGS)], host)
    warm_up()
    folder = new_folder("hydra")
    records: list[Record] = []
    try:
        with PointStore(folder) as store:

            def keep(of_job: Sequence[Record]) -> None:
                for record in of_job:
                    store.append(record)
                    records.append(record)

            _through_hydra(given, folder, keep)
    finally:
        if not records:
            shutil.rmtree(folder)  # nothing was begun that could be gone on with
    if not records:
        raise ConfigError("Hydra's launcher brought no results home")
    # All is computed; what is left is what follows every sweep: tables, figures, tracking.
    points = [Point(r.config, r.hash, r.seed, r.replica) for r in records]
    plan = Plan(
        name=sweep_name(given.overrides, records[0].config),
        executor=settings["executor"],
        tracking=settings["tracking"],
        command=shlex.join(["smplab", "run", *arguments]),
        overrides=tuple(given.overrides),
    )
    outcome = run_sweep(points, SweepSettings(plan, folder), host)
    print(outcome.folder)
    return outcome.exit_code


def _through_hydra(given: Namespace, folder: Path, keep: Keep) -> None:
    own = [f"hydra.run.dir={folder}/hydra", f"hydra.sweep.dir={folder}/hydra"]
    if not any(override.startswith("hydra/launcher=") for override in given.overrides):
        own.append("hydra/launcher=smplab")
    overrides = [*given.overrides, *own]
    path = create_config_search_path(str(configuration_folder()))
    try:
        hydra = Hydra.create_main_hydra2("smplab", path)
        # Hydra's jobs log to standard output, which is the folder's alone.
        with recording(keep), contextlib.redirect_stdout(sys.stderr):
            if given.multirun:
                hydra.multirun(CONFIG_NAME, job, overrides)
            else:
                keep(hydra.run(CONFIG_NAME, job, overrides).return_value.records)
    except HydraException as error:
        raise ConfigError(in_our_words(error)) from error
    finally:
        GlobalHydra.instance().clear()
