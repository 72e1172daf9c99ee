"""The components that plugins registered, by kind and name."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from smplab.plugin.errors import ConfigError, PluginError, choices
from smplab.plugin.schema import Parameter, build, parameters, schema_of

KINDS = ("topology", "kernel", "workload", "policy", "scenario", "executor", "tracking")
"""Kinds besides the slots of a kernel, which are the kinds `mechanism/<slot>`."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SLOT = re.compile(r"mechanism/[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Owner:
    """Who provides something: the plugin's entry point and its distribution."""

    plugin: str
    distribution: str
    version: str = ""

    def __str__(self) -> str:
        """Return "smplab-locks 1.0"."""
        return f"{self.distribution} {self.version}".strip()


@dataclass(frozen=True)
class Entry:
    """A registered component."""

    kind: str
    name: str
    component: type
    owner: Owner

    @property
    def key(self) -> str:
        """Where the component's values are in a configuration: "mechanism.lock"."""
        return self.kind.replace("/", ".")

    @cached_property
    def schema(self) -> type:
        """The dataclass that types the component's configuration."""
        return schema_of(self.component, self.name)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The component's parameters."""
        return tuple(parameters(self.component))

    @property
    def doc(self) -> str:
        """The docstring of the component's class."""
        return inspect.cleandoc(self.component.__doc__ or "")

    def slots(self) -> tuple[str, ...]:
        """Names of the slots that the component uses."""
        declared = getattr(self.component, "slots", None)
        return tuple(declared()) if declared else ()


class Registry:
    """Components by kind and name; a name has one owner."""

    def __init__(self) -> None:
        """Make an empty registry."""
        self._entries: dict[tuple[str, str], Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        """Iterate over the entries, by kind and name."""
        return iter(sorted(self._entries.values(), key=lambda entry: (entry.kind, entry.name)))

    def __contains__(self, key: tuple[str, str]) -> bool:
        """Tell whether a (kind, name) is registered."""
        return key in self._entries

    def add(self, entry: Entry) -> None:
        """Add an entry.

        Raises:
            PluginError: kind or name are none, the name is taken, or the class is no component.
        """
        where = f"{entry.kind}/{entry.name}"
        if entry.kind not in KINDS and not _SLOT.fullmatch(entry.kind):
            raise PluginError(f"{where}: no such kind; {choices(entry.kind, _kinds_in_words())}")
        if not _NAME.fullmatch(entry.name):
            raise PluginError(f"{where}: a name has lower-case letters, digits and _ only")
        if not dataclasses.is_dataclass(entry.component):
            raise PluginError(f"{where}: {entry.component.__name__} is no dataclass")
        taken = self._entries.get((entry.kind, entry.name))
        if taken:
            raise PluginError(
                f"{where} is registered twice: by {taken.owner} (plugin {taken.owner.plugin}) and "
                f"by {entry.owner} (plugin {entry.owner.plugin}); uninstall or rename one"
            )
        _ = entry.schema, entry.parameters  # a class that cannot be a component is refused here
        self._entries[entry.kind, entry.name] = entry

    def discard(self, entry: Entry) -> None:
        """Take an entry out again: its plugin failed later on."""
        self._entries.pop((entry.kind, entry.name), None)

    def names(self, kind: str) -> tuple[str, ...]:
        """Return the names that a kind offers, sorted."""
        return tuple(sorted(name for k, name in self._entries if k == kind))

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that have components, sorted."""
        return tuple(sorted({kind for kind, _ in self._entries}))

    def get(self, kind: str, name: str) -> Entry:
        """Return an entry.

        Raises:
            ConfigError: there is none; the message lists those that there are.
        """
        try:
            return self._entries[kind, name]
        except KeyError:
            raise ConfigError(
                f"{kind}={name}: no such component; {choices(name, self.names(kind))}"
            ) from None

    def build(self, kind: str, values: Mapping[str, Any]) -> Any:
        """Return an instance of the component that a configuration names by its key `name`.

        Raises:
            ConfigError: no such component, or a key that it does not have.
        """
        entry = self.get(kind, values["name"])
        return build(entry.component, values, entry.key)


def _kinds_in_words() -> list[str]:
    return [*KINDS, "mechanism/<slot>"]
