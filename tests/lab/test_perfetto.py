"""The shared words of the format."""

from __future__ import annotations

import gzip
import json

from smplab.lab import perfetto


def test_a_document_is_what_the_format_asks_for() -> None:
    events = [
        perfetto.name_process(1, "machine"),
        perfetto.name_track(1, 2, "CPU 1"),
        perfetto.complete(1, 2, "user", "cause", 1.5, 0.25, cycles=3),
        perfetto.phase("s", 1, 2, "request", "interrupt", 1.5, id=7),
    ]
    whole = json.loads(gzip.decompress(perfetto.packed(perfetto.document(events, cut="no"))))
    assert whole["displayTimeUnit"] == "ns"
    assert whole["otherData"] == {"cut": "no"}
    process, track, piece, flow = whole["traceEvents"]
    assert (process["ph"], process["args"]) == ("M", {"name": "machine"})
    assert (track["tid"], track["args"]) == (2, {"name": "CPU 1"})
    assert (piece["ph"], piece["ts"], piece["dur"], piece["args"]) == (
        "X",
        1.5,
        0.25,
        {"cycles": 3},
    )
    assert (flow["ph"], flow["id"], flow["cat"]) == ("s", 7, "interrupt")


def test_packing_is_reproducible() -> None:
    assert perfetto.packed({"traceEvents": []}) == perfetto.packed({"traceEvents": []})
