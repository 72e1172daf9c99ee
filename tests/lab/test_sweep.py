"""A sweep from its points to its files, its messages and its exit code."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smplab.lab.curves import Curve
from smplab.lab.folder import Plan, read_plan
from smplab.lab.records import Record
from smplab.lab.results import read_sweep
from smplab.lab.store import PointStore, StoreError, read_records
from smplab.lab.sweep import (
    INTERRUPTED,
    OBSERVER_FAILED,
    OK,
    SOME_FAILED,
    SweepOutcome,
    SweepSettings,
    run_sweep,
)
from smplab.lab.tracing import trace_file, traces_of
from smplab.plugin.contexts import Point, PointFinished, SweepFinished, SweepStarted
from smplab.plugin.errors import ConfigError
from smplab.plugin.hookspecs import hookimpl
from tests.lab import fakes

PLAN = Plan("fake", {"name": "serial", "timeout_s": 0}, {"name": "none"}, "smplab run -m")
SETTINGS = SweepSettings(PLAN, function="tests.lab.fakes:simulate")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SMPLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def sweep(points: Sequence[Point], **changes: Any) -> SweepOutcome:
    return run_sweep(points, replace(SETTINGS, **changes), fakes.host())


def test_a_sweep_leaves_truth_tables_and_figure(capsys: pytest.CaptureFixture[str]) -> None:
    points = fakes.grid()
    outcome = sweep(points)
    assert outcome.exit_code == OK
    records = read_records(outcome.folder / "points.jsonl")
    assert {r.hash: r.metrics for r in records} == {
        p.hash: fakes.metrics(dict(p.config)) for p in points
    }
    names = {path.name for path in outcome.folder.iterdir()}
    assert names >= {"points.jsonl", "plan.json", "config.yaml", "points.csv", "summary.csv"}
    assert names >= {"throughput_ops_per_s.svg", "throughput_ops_per_s.png"}
    assert set(outcome.files) <= set(outcome.folder.iterdir())
    with (outcome.folder / "summary.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 6
    assert capsys.readouterr().out == ""


def test_the_versions_that_computed_a_record_stand_in_it() -> None:
    outcome = sweep([fakes.point()])
    assert outcome.records[0].versions.keys() >= {"schema", "smplab", "numpy", "numba", "python"}


def test_the_same_point_twice_is_computed_once() -> None:
    assert sweep([fakes.point(), fakes.point()]).points == 1


def test_failures_are_told_once_a_kind_and_the_rest_is_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcome = sweep(fakes.grid(act="deadlock"))
    assert outcome.exit_code == SOME_FAILED
    assert sum(record.ok for record in outcome.records) == 8
    told = " ".join(capsys.readouterr().err.split())
    assert told.count("Deadlock") == 1
    assert "failed: 4 points, first topology=opteron48 lock=ticket cpus=2 replica=0" in told
    assert "8 of 12 points have results, 4 do not" in told
    assert f"go on with: smplab run --resume {outcome.folder}" in told


def test_resume_computes_what_is_missing_and_nothing_else(tmp_path: Path) -> None:
    log = tmp_path / "log"
    points = fakes.grid(log=str(log))
    pressing = [replace(p, config={**p.config, "act": "interrupt"}) for p in points]
    first = sweep(pressing)
    assert (first.exit_code, first.interrupted) == (INTERRUPTED, True)
    assert log.read_text(encoding="utf-8").splitlines() == ["1 0", "1 1", "2 0", "2 1"]
    log.unlink()
    assert sweep(points, folder=first.folder).exit_code == OK
    assert log.read_text(encoding="utf-8").splitlines() == (
        ["4 0", "4 1", "1 0", "1 1", "2 0", "2 1", "4 0", "4 1"]
    )


def test_a_resumed_sweep_is_the_uninterrupted_one() -> None:
    whole = sweep(fakes.grid())
    part = sweep(fakes.grid()[:5])
    went_on = sweep(fakes.grid(), folder=part.folder)
    assert went_on.folder == part.folder
    assert went_on.exit_code == OK
    assert [r.metrics for r in went_on.records] == [r.metrics for r in whole.records]
    assert len(read_records(part.folder / "points.jsonl")) == 12


def test_failed_points_run_again_upon_resume() -> None:
    broken = [replace(p, config={**p.config, "act": "bug"}) for p in fakes.grid()]
    first = sweep(broken)
    assert first.exit_code == SOME_FAILED
    assert sweep(fakes.grid(), folder=first.folder).exit_code == OK


def test_results_of_another_code_are_kept_but_not_used() -> None:
    first = sweep(fakes.grid())
    edited = [replace(point, hash=point.hash + "-edited") for point in fakes.grid()]
    second = sweep(edited, folder=first.folder)
    assert len(read_records(first.folder / "points.jsonl")) == 24
    assert {record.hash for record in second.records} == {point.hash for point in edited}
    assert len(read_sweep(first.folder).records) == 12


def test_a_resumed_sweep_keeps_its_name_and_first_command() -> None:
    first = sweep(fakes.grid()[:1])
    later = replace(PLAN, name="other", command="smplab run --resume x")
    sweep(fakes.grid(), folder=first.folder, plan=later)
    plan = read_plan(first.folder)
    assert (plan.name, plan.command) == ("fake", "smplab run -m")


def test_a_damaged_store_is_not_touched(home: Path) -> None:
    first = sweep(fakes.grid())
    path = first.folder / "points.jsonl"
    data = path.read_bytes()
    path.write_bytes(b"x" + data)
    with pytest.raises(StoreError, match="line 1: damaged"):
        sweep(fakes.grid(), folder=first.folder)
    assert path.read_bytes() == b"x" + data


def test_a_full_disk_ends_the_sweep_with_what_it_has(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    append = PointStore.append

    def full_after_three(self: PointStore, record: Record) -> None:
        if record.config["cpus"] == 4:
            raise StoreError("points.jsonl: cannot write: No space left on device")
        append(self, record)

    monkeypatch.setattr(PointStore, "append", full_after_three)
    outcome = sweep(fakes.grid())
    assert outcome.exit_code == SOME_FAILED
    assert len(outcome.records) == 4
    assert "No space left" in capsys.readouterr().err


class Observer:
    def __init__(self, fails: bool = False) -> None:
        self.started: list[SweepStarted] = []
        self.points: list[PointFinished] = []
        self.finished: list[SweepFinished] = []
        self.fails = fails

    @hookimpl
    def sweep_started(self, context: SweepStarted) -> None:
        self.started.append(context)
        print("chatter")

    @hookimpl
    def point_finished(self, context: PointFinished) -> None:
        self.points.append(context)

    @hookimpl
    def sweep_finished(self, context: SweepFinished) -> None:
        self.finished.append(context)
        if self.fails:
            raise OSError("tracking server is away")


def observed(observer: Observer, **changes: Any) -> SweepOutcome:
    host = fakes.host()
    host.register(observer, "observer")
    return run_sweep(fakes.grid(act="deadlock"), replace(SETTINGS, **changes), host)


def test_plugins_hear_of_everything(capsys: pytest.CaptureFixture[str]) -> None:
    observer = Observer()
    extra = Path("verdicts.json")
    outcome = observed(observer, finish=lambda _folder, _curves: [extra])
    (started,), (finished,) = observer.started, observer.finished
    assert (started.folder, started.total, len(started.points)) == (outcome.folder, 12, 12)
    assert started.settings["executor"] == PLAN.executor
    assert [context.done for context in observer.points] == list(range(1, 13))
    assert observer.points[-1].failed == 4
    assert observer.points[0].record == outcome.records[0].as_dict()
    assert (finished.done, finished.failed, finished.interrupted) == (12, 4, False)
    assert extra in finished.files
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "chatter" in captured.err


def test_a_failing_tracker_costs_no_result_but_the_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    host = fakes.host()
    host.register(Observer(fails=True), "observer")
    outcome = run_sweep(fakes.grid(), SETTINGS, host)
    assert outcome.exit_code == OBSERVER_FAILED
    assert len(read_records(outcome.folder / "points.jsonl")) == 12
    told = " ".join(capsys.readouterr().err.split())
    assert "tracking server is away. The results are safe in" in told


def test_what_is_made_of_the_results_gets_the_curves() -> None:
    seen: list[Sequence[Curve]] = []

    def finish(folder: Path, curves: Sequence[Curve]) -> list[Path]:
        assert (folder / "points.jsonl").exists()
        seen.append(curves)
        return []

    sweep(fakes.grid(), finish=finish)
    assert [curve.label for curve in seen[0]] == ["ticket", "mcs"]


def test_the_engine_is_prepared_before_the_first_point_and_only_then() -> None:
    calls: list[str] = []
    first = sweep(fakes.grid(), prepare=lambda: calls.append("compiled"))
    sweep(fakes.grid(), prepare=lambda: calls.append("again"), folder=first.folder)
    assert calls == ["compiled"]


def test_an_unknown_executor_is_refused_before_a_folder_is_made(home: Path) -> None:
    with pytest.raises(ConfigError, match="no such component; did you mean ray"):
        sweep(fakes.grid(), plan=replace(PLAN, executor={"name": "rayy"}))
    assert not home.exists()


def test_process_and_ray_give_serials_results(ray_cluster: None) -> None:
    expected = {r.hash: r.metrics for r in sweep(fakes.grid()).records}
    for name in ("process", "ray"):
        plan = replace(PLAN, executor={"name": name, "timeout_s": 0})
        found = sweep(fakes.grid(), plan=plan)
        assert found.exit_code == OK
        assert {r.hash: r.metrics for r in found.records} == expected


def test_a_worker_that_dies_costs_its_point() -> None:
    plan = replace(PLAN, executor={"name": "process", "timeout_s": 0})
    outcome = sweep(fakes.grid(act="kill"), plan=plan)
    assert outcome.exit_code == SOME_FAILED
    assert [r.config["cpus"] for r in outcome.records if r.status == "crashed"] == [2] * 4


def test_ctrl_c_from_a_terminal_keeps_what_is_finished(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import sys
        from smplab.lab.sweep import run_sweep
        from tests.lab import fakes
        from tests.lab.test_sweep import SETTINGS
        outcome = run_sweep(fakes.grid(act="slow"), SETTINGS, fakes.host())
        print(outcome.folder)
        sys.exit(outcome.exit_code)
    """)
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )  # fmt: skip
    home = Path(os.environ["SMPLAB_HOME"])
    for _ in range(300):
        if any(path.stat().st_size for path in home.glob("*/points.jsonl")):
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert "Traceback" not in err
    folder = Path(out.strip().splitlines()[-1])
    kept = read_records(folder / "points.jsonl")
    assert 1 <= len(kept) < 12
    assert f"go on with: smplab run --resume {folder}" in " ".join(err.split())


TRACED = {"function": "tests.lab.fakes:traced"}


def traced_grid() -> list[Point]:
    return fakes.grid(locks=("mcs",), cpus=(1, 2), replicas=1, trace=True, trace_events=77)


def test_traces_lie_in_the_folder_and_cut_ones_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = sweep(traced_grid(), **TRACED)
    assert outcome.exit_code == OK
    files = [trace_file(outcome.folder, record.hash) for record in outcome.records]
    assert [file.read_bytes() for file in files] == [b"trace of 1 CPUs", b"trace of 2 CPUs"]
    assert traces_of(outcome.folder, outcome.records) == files
    told = capsys.readouterr().err
    assert f"2 traces for Perfetto (ui.perfetto.dev): {outcome.folder / 'traces'}" in told
    assert "1 of them end early, the first one at cycle 5,000, cut at trace_events=77" in told


def test_a_point_without_its_trace_runs_again() -> None:
    points = traced_grid()
    first = sweep(points, **TRACED)
    trace_file(first.folder, points[1].hash).unlink()
    again = sweep(points, folder=first.folder, **TRACED)
    assert len(read_records(first.folder / "points.jsonl")) == 3
    assert len(traces_of(again.folder, again.records)) == 2
    assert [r.metrics for r in again.records] == [r.metrics for r in first.records]


def test_a_point_that_fails_leaves_its_trace() -> None:
    outcome = sweep([fakes.point(act="deadlock", trace=True, trace_events=77)], **TRACED)
    assert outcome.exit_code == SOME_FAILED
    assert outcome.records[0].error == "Deadlock: nobody will write"
    assert len(traces_of(outcome.folder, outcome.records)) == 1


def test_a_trace_that_cannot_be_written_ends_the_sweep_with_one_message(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = home / "given"
    folder.mkdir(parents=True)
    (folder / "traces").write_text("in the way")
    outcome = sweep(traced_grid(), folder=folder, **TRACED)
    assert outcome.exit_code == SOME_FAILED
    assert outcome.records == []
    assert "cannot write the trace: File exists" in str(outcome.error)
    assert f"smplab run --resume {folder}" in capsys.readouterr().err
