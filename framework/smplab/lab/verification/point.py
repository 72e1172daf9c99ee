"""One check: assemble the scenario, explore it, say what was found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from smplab.lab.executors.work import Computed
from smplab.lab.verification.config import options_of
from smplab.lab.verification.counterexample import as_plain
from smplab.lab.verification.system import System, assemble, scenarios_in
from smplab.lab.verification.warmup import warm_up
from smplab.machine import engine_digest
from smplab.plugin.host import shared_host
from smplab.verify import options as verify_options
from smplab.verify.verdict import Status, Verdict

CAUGHT, SURVIVED = "mutant_caught", "mutant_survived"
"""Verdicts on a mutant; the others are those of `smplab.verify.verdict.Status`."""


def check_point(config: Mapping[str, Any]) -> Computed:
    """Explore one point and return its numbers and its verdict.

    A point that tries a mutant explores one scenario after the other until one is violated.

    Raises:
        SmplabError: the configuration cannot be met.
    """
    host = shared_host()
    bounded: tuple[System, Verdict] | None = None
    for scenario in scenarios_in(config):
        system = assemble(config, scenario, host)
        verdict = _explore(system, config)
        if verdict.status is Status.VIOLATED:
            break
        if verdict.status is Status.BOUNDED:
            bounded = system, verdict
    if bounded and verdict.status is Status.HOLDS:
        system, verdict = bounded
    return Computed(_metrics(verdict), _details(config, system, verdict))


def check_identity(config: Mapping[str, Any]) -> str:
    """Return the name of a point: a hash of all that its verdict depends on.

    That is the resolved configuration, the linked images, and the sources of checker and machine.

    Raises:
        SmplabError: as `check_point`.
    """
    host = shared_host()
    h = hashlib.sha256(json.dumps(dict(config), sort_keys=True).encode())
    for scenario in scenarios_in(config):
        system = assemble(config, scenario, host)
        h.update(system.program.image.digest.encode() + system.scenario.progress().encode())
    h.update((checker_digest() + engine_digest()).encode())
    return h.hexdigest()[:16]


@cache
def checker_digest() -> str:
    """Return a hash of the checker's sources."""
    h = hashlib.sha256()
    for path in sorted(Path(verify_options.__file__).parent.glob("*.py")):
        h.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return h.hexdigest()


def _explore(system: System, config: Mapping[str, Any]) -> Verdict:
    from smplab.verify.check import check  # imports numba, which listing points need not pay

    warm_up()
    return check(system.program, options_of(config, system.scenario.progress()))


def _metrics(verdict: Verdict) -> dict[str, float]:
    return {
        "violated": float(verdict.status is Status.VIOLATED),
        "bounded": float(verdict.status is Status.BOUNDED),
        "states": float(verdict.states),
        "transitions": float(verdict.transitions),
        "depth": float(verdict.depth),
        "complete_depth": float(verdict.complete_depth),
        "states_per_s": verdict.states_per_s,
        "bytes_per_state": verdict.bytes_per_state,
        "memory_bytes": float(verdict.memory_bytes),
        "state_bits": float(verdict.state_bits),
        "omission_probability": verdict.omission_probability,
    }


def _details(config: Mapping[str, Any], system: System, verdict: Verdict) -> dict[str, Any]:
    status = verdict.status.value
    if config["tries"]:
        status = {"violated": CAUGHT, "no_violation": SURVIVED}.get(status, status)
    notes = list(verdict.notes)
    if config["fingerprints"] and system.scenario.progress() != "none":
        notes.append("progress was not judged: fingerprints")
    details: dict[str, Any] = {
        "verdict": status,
        "scenario": _name(system),
        "kind": verdict.kind,
        "violation": verdict.violation,
        "bounds": list(verdict.bounds),
        "notes": notes,
    }
    if verdict.trace and not config["tries"]:
        details["counterexample"] = as_plain(system.program, verdict)
    return details


def _name(system: System) -> str:
    host = shared_host()
    found = [e.name for e in host.registry if e.component is type(system.scenario)]
    return found[0] if found else type(system.scenario).__name__
