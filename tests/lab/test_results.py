"""A sweep is read back from its folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from smplab.lab.folder import Plan, write_plan
from smplab.lab.results import read_sweep
from smplab.lab.store import PointStore
from tests.lab import fakes
from tests.lab.test_records import record


def test_the_latest_records_of_the_planned_points_in_their_order(tmp_path: Path) -> None:
    points = fakes.grid(cpus=(1, 2), replicas=1)
    write_plan(tmp_path, Plan("fake", {}, {}), points)
    done = [
        record(hash=p.hash, config=p.config, metrics=fakes.metrics(dict(p.config))) for p in points
    ]
    with PointStore(tmp_path) as store:
        store.append(record(hash="of an earlier code"))
        store.append(replace(done[0], status="failed", error="why"))
        for one in (done[3], done[0], done[1]):
            store.append(one)
    sweep = read_sweep(tmp_path)
    assert list(sweep.records) == [done[0], done[1], done[3]]
    assert [curve.label for curve in sweep.curves] == ["ticket", "mcs"]
    assert sweep.curves[1].cpus == [2]
