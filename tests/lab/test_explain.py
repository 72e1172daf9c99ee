"""What is said of a point is what its record says."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from smplab.lab.explain import Explanation, choose, explain
from smplab.lab.explain_text import detail, overview
from smplab.lab.folder import FolderError, Plan, write_plan
from smplab.lab.records import Record
from smplab.lab.store import PointStore, StoreError
from smplab.plugin.contexts import Point
from tests.lab import fakes

LINES = [{"file": "/src/mcs.py", "line": 41, "routine": "Mcs.acquire", "cycles": 600.0}]
TOLD = {"trace": {"from_cycle": 0.0, "to_cycle": 500.0, "cut": False, "lines": LINES}}
GRID = fakes.grid(cpus=(2, 4), replicas=1)


def metrics(cpus: int) -> dict[str, float]:
    return {
        "operations": 10.0 * cpus, "cycles": 1000.0, "cycles_user": 600.0 * cpus,
        "cycles_lock_wait": 400.0 * cpus, "cycles_idle": 0.0, "transfers": 30.0 * cpus,
        "queue_cycles": 5.0, "invalidations": 0.0, "count_retries": 20.0, "fairness": 0.9,
        "latency_mean_cycles": 50.0, "latency_p50_cycles": 48.0, "latency_p99_cycles": 90.0,
        "latency_max_cycles": 95.0, "critical_latency_mean_cycles": 5.0,
        "critical_latency_p50_cycles": 4.0, "critical_latency_p99_cycles": 9.0,
        "critical_latency_max_cycles": 9.0,
    }  # fmt: skip


def sweep(folder: Path, points: list[Point], failing: str = "") -> Path:
    """Write a sweep of these points; those whose hash begins with `failing` have failed."""
    write_plan(folder, Plan("fake", {"name": "serial"}, {"name": "none"}), points)
    with PointStore(folder) as store:
        for point in points:
            failed = bool(failing) and point.hash.startswith(failing)
            store.append(
                Record(
                    point.hash, point.config, {"schema": 1}, 1, point.replica,
                    "failed" if failed else "ok",
                    {} if failed else metrics(point.config["cpus"]),
                    error="Deadlock: nobody wakes [CPU 1]" if failed else None,
                    details={} if failed else TOLD,
                )
            )  # fmt: skip
    return folder


def printed(points: list[Explanation], against: Explanation | None = None) -> str:
    console = Console(width=80, record=True, soft_wrap=True, file=io.StringIO())
    if len(points) == 1:
        detail(console, points[0], against)
    else:
        overview(console, points)
    return console.export_text()


def test_shares_and_counters_are_those_of_the_record(tmp_path: Path) -> None:
    first, *_ = explain(sweep(tmp_path, GRID))
    assert (first.number, first.hash, first.label, first.cpus) == (1, "ticket-2-0", "ticket", 2)
    assert first.account == {"user": 1200.0, "lock wait": 800.0}
    assert sum(first.account.values()) == first.cpu_cycles
    assert first.each(first.cpu_cycles) == 100.0
    assert first.counters == {"transfers": 60.0, "queue_cycles": 5.0, "count_retries": 20.0}
    assert list(first.latencies) == ["operation", "critical"]
    assert first.latencies["critical"]["p99"] == 9.0
    assert json.loads(json.dumps(first.as_dict()))["account"]["user"] == 1200.0


def test_one_point_is_told_in_full(tmp_path: Path) -> None:
    (first, *_) = explain(sweep(tmp_path, GRID))
    text = printed([first])
    assert "20 operations in 1,000 cycles, 100 CPU cycles each" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["lock", "wait", "40.0", "40.0"] in rows
    assert ["all", "100.0", "100"] in rows
    assert ["operation", "50.0", "48.0", "90.0", "95.0"] in rows
    assert ["retries", "1.00"] in rows
    assert ["mcs.py:41", "60.0", "Mcs.acquire"] in rows
    assert max(map(len, text.splitlines())) <= 80


def test_two_points_are_told_beside_each_other(tmp_path: Path) -> None:
    points = explain(sweep(tmp_path, GRID))
    text = printed([points[1]], points[0])
    assert "against 1: ticket, 2 CPUs (ticket-2-0)" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["queue", "cycles", "0.125", "0.250", "0.50"] in rows
    assert ["transfers", "3.00", "3.00", "1.00"] in rows
    assert max(map(len, text.splitlines())) <= 80


def test_a_sweep_is_told_a_line_a_point(tmp_path: Path) -> None:
    text = printed(explain(sweep(tmp_path, GRID, failing="mcs-4")))
    rows = [line.split() for line in text.splitlines()[1:5]]
    assert rows[0] == ["1", "ticket", "2", "100", "60.0", "40.0"]
    assert rows[3] == ["4", "mcs", "4", "failed"]
    assert max(map(len, text.splitlines())) <= 80


def test_one_curve_is_named_above_its_points(tmp_path: Path) -> None:
    points = fakes.grid(locks=("mcs",), cpus=(2, 4), replicas=2)
    text = printed(explain(sweep(tmp_path, points)))
    assert text.splitlines()[0] == "opteron48 mcs lock_contention"
    assert text.splitlines()[1].split()[:4] == ["#", "CPUs", "replica", "cycles/op"]


def test_a_failed_point_gives_its_diagnosis(tmp_path: Path) -> None:
    points = explain(sweep(tmp_path, GRID, failing="mcs-4"))
    text = printed([choose(points, "mcs-4")])
    assert "failed: Deadlock: nobody wakes [CPU 1]" in text
    assert "cycles/op" not in text


def test_a_point_without_operations_has_shares_all_the_same(tmp_path: Path) -> None:
    folder = sweep(tmp_path, GRID[:1])
    (point,) = explain(folder)
    idle = Explanation(**{**vars(point), "operations": 0.0})
    text = printed([idle])
    assert "0 operations in 1,000 cycles" in text
    assert "by operation" not in text


def test_points_are_named_by_number_or_by_a_part_of_the_hash(tmp_path: Path) -> None:
    points = explain(sweep(tmp_path, GRID))
    assert choose(points, "3").hash == "mcs-2-0"
    assert choose(points, "ticket-4").number == 2
    with pytest.raises(FolderError, match=r"ticket: several points begin with it; there are: 1 "):
        choose(points, "ticket")
    for word in ("5", "mcs", "clh-", ""):
        with pytest.raises(FolderError, match="no point has this number or hash"):
            choose(points, word)


def test_what_cannot_be_explained_is_told(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="there is no such folder"):
        explain(tmp_path / "nowhere")
    with pytest.raises(FolderError, match="no sweep"):
        explain(tmp_path)
    folder = sweep(tmp_path, GRID)
    (folder / "points.jsonl").write_text("")
    with pytest.raises(FolderError, match="no point has a result yet"):
        explain(folder)
    (folder / "points.jsonl").write_text("{\n")
    with pytest.raises(StoreError, match="line 1: damaged"):
        explain(folder)
    checks = [Point({"memory_model": "tso"}, "hash", 0, 0)]
    write_plan(folder, Plan("fake", {"name": "serial"}, {"name": "none"}), checks)
    with pytest.raises(FolderError, match="these are checks"):
        explain(folder)
