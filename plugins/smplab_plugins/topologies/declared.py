"""Provenance of costs out of the `source` of their parameters, so that it is written once."""

from __future__ import annotations

import dataclasses

from smplab.api import Costs, Origin, Provenance

MARKS = {
    "estimated: ": Provenance.ESTIMATED,
    "calibrated: ": Provenance.CALIBRATED,
}
"""How a source begins that is not a measurement."""


def declared(costs: type[Costs]) -> dict[str, Origin]:
    """Return the origin of every cost whose parameter names a source, by "costs.NAME"."""
    return {
        f"costs.{field.name}": _origin(field.metadata["parameter"].source)
        for field in dataclasses.fields(costs)
        if field.metadata["parameter"].source
    }


def _origin(source: str) -> Origin:
    for mark, provenance in MARKS.items():
        if source.startswith(mark):
            return Origin(provenance, source.removeprefix(mark))
    return Origin(Provenance.MEASURED, source)
