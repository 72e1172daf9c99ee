"""The cost table of a machine on which nobody measured contention."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from smplab.api import Costs, Origin, Provenance, parameter

OCC_R_SHARE = 0.4
"""Of the transfer between neighbours, a read occupies a line where they share a last-level cache.

Old AMD machines without one need the whole transfer. Until a lock was measured, results should be
shown for half and for double of it, too.
"""

OCC_R_ORIGIN = Origin(
    Provenance.ESTIMATED,
    "uncalibrated: 0.4 of a transfer between neighbours, as where they share a last-level cache",
)


@dataclass(eq=False)
class UncalibratedCosts(Costs):
    """Costs that follow from the distances where the user gives none."""

    occ_r: int = parameter(
        -1,
        "how long a line is busy serving one read of a shared line; -1: 0.4 of the "
        "transfer between neighbouring cores",
        unit="cycles", minimum=-1, source=f"estimated: {OCC_R_ORIGIN.source}",
    )  # fmt: skip

    def resolved(self, neighbour_cycles: int) -> Costs:
        """Return the table with numbers in place of what follows from the distances.

        Args:
            neighbour_cycles: transfer between neighbouring cores.
        """
        if self.occ_r >= 0:
            return self
        return dataclasses.replace(self, occ_r=round(OCC_R_SHARE * neighbour_cycles))
