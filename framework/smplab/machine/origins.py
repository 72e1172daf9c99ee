"""Where the numbers of a topology come from, once the user may have changed some."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from smplab.machine.description import Origin, Provenance, Topology

BY_USER = Origin(Provenance.USER, "set by the configuration of this run")

DEFAULTS = {
    "costs.hit": Origin(Provenance.ESTIMATED, "a usual first-level cache; hardly matters"),
    "costs.rmw": Origin(Provenance.ESTIMATED, "a usual locked instruction; hardly matters"),
    "costs.occ_r": Origin(Provenance.ESTIMATED, "uncalibrated: 0.4 of a transfer of 117 cycles"),
    "costs.occ_w": Origin(Provenance.ESTIMATED, "a contended write takes as long as another"),
    "costs.near": Origin(Provenance.ESTIMATED, "arbitration without preference"),
    "costs.smt": Origin(Provenance.ESTIMATED, "two siblings do little more than one"),
    "costs.home_from": Origin(Provenance.ESTIMATED, "no transfer visits a home node"),
    "costs.mem": Origin(Provenance.ESTIMATED, "a usual memory, less the transfer"),
    "costs.far": Origin(Provenance.ESTIMATED, "atomics are executed in the cache"),
}
"""Provenance of the cost table as `Costs` declares it."""


def origins_of(topology: Topology) -> dict[str, Origin]:
    """Provenance of every number of a topology.

    What still has the default that the class declares keeps the class's origin; what differs was
    set by the user.

    Returns:
        Origins by name: DEFAULTS and those of `type(topology).origins`, with BY_USER where a
        parameter ("clock_ghz"), or a cost ("costs.occ_r"), differs from its default.
    """
    changed = _changed(topology, {f.name: _default(f) for f in dataclasses.fields(topology)})
    return {**DEFAULTS, **type(topology).origins, **dict.fromkeys(changed, BY_USER)}


def _changed(instance: Any, defaults: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Names of the fields that differ from their defaults; those of nested tables with dots."""
    for name, default in defaults.items():
        value = getattr(instance, name)
        if dataclasses.is_dataclass(value):
            yield from _changed(value, vars(default), f"{prefix}{name}.")
        elif value != default:
            yield prefix + name


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
