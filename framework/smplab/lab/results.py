"""A finished, or unfinished, sweep read back from its folder: what views of it are built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from smplab.lab.curves import Curve, curves_of
from smplab.lab.folder import Plan, read_plan
from smplab.lab.records import Record
from smplab.lab.store import NAME, latest, read_records


@dataclass(frozen=True)
class SweepResults:
    """What a sweep's folder holds.

    Attributes:
        folder: of the sweep.
        plan: what was asked for.
        records: the latest record of each planned point that has one, in the order of the plan.
    """

    folder: Path
    plan: Plan
    records: Sequence[Record]

    @cached_property
    def curves(self) -> list[Curve]:
        """The ok records as curves."""
        return curves_of(self.records)


def read_sweep(folder: Path) -> SweepResults:
    """Read a sweep back.

    Raises:
        FolderError: the folder holds no sweep.
        StoreError: its results are damaged.
    """
    plan = read_plan(folder)
    found = latest(read_records(folder / NAME))
    return SweepResults(folder, plan, [found[h] for h in plan.hashes if h in found])
