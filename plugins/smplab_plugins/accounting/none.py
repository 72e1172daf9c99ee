"""Accounting `none`: user level learns nothing of the use of resources, and nothing is spent."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Accounting


@dataclass(eq=False)
class NoAccounting(Accounting):
    """Notes nothing; the kernel's calls of it compile to nothing."""
