"""What several verbs do alike."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smplab.plugin.host import Host


def warn_of_broken_plugins(host: Host) -> None:
    """Say on standard error which plugins did not load."""
    for failure in host.failures:
        print(f"smplab: warning: {failure}", file=sys.stderr)


def sweep_name(overrides: Sequence[str], config: Mapping[str, Any]) -> str:
    """Return what a sweep's folder is named after: its experiment, else its workload."""
    for override in overrides:
        key, _, value = override.partition("=")
        if key == "experiment" and value.isidentifier():
            return value
    return str(config["workload"]["name"])
