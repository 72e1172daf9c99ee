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
    "costs.ipi_send": Origin(Provenance.ESTIMATED, "a write to a local interrupt controller"),
    "costs.ipi": Origin(
        Provenance.ESTIMATED, "x86 delivers in some 1,000 to 2,000 cycles in all; vary it"
    ),
    "costs.interrupt_entry": Origin(Provenance.ESTIMATED, "a gate, and registers saved"),
    "costs.interrupt_exit": Origin(Provenance.ESTIMATED, "registers restored, and IRET"),
    "costs.kernel_entry": Origin(Provenance.ESTIMATED, "a fast system call without mitigations"),
    "costs.kernel_exit": Origin(Provenance.ESTIMATED, "the return from a fast system call"),
    "costs.switch": Origin(Provenance.ESTIMATED, "some thirty registers out and in"),
    "costs.space": Origin(Provenance.ESTIMATED, "a load of x86's CR3"),
    "costs.tlb_entries": Origin(Provenance.ESTIMATED, "a usual second-level TLB"),
    "costs.tlb_ways": Origin(Provenance.ESTIMATED, "a usual second-level TLB"),
    "costs.tlb_tags": Origin(Provenance.ESTIMATED, "none, as x86 without PCID"),
    "costs.tlb_drop": Origin(
        Provenance.ESTIMATED, "an INVLPG can take hundreds of cycles (Amit, RFC of 2019)"
    ),
    "costs.tlb_flush": Origin(Provenance.ESTIMATED, "a load of x86's CR3"),
    "costs.tlb_broadcast": Origin(Provenance.ESTIMATED, "none, as x86 before INVLPGB"),
    "costs.toggle": Origin(Provenance.ESTIMATED, "a store to code and a serialising instruction"),
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
    given = [f for f in dataclasses.fields(topology) if f.init]
    changed = _changed(topology, {f.name: _default(f) for f in given})
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
