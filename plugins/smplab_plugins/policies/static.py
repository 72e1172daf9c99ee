"""Policy `static`: objects stay protected as they were when the system started."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Policy


@dataclass(eq=False)
class Static(Policy):
    """Ignores what workloads declare; their declarations compile to nothing."""

    acts = False
