"""A counterexample as a trace for Perfetto.

A track a CPU, and one for its store buffer; a microsecond on the axis is a step, since checks know
no time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smplab.lab import perfetto


def write_trace(path: Path, counterexample: Mapping[str, Any]) -> None:
    """Write the events of a counterexample (`counterexample.as_plain`)."""
    cpus = counterexample["cpus"]
    drains = {event["cpu"] for event in counterexample["events"] if event["what"] == "drain"}
    tracks = {cpu: f"CPU {cpu}" for cpu in range(cpus)}
    tracks |= {cpus + cpu: f"CPU {cpu} store buffer" for cpu in sorted(drains)}
    events = [perfetto.name_track(0, track, name) for track, name in tracks.items()]
    for step, event in enumerate(counterexample["events"]):
        drain = event["what"] == "drain"
        track = event["cpu"] + cpus * drain
        told = {k: event[k] for k in ("place", "values", "file", "line") if event.get(k)}
        kind = event["what"].lower()
        events.append(perfetto.complete(0, track, _name(event), kind, step, 1, **told))
    path.write_text(json.dumps(perfetto.document(events)), encoding="utf-8")


def _name(event: Mapping[str, Any]) -> str:
    if event["what"] == "drain":
        return str(event["place"])
    if event["what"] == "arrival":
        return str(event["values"])
    return str(event["source"] or event["routine"])
