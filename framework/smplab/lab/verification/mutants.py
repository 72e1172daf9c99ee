"""Which mutants are run, and where: with the fewest CPUs and the strongest memory model that do.

A mutant of a filling is tried in one scenario after the other until one catches it. One that none
catches is a failure of the scenarios: they would let such a mistake pass. So it is tried only if a
scenario of the filling's own slot is among them; others do not claim to catch it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smplab.lab.verification.system import (
    Tried,
    assemble,
    mutants_of,
    point_config,
    scenarios_in,
)
from smplab.language.component import Mutant
from smplab.plugin.host import Host

STRENGTH = ("sc", "tso", "pso")
"""Memory models, each allowing all that the one before it allows."""

Found = Sequence[tuple[Mapping[str, Any], Sequence[Tried]]]
"""Combinations of values, each with the scenarios that it is tried in."""


@dataclass(frozen=True)
class Listed:
    """A mutant that is not run."""

    owner: str
    name: str
    wrong: str
    reason: str


@dataclass
class _Candidate:
    """A mutant, and the points that could try it: they differ in CPUs and memory model alone."""

    owner: str
    name: str
    mutant: Mutant
    points: list[dict[str, Any]] = field(default_factory=list)


def mutant_points(found: Found, host: Host) -> tuple[list[dict[str, Any]], list[Listed]]:
    """Return a point for each mutant that can be shown, and the list of the others."""
    points: list[dict[str, Any]] = []
    listed: dict[tuple[str, str, str], Listed] = {}
    for candidate in _candidates(found, host):
        chosen, reason = _choose(candidate, host)
        if chosen:
            points.append(chosen)
        else:
            one = Listed(candidate.owner, candidate.name, candidate.mutant.wrong, reason)
            listed[one.owner, one.name, one.reason] = one
    return points, list(listed.values())


def owner_of(config: Mapping[str, Any], mutant: str, host: Host) -> str:
    """Return who names a mutant among a point's components: "mechanism/lock=mcs"."""
    owners = [(f"mechanism/{slot}", values) for slot, values in config["mechanism"].items()]
    owners += [("kernel", config["kernel"])] if config["kernel"] else []
    owners += [("scenario", values) for values in scenarios_in(config)]
    for kind, values in owners:
        if mutant in mutants_of(host.find(kind, values["name"]).component):
            return f"{kind}={values['name']}"
    return ""


def _candidates(found: Found, host: Host) -> list[_Candidate]:
    by_key: dict[str, _Candidate] = {}

    def add(owner: str, component: type, config: Mapping[str, Any], tried: Sequence[Tried]) -> None:
        for name, mutant in mutants_of(component).items():
            point = point_config(config, tried, name, catch=True)
            same = {k: v for k, v in point.items() if k not in {"cpus", "memory_model"}}
            key = json.dumps([owner, same], sort_keys=True)
            by_key.setdefault(key, _Candidate(owner, name, mutant)).points.append(point)

    for config, tried in found:
        for slot, values in config["mechanism"].items():
            filling = host.find(f"mechanism/{slot}", values["name"]).component
            using = [one for one in tried if slot in one.slots]
            if not any(slot in one.component.slots() for one in using):
                using = []  # none of them is there to catch a fault of this slot
            add(f"mechanism/{slot}={values['name']}", filling, config, using)
        on_kernel = [one for one in tried if one.on_kernel]
        if on_kernel:
            name = config["kernel"]["name"]
            add(f"kernel={name}", host.find("kernel", name).component, config, on_kernel)
        for one in tried:
            add(f"scenario={one.values['name']}", one.component, config, [one])
    return list(by_key.values())


def _choose(candidate: _Candidate, host: Host) -> tuple[dict[str, Any] | None, str]:
    """Return the point that tries a mutant, or the reason why none does."""
    mutant = candidate.mutant
    if mutant.not_shown:
        return None, mutant.not_shown
    if not candidate.points[0]["tries"]:
        return None, "not tried: no scenario that is checked belongs to this slot"
    weakest = STRENGTH.index(mutant.memory_model)
    able = [
        point
        for point in candidate.points
        if point["cpus"] >= mutant.cpus and STRENGTH.index(point["memory_model"]) >= weakest
    ]
    if not able:
        return None, f"not tried: it takes cpus={mutant.cpus} memory_model={mutant.memory_model}"
    point = min(able, key=lambda p: (p["cpus"], STRENGTH.index(p["memory_model"])))
    if not any(_differs(point, scenario, host) for scenario in scenarios_in(point)):
        return None, "not tried: with these parameters it changes nothing"
    return point, ""


def _differs(point: Mapping[str, Any], scenario: Mapping[str, Any], host: Host) -> bool:
    mutated = assemble(point, scenario, host).program.image.digest
    return mutated != assemble({**point, "mutant": ""}, scenario, host).program.image.digest
