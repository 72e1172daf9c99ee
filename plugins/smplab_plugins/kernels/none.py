"""Kernel `none`: the workload runs on the bare machine."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Component


@dataclass(eq=False)
class NoKernel(Component):
    """No kernel: the workload runs on the bare machine, for what needs no kernel."""
