"""The view in MLflow says what the folder says, and can be built again."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType

from smplab.lab.curves import curves_of
from smplab.lab.records import Record
from smplab.lab.sweep import SweepOutcome
from smplab_plugins.trackers.mlflow_view import (
    METRICS_A_BATCH,
    PARAMS_A_BATCH,
    TrackingError,
    View,
    _batches,
    _clean,
    _curve_metrics,
    rebuild,
    store_uri,
)
from tests.lab import fakes

Sweep = Callable[..., SweepOutcome]


def runs(results: Path) -> tuple[MlflowClient, list[Run], list[Run]]:
    """Return the parents and the children of the experiment `fake`."""
    client = MlflowClient(store_uri(results))
    experiment = client.get_experiment_by_name("fake")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ACTIVE_ONLY)
    children = [run for run in found if "mlflow.parentRunId" in run.data.tags]
    return client, [run for run in found if run not in children], children


def test_a_parent_a_sweep_and_a_child_a_curve(sweep: Sweep, tmp_path: Path) -> None:
    outcome = sweep()
    parent_id = rebuild(outcome.folder)
    client, (parent,), children = runs(tmp_path)
    assert parent.info.run_id == parent_id
    assert parent.info.run_name == outcome.folder.name
    assert parent.info.status == "FINISHED"
    assert {run.info.run_name for run in children} == {"ticket", "mcs"}
    assert all(run.data.tags["mlflow.parentRunId"] == parent_id for run in children)
    assert parent.data.params["topology.name"] == "opteron48"
    assert parent.data.params["varied"] == "mechanism.lock.name"
    assert parent.data.metrics["points_ok"] == 12
    tags = parent.data.tags
    assert tags["smplab.folder"] == str(outcome.folder)
    assert tags["smplab.command"] == "smplab run -m x=1,2"
    assert len(tags["smplab.hashes"].split()) == 12
    assert "smplab.version.numpy" in tags
    artifacts = {item.path for item in client.list_artifacts(parent_id)}
    assert artifacts >= {"points.jsonl", "summary.csv", "config.yaml", "throughput_ops_per_s.svg"}


def test_steps_are_cpus_and_values_means_with_their_interval(sweep: Sweep, tmp_path: Path) -> None:
    outcome = sweep()
    rebuild(outcome.folder)
    client, _, children = runs(tmp_path)
    for curve in curves_of(outcome.records):
        (run,) = [run for run in children if run.info.run_name == curve.label]
        assert run.data.params["mechanism.lock.name"] == curve.label
        assert run.data.params["workload.think_cycles"] == "100"
        for metric in ("throughput_ops_per_s", "latency_mean_cycles"):
            cpus, values = curve.series(metric)
            mean = client.get_metric_history(run.info.run_id, metric)
            ci95 = client.get_metric_history(run.info.run_id, f"{metric}_ci95")
            assert [(m.step, m.value) for m in mean] == [
                (n, value.mean) for n, value in zip(cpus, values, strict=True)
            ]
            assert [m.value for m in ci95] == [value.ci95 for value in values]
        assert "invalidations" not in run.data.metrics  # 0 everywhere: nothing to chart


def test_a_curve_carries_its_traces(sweep: Sweep, tmp_path: Path) -> None:
    outcome = sweep(function="tests.lab.fakes:traced")
    rebuild(outcome.folder)
    client, (parent,), children = runs(tmp_path)
    for curve in curves_of(outcome.records):
        (run,) = [run for run in children if run.info.run_name == curve.label]
        carried = {item.path for item in client.list_artifacts(run.info.run_id, "traces")}
        assert carried == {f"traces/{record.hash}.json.gz" for record in curve.records}
    assert not client.list_artifacts(parent.info.run_id, "traces")


def test_built_again_it_replaces_itself(sweep: Sweep, tmp_path: Path) -> None:
    outcome = sweep(act="deadlock")
    rebuild(outcome.folder)
    _, (parent,), _ = runs(tmp_path)
    assert parent.info.status == "FAILED"
    assert parent.data.metrics["points_without_result"] == 4
    (outcome.folder / "verdicts.json").write_text(
        json.dumps({"totals": {"predicted": 3, "met": 2}}), encoding="utf-8"
    )
    rebuild(outcome.folder)
    client, (again,), children = runs(tmp_path)
    assert again.info.run_id != parent.info.run_id
    assert len(children) == 2
    assert (again.data.metrics["targets_met"], again.data.metrics["targets_predicted"]) == (2, 3)
    assert "verdicts.json" in {item.path for item in client.list_artifacts(again.info.run_id)}


def test_two_sweeps_stand_beside_each_other(sweep: Sweep, tmp_path: Path) -> None:
    for _ in range(2):
        rebuild(sweep().folder)
    _, parents, children = runs(tmp_path)
    assert (len(parents), len(children)) == (2, 4)


def test_an_experiment_that_was_deleted_comes_back(sweep: Sweep, tmp_path: Path) -> None:
    outcome = sweep()
    rebuild(outcome.folder)
    client = MlflowClient(store_uri(tmp_path))
    experiment = client.get_experiment_by_name("fake")
    assert experiment is not None
    client.delete_experiment(experiment.experiment_id)
    rebuild(outcome.folder)
    assert len(runs(tmp_path)[1]) == 1


def test_a_store_that_cannot_be_used_is_told(sweep: Sweep, tmp_path: Path) -> None:
    outcome = sweep()
    (tmp_path / "mlflow.db").write_bytes(b"no database" * 100)
    with pytest.raises(TrackingError, match=r"mlflow.db cannot be opened: "):
        rebuild(outcome.folder)


def test_what_is_no_number_is_left_out() -> None:
    metrics = {"a": float("inf"), "b": float("nan"), "c": 1.0}
    record = Record("h", fakes.config(), {}, 1, 0, "ok", metrics)
    (curve,) = curves_of([record])
    told = list(_curve_metrics(curve, set()))
    assert ("c", 1.0, 1) in told
    assert all(name != "b" for name, _, _ in told)


def test_batches_are_what_a_server_takes_and_lose_nothing() -> None:
    metrics, params, tags = [list[Any](range(n)) for n in (2500, 250, 1)]
    batches = list(_batches(metrics, params, tags))
    assert all(len(batch["metrics"]) <= METRICS_A_BATCH for batch in batches)
    assert all(len(batch["params"]) <= PARAMS_A_BATCH for batch in batches)
    assert [m for batch in batches for m in batch["metrics"]] == metrics
    assert [p for batch in batches for p in batch["params"]] == params
    assert [t for batch in batches for t in batch["tags"]] == tags


@pytest.mark.parametrize(
    ("name", "clean"), [("p99%", "p99_"), ("a[0]", "a_0_"), ("topology.costs.hit", None)]
)
def test_names_that_mlflow_refuses(name: str, clean: str | None) -> None:
    assert _clean(name) == (clean or name)


def _open(folder: Path) -> None:
    View.open(folder)


@pytest.mark.exhaustive
def test_processes_that_make_the_store_at_once_do_not_destroy_it(
    sweep: Sweep, tmp_path: Path
) -> None:
    outcome = sweep()
    (tmp_path / "mlflow.db").unlink()
    context = multiprocessing.get_context("spawn")
    crowd = [context.Process(target=_open, args=(outcome.folder,)) for _ in range(4)]
    for process in crowd:
        process.start()
    for process in crowd:
        process.join()
    assert [process.exitcode for process in crowd] == [0] * 4
    rebuild(outcome.folder)
