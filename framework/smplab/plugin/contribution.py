"""What one plugin adds while it loads: the contexts that its hooks are handed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from smplab.plugin.contexts import Compute, Draw
from smplab.plugin.errors import PluginError
from smplab.plugin.registry import Entry, Owner, Registry

_COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Metric:
    """A registered metric."""

    name: str
    unit: str
    compute: Compute
    doc: str
    owner: Owner


@dataclass(frozen=True)
class Figure:
    """A registered figure."""

    name: str
    draw: Draw
    doc: str
    owner: Owner


@dataclass
class Contribution:
    """What one plugin adds, until it has loaded as a whole."""

    owner: Owner
    registry: Registry
    entries: list[Entry] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    metrics: dict[str, Metric] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)


class ComponentsContext:
    """Context of `register_components`."""

    def __init__(self, contribution: Contribution) -> None:
        self._contribution = contribution

    def add(self, kind: str, name: str, component: type) -> None:
        """Register a component at once, so that the next one of its name is refused."""
        entry = Entry(kind, name, component, self._contribution.owner)
        self._contribution.registry.add(entry)
        self._contribution.entries.append(entry)


class FoldersContext:
    """Context of `add_configuration`."""

    def __init__(self, contribution: Contribution) -> None:
        self._contribution = contribution

    def add(self, folder: str | Path) -> None:
        """Note a folder, as Hydra's search path writes it."""
        where = str(folder)
        if not where.startswith("pkg://"):
            if not Path(where).is_dir():
                raise PluginError(f"the configuration folder {where} does not exist")
            where = f"file://{Path(where).resolve()}"
        self._contribution.folders.append(where)


class MetricsContext:
    """Context of `register_metrics`."""

    def __init__(self, contribution: Contribution, taken: Mapping[str, Metric]) -> None:
        self._contribution, self._taken = contribution, taken

    def add(self, name: str, unit: str, compute: Compute, doc: str) -> None:
        """Note a metric."""
        own, owner = self._contribution.metrics, self._contribution.owner
        _check_name("metric", name, owner, self._taken.get(name) or own.get(name))
        own[name] = Metric(name, unit, compute, doc, owner)


class FiguresContext:
    """Context of `register_figures`."""

    def __init__(self, contribution: Contribution, taken: Mapping[str, Figure]) -> None:
        self._contribution, self._taken = contribution, taken

    def add(self, name: str, draw: Draw, doc: str) -> None:
        """Note a figure."""
        own, owner = self._contribution.figures, self._contribution.owner
        _check_name("figure", name, owner, self._taken.get(name) or own.get(name))
        own[name] = Figure(name, draw, doc, owner)


def _check_name(what: str, name: str, owner: Owner, other: Metric | Figure | None) -> None:
    if not _COLUMN.fullmatch(name):
        raise PluginError(f"{what} {name!r}: a name has letters, digits and _ only")
    if other:
        raise PluginError(f"{what} {name} is registered twice: by {other.owner} and by {owner}")
