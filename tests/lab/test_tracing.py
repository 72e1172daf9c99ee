"""The file for Perfetto: nested slices, arrows in pairs, and never a silent end."""

from __future__ import annotations

import errno
import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from smplab.lab import perfetto
from smplab.lab.folder import FolderError
from smplab.lab.grid import expand
from smplab.lab.point import assemble, compute_point, point_identity
from smplab.lab.store import StoreError
from smplab.lab.tracing import NAMES, keep_trace, read_trace, summary, to_perfetto, trace_file
from smplab.language.isa import Cause
from smplab.machine import simulate_traced
from smplab.machine.result import Limits
from smplab.machine.trace import Trace
from smplab.plugin.host import shared_host

IPC = (
    "workload=ipc_clients", "kernel=multiprocessor", "mechanism/synchronization=messages",
    "topology=opteron48", "cpus=3", "warmup_cycles=20000", "run_cycles=60000", "trace=true",
)  # fmt: skip
Json = dict[str, Any]


@pytest.fixture(scope="module")
def whole() -> Json:
    return unpacked(*IPC)


def config(*overrides: str) -> Json:
    (point,) = expand(overrides, shared_host(), point_identity).points
    return dict(point.config)


def unpacked(*overrides: str) -> Json:
    data = compute_point(config(*overrides)).trace
    assert data is not None
    found: Json = json.loads(gzip.decompress(data))
    return found


def slices(trace: Json, category: str) -> Iterator[tuple[int, list[Json]]]:
    found = [e for e in trace["traceEvents"] if e["ph"] == "X" and e["cat"] == category]
    for tid in sorted({event["tid"] for event in found}):
        yield tid, [event for event in found if event["tid"] == tid]


def test_a_track_a_cpu_named_after_machine_and_place() -> None:
    trace = unpacked(*IPC, "placement=scatter")
    named = [e["args"]["name"] for e in trace["traceEvents"] if e["ph"] == "M"]
    assert named[0] == "opteron48"
    assert named[1] == "CPU 0"
    assert named[2].startswith("CPU 1 (the machine's ")


def test_causes_fill_the_measured_time_without_overlap(whole: Json) -> None:
    told = whole["otherData"]
    assert (told["from_cycle"], told["to_cycle"]) == (20_000, 80_000)
    assert told["cut"].startswith("no")
    tracks = dict(slices(whole, "cause"))
    assert len(tracks) == 3
    for events in tracks.values():
        assert sum(event["args"]["cycles"] for event in events) == pytest.approx(60_000)
        for before, after in pairwise(events):
            assert before["ts"] + before["dur"] == pytest.approx(after["ts"], abs=1e-6)
    names = {event["name"] for events in tracks.values() for event in events}
    assert names >= {"user", "kernel", "memory", "interrupt", "idle"}
    assert names <= set(NAMES.values())


def test_threads_contain_the_causes(whole: Json) -> None:
    causes = dict(slices(whole, "cause"))
    for tid, threads in slices(whole, "thread"):
        assert {t["name"] for t in threads} <= {"no thread", *(f"thread {n}" for n in range(12))}
        bounds = [(round(t["ts"], 3), round(t["ts"] + t["dur"], 3)) for t in threads]
        for event in causes[tid]:
            begin, end = round(event["ts"], 3), round(event["ts"] + event["dur"], 3)
            assert any(a <= begin and end <= b for a, b in bounds)


def test_arrows_lead_from_a_sender_to_who_serves_it_later(whole: Json) -> None:
    flows: dict[int, dict[str, Json]] = {}
    for event in whole["traceEvents"]:
        if event["ph"] in "sf":
            flows.setdefault(event["id"], {})[event["ph"]] = event
    assert len(flows) > 10
    for both in flows.values():
        assert both["s"]["ts"] < both["f"]["ts"]
        assert both["s"]["tid"] != both["f"]["tid"]
        assert both["s"]["name"] == both["f"]["name"] == "request"


def test_regions_end_as_often_as_they_begin_or_are_open(whole: Json) -> None:
    counts = Counter((e["id"], e["ph"]) for e in whole["traceEvents"] if e.get("cat") == "region")
    assert counts
    for (context, _), _ in list(counts.items()):
        assert counts[context, "b"] - counts[context, "e"] in {0, 1}


def test_events_are_in_order_of_time(whole: Json) -> None:
    times = [event["ts"] for event in whole["traceEvents"] if "ts" in event]
    assert times == sorted(times)


def test_timers_are_shown() -> None:
    # A default tick is longer than this run.
    trace = unpacked(*IPC, "kernel.tick_cycles=5000")
    assert sum(event["name"] == "timer" for event in trace["traceEvents"]) > 10


def test_a_cut_is_told_in_the_trace_itself() -> None:
    trace = unpacked(*IPC, "trace_events=100")
    assert trace["otherData"]["cut"] == "cut at trace_events=100"
    last = trace["traceEvents"][-1]
    assert (last["name"], last["ph"], last["s"]) == ("cut at trace_events=100", "i", "g")
    assert trace["otherData"]["to_cycle"] < 80_000


def test_a_bare_machine_has_no_threads() -> None:
    trace = unpacked("cpus=2", "warmup_cycles=1000", "run_cycles=20000", "trace=true")
    assert not list(slices(trace, "thread"))
    assert {event["name"] for _, events in slices(trace, "cause") for event in events} >= {
        "user", "lock wait",
    }  # fmt: skip


def test_the_same_trace_gives_the_same_bytes() -> None:
    assert compute_point(config(*IPC)).trace == compute_point(config(*IPC)).trace


def test_the_summary_lists_the_lines_that_took_most() -> None:
    plain = config(*IPC)
    system = assemble(plain, shared_host())
    _, trace = simulate_traced(
        system.program, system.machine, system.cpus, 1, Limits(20_000, 60_000), 1.0, 10**6
    )
    assert isinstance(trace, Trace)
    told = summary(trace, system.program)
    cycles = [line["cycles"] for line in told["lines"]]
    assert cycles == sorted(cycles, reverse=True)
    assert 0.8 * 3 * 60_000 < sum(cycles) <= 3 * 60_000
    assert to_perfetto(trace, system.program, system.machine, system.cpus)


def test_a_full_disk_leaves_no_torn_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:1])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", fill)
    with pytest.raises(StoreError, match="cannot write the trace: No space left on device"):
        keep_trace(tmp_path, "abc", b"a trace")
    assert list((tmp_path / "traces").iterdir()) == []


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    keep_trace(tmp_path, "abc", perfetto.packed(perfetto.document([])))
    file = trace_file(tmp_path, "abc")
    assert read_trace(file) == {"traceEvents": [], "displayTimeUnit": "ns"}
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(FolderError, match=r"abc\.json\.gz: the trace cannot be read"):
        read_trace(file)


def test_every_cause_has_a_name() -> None:
    assert set(NAMES) == set(Cause)
