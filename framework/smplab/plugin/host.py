"""Finds plugins, loads them one by one, and keeps what they registered.

A plugin takes effect whole or not at all: what a failing one had registered is taken out again.
"""

from __future__ import annotations

import contextlib
import difflib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from smplab.plugin import hookspecs
from smplab.plugin.contribution import (
    ComponentsContext,
    Contribution,
    Figure,
    FiguresContext,
    FoldersContext,
    Metric,
    MetricsContext,
)
from smplab.plugin.errors import ConfigError, PluginError
from smplab.plugin.registry import Entry, Owner, Registry

GROUP = "smplab"
"""The entry-point group that plugins name themselves in."""


@dataclass(frozen=True)
class Failure:
    """A plugin that did not load, why, and the components (kind, name) that it had announced."""

    owner: Owner
    error: Exception
    announced: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Return "plugin x of my-dist 1.0 failed to load: ImportError: ..."."""
        reason = f"{type(self.error).__name__}: {self.error}"
        return f"plugin {self.owner.plugin} of {self.owner} failed to load: {reason}"


class Host:
    """The plugins of a process and what they registered.

    Attributes:
        failures: plugins that did not load.
        hook: calls a hook in all plugins: `host.hook.point_finished(context=...)`.
    """

    def __init__(self, autoload: bool = True) -> None:
        """Make a host.

        Args:
            autoload: load what is installed, at the first use; otherwise only what is given to
                `register` counts, as tests want it.
        """
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)
        self._pending = autoload
        self._registry = Registry()
        self._folders: list[str] = []
        self._metrics: dict[str, Metric] = {}
        self._figures: dict[str, Figure] = {}
        self._failures: list[Failure] = []

    @property
    def registry(self) -> Registry:
        """The components."""
        self.load()
        return self._registry

    @property
    def folders(self) -> tuple[str, ...]:
        """Configuration folders of plugins: `pkg://...` and `file://...`."""
        self.load()
        return tuple(self._folders)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics of plugins, in the order of registration."""
        self.load()
        return tuple(self._metrics.values())

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures of plugins, in the order of registration."""
        self.load()
        return tuple(self._figures.values())

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Plugins that did not load."""
        self.load()
        return tuple(self._failures)

    @property
    def hook(self) -> Any:
        """The hooks, to be called by name with their context."""
        self.load()
        return self._manager.hook

    def load(self) -> None:
        """Load the installed plugins, unless that is done already.

        Raises:
            PluginError: one failed, and SMPLAB_STRICT_PLUGINS is set.
        """
        if not self._pending:
            return
        self._pending = False
        # Our own first, so that a name that ships cannot be taken by whoever is installed.
        found = sorted(
            entry_points(group=GROUP), key=lambda point: (point.name != GROUP, point.name)
        )
        for point in found:
            self._load_entry_point(point)

    def register(self, plugin: object, name: str, distribution: str = "unpackaged") -> None:
        """Register a plugin, a module or an object with hook implementations, by hand.

        Raises:
            PluginError: it breaks a rule; nothing of it stays registered.
        """
        self._register(plugin, Owner(name, distribution))

    @contextlib.contextmanager
    def observers(self) -> Iterator[Callable[[object], None]]:
        """Yield a function that registers objects whose hooks are called until the block ends."""
        registered: list[object] = []

        def observe(observer: object) -> None:
            self._manager.register(observer)
            registered.append(observer)

        try:
            yield observe
        finally:
            for observer in registered:
                self._manager.unregister(observer)

    def find(self, kind: str, name: str) -> Entry:
        """Return a component; if a broken plugin should have brought it, say so.

        Raises:
            ConfigError: there is no such component.
        """
        try:
            return self.registry.get(kind, name)
        except ConfigError as error:
            raise ConfigError(self.why_missing(kind, name) or str(error)) from None

    def why_missing(self, kind: str, name: str) -> str | None:
        """Say which broken plugin brings, or may bring, a component that is not there."""
        for failure in self.failures:
            if (kind, name) in failure.announced or failure.owner.plugin == name:
                reason = f"{type(failure.error).__name__}: {failure.error}"
                return f"{kind}/{name} comes from {failure.owner}, which failed to load: {reason}"
        if self.failures:
            return (
                f"{kind}/{name} is not registered; it may come from a plugin that failed to load: "
                + "; ".join(str(failure) for failure in self.failures)
            )
        return None

    def _load_entry_point(self, point: EntryPoint) -> None:
        distribution = point.dist
        owner = Owner(
            point.name,
            distribution.name if distribution else "unknown distribution",
            distribution.version if distribution else "",
        )
        announced: list[tuple[str, str]] = []
        try:
            self._register(point.load(), owner, announced)
        except Exception as error:  # whatever a stranger's module raises must not stop the others
            failure = Failure(owner, error, tuple(announced))
            if os.environ.get("SMPLAB_STRICT_PLUGINS", "") not in ("", "0"):
                raise PluginError(str(failure)) from error
            self._failures.append(failure)

    def _register(
        self, plugin: object, owner: Owner, announced: list[tuple[str, str]] | None = None
    ) -> None:
        others = self._manager.get_plugins()
        contribution = Contribution(owner, self._registry)
        contexts = {
            "register_components": ComponentsContext(contribution),
            "add_configuration": FoldersContext(contribution),
            "register_metrics": MetricsContext(contribution, self._metrics),
            "register_figures": FiguresContext(contribution, self._figures),
        }
        try:
            self._manager.register(plugin)
            self._refuse_unknown_hooks(plugin)
            for name, context in contexts.items():
                self._manager.subset_hook_caller(name, others)(context=context)
        except Exception:
            if self._manager.is_registered(plugin):
                self._manager.unregister(plugin)
            for entry in contribution.entries:
                self._registry.discard(entry)
            if announced is not None:
                announced.extend((entry.kind, entry.name) for entry in contribution.entries)
            raise
        self._folders += contribution.folders
        self._metrics |= contribution.metrics
        self._figures |= contribution.figures

    def _refuse_unknown_hooks(self, plugin: object) -> None:
        hooks = [n for n in vars(hookspecs) if hasattr(getattr(hookspecs, n), f"{GROUP}_spec")]
        for caller in self._manager.get_hookcallers(plugin) or ():
            if not caller.has_spec():
                close = difflib.get_close_matches(caller.name, hooks, n=1)
                raise PluginError(
                    f"there is no hook {caller.name}; "
                    + (f"did you mean {close[0]}?" if close else f"hooks: {', '.join(hooks)}")
                )


@cache
def shared_host() -> Host:
    """Return the host of this process, with the installed plugins; workers share it, too."""
    return Host()
