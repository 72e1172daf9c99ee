"""Which software computed a record."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, entry_points, version
from typing import Any

from smplab.lab.records import SCHEMA
from smplab.plugin.host import GROUP


@cache
def versions() -> dict[str, Any]:
    """Return the layout's version, Python's, and those of numpy, numba and each plugin package."""
    plugins = {point.dist.name for point in entry_points(group=GROUP) if point.dist}
    found: dict[str, Any] = {"schema": SCHEMA, "python": platform.python_version()}
    for name in sorted(plugins | {"smplab", "numpy", "numba"}):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
