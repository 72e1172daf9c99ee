"""A counterexample in the Chrome trace event format, which Perfetto and chrome://tracing read.

A track a CPU, and one for its store buffer; a microsecond on the axis is a step, since checks know
no time. Google, "Trace Event Format", 2016.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_trace(path: Path, counterexample: Mapping[str, Any]) -> None:
    """Write the events of a counterexample (`counterexample.as_plain`)."""
    cpus = counterexample["cpus"]
    drains = {event["cpu"] for event in counterexample["events"] if event["pc"] < 0}
    tracks = {cpu: f"CPU {cpu}" for cpu in range(cpus)}
    tracks |= {cpus + cpu: f"CPU {cpu} store buffer" for cpu in sorted(drains)}
    events: list[dict[str, Any]] = [
        {"ph": "M", "name": "thread_name", "pid": 0, "tid": track, "args": {"name": name}}
        for track, name in tracks.items()
    ]
    for step, event in enumerate(counterexample["events"]):
        drain = event["pc"] < 0
        arguments = {k: event[k] for k in ("place", "values", "file", "line") if event.get(k)}
        events.append(
            {
                "ph": "X",
                "name": event["place"] if drain else event["source"] or event["routine"],
                "cat": event["what"].lower(),
                "ts": step,
                "dur": 1,
                "pid": 0,
                "tid": event["cpu"] + cpus * drain,
                "args": arguments,
            }
        )
    path.write_text(json.dumps({"traceEvents": events}), encoding="utf-8")
