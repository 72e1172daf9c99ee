"""The view of a sweep in MLflow, built from the sweep's folder, so that it can be built again.

experiment  the sweep's name: an experiment of smplab, or a workload
  run       the sweep: shared parameters, counts, verdicts, files
    run     a curve: its parameters; metrics whose step is the number of CPUs; its traces
"""

from __future__ import annotations

import getpass
import logging
import math
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smplab.api import Curve, SmplabError, SweepResults, read_sweep, split, traces_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag

STORE = "mlflow.db"
ARTIFACTS = "mlartifacts"
KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Makes MLflow's pages show runs and charts first, not traces of language models."""
LOCK_TIMEOUT_S = 60
METRICS_A_BATCH, PARAMS_A_BATCH = 1000, 100  # what a tracking server accepts at once
LONGEST_PARAM, LONGEST_TAG = 6000, 5000
_FORBIDDEN = re.compile(r"[^\w./: -]")


class TrackingError(SmplabError):
    """The view cannot be written; the results are safe in the sweep's folder."""


def store_uri(results: Path) -> str:
    """Return the address of the default store of a results folder."""
    return f"sqlite:///{results.resolve() / STORE}"


@dataclass
class View:
    """An open store.

    Attributes:
        client: of MLflow.
        uri: where it writes.
        experiment: name of the MLflow experiment.
        experiment_id: its number.
    """

    client: MlflowClient
    uri: str
    experiment: str
    experiment_id: str

    @classmethod
    def open(cls, folder: Path, uri: str = "") -> View:
        """Open the store of a sweep, and make it if there is none.

        Two processes that make a new SQLite store at the same time destroy it, so that happens
        under a file lock.

        Raises:
            TrackingError: it cannot be reached.
        """
        from filelock import FileLock, Timeout

        results = folder.parent
        uri = uri or store_uri(results)
        lock = FileLock(results / f"{STORE}.lock", timeout=LOCK_TIMEOUT_S)
        try:
            with lock:
                return cls._open(folder, uri)
        except Timeout:
            raise TrackingError(
                f"another process has held {lock.lock_file} for {LOCK_TIMEOUT_S} s"
            ) from None

    @classmethod
    def _open(cls, folder: Path, uri: str) -> View:
        client_class = _import_client()
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        name = read_sweep(folder).plan.name
        try:
            client = client_class(tracking_uri=uri)
            found = client.get_experiment_by_name(name)
            if found is None:
                local = uri.startswith("sqlite:")
                where = (folder.parent / ARTIFACTS / name).resolve().as_uri() if local else None
                number = client.create_experiment(name, artifact_location=where, tags=KIND)
            else:
                number = found.experiment_id
                if found.lifecycle_stage == "deleted":
                    client.restore_experiment(number)
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise TrackingError(f"{uri} cannot be opened: {_brief(error)}") from error
        return cls(client, uri, name, number)

    def write(self, folder: Path, files: Iterable[Path] = (), wall_s: float = 0.0) -> str:
        """Write the view of a sweep, in place of an earlier one; return the parent run's id.

        Raises:
            TrackingError: the store cannot be written.
        """
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            return self._write(read_sweep(folder), files, wall_s)
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise TrackingError(f"{self.uri} cannot be written: {_brief(error)}") from error

    def _write(self, sweep: SweepResults, files: Iterable[Path], wall_s: float) -> str:
        self._remove_earlier(sweep.folder)
        shared, varied = split([curve.config for curve in sweep.curves])
        ok = sum(record.ok for record in sweep.records)
        planned = len(sweep.plan.hashes)
        parent = self._run(
            sweep.folder.name,
            tags=_sweep_tags(sweep),
            params=shared | {"varied": ", ".join(varied) or "nothing"},
            metrics=[
                ("points", planned, 0),
                ("points_ok", ok, 0),
                ("points_without_result", planned - ok, 0),
                ("wall_s", wall_s, 0),
                *_verdict_metrics(sweep.folder),
            ],
            finished=ok == planned,
            wall_s=wall_s,
        )
        for path in dict.fromkeys([*_own_files(sweep.folder), *files]):
            self.client.log_artifact(parent, str(path))
        nowhere = _zero_everywhere(sweep.curves)
        for curve in sweep.curves:
            run = self._run(
                curve.label,
                tags=_curve_tags(curve, sweep.folder) | {"mlflow.parentRunId": parent},
                params=curve.config,
                metrics=_curve_metrics(curve, nowhere),
                finished=True,
            )
            for trace in traces_of(sweep.folder, curve.records):
                self.client.log_artifact(run, str(trace), trace.parent.name)
        return parent

    def _remove_earlier(self, folder: Path) -> None:
        earlier = self.client.search_runs(
            [self.experiment_id], f"tags.`smplab.folder` = '{folder}'", max_results=5000
        )
        for run in earlier:
            self.client.delete_run(run.info.run_id)

    def _run(
        self,
        name: str,
        *,
        tags: Mapping[str, str],
        params: Mapping[str, Any],
        metrics: Iterable[tuple[str, float, int]],
        finished: bool,
        wall_s: float = 0.0,
    ) -> str:
        from mlflow.entities import Metric, Param, RunTag

        now = int(time.time() * 1000)
        began = now - round(1000 * wall_s)
        run = self.client.create_run(self.experiment_id, run_name=name, start_time=began)
        number = run.info.run_id
        values = [
            Metric(_clean(key), value, now, step)
            for key, value, step in metrics
            if math.isfinite(value)
        ]
        told = [Param(_clean(k), str(v)[:LONGEST_PARAM]) for k, v in params.items()]
        labels = [RunTag(k, v[:LONGEST_TAG]) for k, v in (_source_tags() | dict(tags)).items()]
        for batch in _batches(values, told, labels):
            self.client.log_batch(number, **batch)
        self.client.set_terminated(number, "FINISHED" if finished else "FAILED")
        return str(number)


def rebuild(folder: Path, uri: str = "") -> str:
    """Build the view of a sweep again from its folder; return the parent run's id.

    Raises:
        SmplabError: the folder holds no sweep, or the store cannot be written.
    """
    files = [p for p in sorted(folder.iterdir()) if p.suffix in {".csv", ".svg", ".png", ".html"}]
    verdicts = folder / "verdicts.json"
    return View.open(folder, uri).write(
        folder, [*files, *([verdicts] if verdicts.exists() else [])]
    )


def _import_client() -> type[MlflowClient]:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow import MlflowClient

    for noisy in ("mlflow", "alembic"):  # each tells of every table of a new store
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return MlflowClient


def _batches(
    metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[RunTag]
) -> Iterator[dict[str, Any]]:
    count = max(-(-len(metrics) // METRICS_A_BATCH), -(-len(params) // PARAMS_A_BATCH), 1)
    for i in range(count):
        yield {
            "metrics": metrics[i * METRICS_A_BATCH : (i + 1) * METRICS_A_BATCH],
            "params": params[i * PARAMS_A_BATCH : (i + 1) * PARAMS_A_BATCH],
            "tags": tags if i == 0 else (),
        }


def _curve_metrics(curve: Curve, left_out: set[str]) -> Iterator[tuple[str, float, int]]:
    for metric in curve.metrics:
        if metric in left_out:
            continue
        for cpus, value in zip(*curve.series(metric), strict=True):
            yield metric, value.mean, cpus
            if value.n > 1:
                yield f"{metric}_ci95", value.ci95, cpus


def _zero_everywhere(curves: Sequence[Curve]) -> set[str]:
    """Metrics that are 0 at every point of the sweep: a chart of them says nothing."""
    names = {name for curve in curves for name in curve.metrics}
    used = {
        k for curve in curves for record in curve.records for k, v in record.metrics.items() if v
    }
    return names - used


def _verdict_metrics(folder: Path) -> Iterator[tuple[str, float, int]]:
    import json

    path = folder / "verdicts.json"
    if path.exists():
        totals = json.loads(path.read_text(encoding="utf-8"))["totals"]
        yield from ((f"targets_{name}", float(value), 0) for name, value in totals.items())


def _own_files(folder: Path) -> list[Path]:
    return [folder / name for name in ("points.jsonl", "config.yaml") if (folder / name).exists()]


def _source_tags() -> dict[str, str]:
    return {"mlflow.source.name": "smplab", "mlflow.source.type": "LOCAL", "mlflow.user": _user()}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())


def _sweep_tags(sweep: SweepResults) -> dict[str, str]:
    note = f"`{sweep.plan.command}`\n\nResults: `{sweep.folder}`"
    tags = {
        "smplab.folder": str(sweep.folder),
        "smplab.command": sweep.plan.command,
        "smplab.overrides": " ".join(sweep.plan.overrides),
        "smplab.executor": str(sweep.plan.executor.get("name")),
        "smplab.hashes": " ".join(sweep.plan.hashes),
        "mlflow.note.content": note,
    }
    versions = sweep.records[-1].versions if sweep.records else {}
    return tags | {f"smplab.version.{name}": str(value) for name, value in versions.items()}


def _curve_tags(curve: Curve, folder: Path) -> dict[str, str]:
    return {
        "smplab.folder": str(folder),
        "smplab.hashes": " ".join(record.hash for record in curve.records),
    }


def _clean(name: str) -> str:
    """Make a name that MLflow accepts."""
    return _FORBIDDEN.sub("_", name)


def _brief(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"
