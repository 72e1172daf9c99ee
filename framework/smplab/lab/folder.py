"""The folder of a sweep: where it lies, and what was planned in it.

results/2026-11-23_101530_lock_scaling/
    plan.json     what was asked for: the points, and what --resume needs to go on
    config.yaml   the same for readers: what all points share, and what varies
    points.jsonl  the truth, a line a point; points.csv is the same as a table
    summary.csv   mean and confidence interval by curve and number of CPUs
    *.svg, *.png  figures
    traces/       a file for Perfetto of each point, if asked for
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from smplab.lab.curves import flatten
from smplab.lab.records import SCHEMA
from smplab.language.errors import SmplabError
from smplab.plugin.contexts import Point

PLAN = "plan.json"
CONFIG = "config.yaml"


class FolderError(SmplabError):
    """A folder that holds no sweep, or one of another version."""


@dataclass(frozen=True)
class Plan:
    """What a sweep was asked to do.

    Attributes:
        name: experiment or workload; the folder is named after it.
        executor, tracking: their configurations, with their `name`.
        command: the command line, as the user would type it again.
        overrides: what was set on it.
        configs: the resolved configuration of each point.
        hashes: their names, in the same order.
        schema: version of the layout.
    """

    name: str
    executor: Mapping[str, Any]
    tracking: Mapping[str, Any]
    command: str = ""
    overrides: Sequence[str] = ()
    configs: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    hashes: Sequence[str] = field(default=(), repr=False)
    schema: int = SCHEMA


def results_folder() -> Path:
    """Return where sweeps go: `$SMPLAB_HOME`, or `results` below the working directory."""
    home = os.environ.get("SMPLAB_HOME")
    return Path(home).expanduser().resolve() if home else Path.cwd() / "results"


def new_folder(name: str, below: Path | None = None) -> Path:
    """Make and return a folder that did not exist, named by date and `name`.

    Raises:
        FolderError: it cannot be made.
    """
    base = below or results_folder()
    stem = f"{datetime.now().astimezone():%Y-%m-%d_%H%M%S}_{name}"
    try:
        base.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            folder = base / (stem if number == 1 else f"{stem}_{number}")
            try:
                folder.mkdir()
                return folder
            except FileExistsError:
                number += 1
    except OSError as error:
        raise FolderError(
            f"{base}: cannot make a folder for the results: {error.strerror}. Go to a folder that "
            "can be written to, or set SMPLAB_HOME"
        ) from error


def write_plan(folder: Path, plan: Plan, points: Sequence[Point]) -> None:
    """Write `plan.json` and `config.yaml`."""
    named = {"configs": [dict(p.config) for p in points], "hashes": [p.hash for p in points]}
    _replace(folder / PLAN, json.dumps(asdict(plan) | named))
    from omegaconf import OmegaConf

    shared, varied = split([flatten(point.config) for point in points])
    readable = {
        "name": plan.name,
        "command": plan.command,
        "points": len(points),
        "executor": dict(plan.executor),
        "tracking": dict(plan.tracking),
        "varied": varied,
        "shared": shared,
    }
    _replace(folder / CONFIG, OmegaConf.to_yaml(OmegaConf.create(readable)))


def read_plan(folder: Path) -> Plan:
    """Read a sweep's plan back.

    Raises:
        FolderError: the folder holds no plan, or one of another version.
    """
    path = folder / PLAN
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        written = plain["schema"]
    except FileNotFoundError:
        raise FolderError(f"{folder}: no sweep: it has no {PLAN}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FolderError(f"{path}: cannot be read: {error}") from None
    if written != SCHEMA:
        raise FolderError(
            f"{path}: written with layout {written}, this smplab writes layout {SCHEMA}; use the "
            "version that began the sweep, or begin a new one"
        )
    return Plan(**plain)


def split(flat: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return what all configurations share, and the values of what varies between them."""
    keys = dict.fromkeys(key for config in flat for key in config)
    values = {key: _distinct([c[key] for c in flat if key in c]) for key in keys}
    everywhere = {key for key in keys if all(key in config for config in flat)}
    shared = {k: found[0] for k, found in values.items() if len(found) == 1 and k in everywhere}
    return shared, {k: found for k, found in values.items() if k not in shared}


def _distinct(values: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    partial = path.with_suffix(path.suffix + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
