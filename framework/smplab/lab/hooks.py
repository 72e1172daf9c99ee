"""Telling plugins what a sweep does; one that fails costs neither results nor the others."""

from __future__ import annotations

from typing import Any

from smplab.plugin.host import Host


class Notifier:
    """Calls the hooks of a sweep's life in every plugin, and remembers what went wrong.

    Attributes:
        failures: one message for each plugin that failed; it is not called again.
    """

    def __init__(self, host: Host) -> None:
        self._hook = host.hook
        self._silenced: set[int] = set()
        self.failures: list[str] = []

    def call(self, name: str, context: object) -> None:
        """Call one hook in every plugin that implements it."""
        for implementation in getattr(self._hook, name).get_hookimpls():
            if id(implementation.plugin) in self._silenced:
                continue
            arguments: dict[str, Any] = {"context": context}
            try:
                implementation.function(*(arguments[a] for a in implementation.argnames))
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything
                self._silenced.add(id(implementation.plugin))
                who = getattr(
                    implementation.plugin, "__name__", type(implementation.plugin).__name__
                )
                self.failures.append(f"{who} failed in {name}: {type(error).__name__}: {error}")
