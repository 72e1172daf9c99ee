"""The Chrome trace event format, which Perfetto and chrome://tracing read.

Google, "Trace Event Format", 2016. Times are microseconds.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]


def name_process(pid: int, name: str) -> Json:
    """Name a group of tracks."""
    return {"ph": "M", "name": "process_name", "pid": pid, "args": {"name": name}}


def name_track(pid: int, tid: int, name: str) -> Json:
    """Name a track."""
    return {"ph": "M", "name": "thread_name", "pid": pid, "tid": tid, "args": {"name": name}}


def complete(
    pid: int, tid: int, name: str, category: str, begin_us: float, duration_us: float, **args: Any
) -> Json:
    """A slice of a track; slices of a track nest if one contains the other."""
    return {
        "ph": "X", "name": name, "cat": category, "ts": begin_us, "dur": duration_us,
        "pid": pid, "tid": tid, "args": args,
    }  # fmt: skip


def phase(
    letter: str, pid: int, tid: int, name: str, category: str, ts_us: float, **more: Any
) -> Json:
    """Any other event at a time: `i` instant, `b` and `e` asynchronous, `s` and `f` flow."""
    return {
        "ph": letter, "name": name, "cat": category, "ts": ts_us, "pid": pid, "tid": tid, **more,
    }  # fmt: skip


def document(events: Iterable[Json], **other: Any) -> Json:
    """The whole trace; `other` is shown as information on the trace."""
    plain: Json = {"traceEvents": list(events), "displayTimeUnit": "ns"}
    return plain | ({"otherData": other} if other else {})


def packed(whole: Mapping[str, Any]) -> bytes:
    """Return a trace as gzipped JSON, the same bytes for the same trace."""
    return gzip.compress(json.dumps(whole, separators=(",", ":")).encode(), 6, mtime=0)
