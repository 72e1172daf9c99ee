"""Tracking is a plugin: chosen by name, and harmless when it fails."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import smplab_plugins
from smplab.lab.store import read_records
from smplab.lab.sweep import OBSERVER_FAILED, OK, SweepOutcome, run_sweep
from tests.lab import fakes
from tests.plugins.trackers.conftest import PLAN, SETTINGS

Sweep = Callable[..., SweepOutcome]


def tracked(uri: str = "", name: str = "mlflow") -> SweepOutcome:
    host = fakes.host()
    plugin = types.SimpleNamespace(sweep_started=smplab_plugins.sweep_started)
    host.register(plugin, "trackers")
    plan = replace(PLAN, tracking={"name": name, "uri": uri})
    return run_sweep(fakes.grid(), replace(SETTINGS, plan=plan), host)


def test_a_sweep_is_tracked_when_it_ends(
    sweep: Sweep, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.plugins.trackers.test_mlflow_view import runs

    outcome = tracked()
    assert outcome.exit_code == OK
    _, (parent,), children = runs(tmp_path)
    assert parent.info.run_name == outcome.folder.name
    assert parent.data.metrics["wall_s"] > 0
    assert len(children) == 2
    told = capsys.readouterr().err
    assert f"MLflow: experiment fake in sqlite:///{tmp_path}/mlflow.db" in told.replace("\n", "")


def test_a_server_that_is_away_costs_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SMPLAB_HOME", str(tmp_path))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    outcome = tracked("http://127.0.0.1:9")
    assert outcome.exit_code == OBSERVER_FAILED
    assert len(read_records(outcome.folder / "points.jsonl")) == 12
    told = " ".join(capsys.readouterr().err.split())
    assert "http://127.0.0.1:9 cannot be opened" in told
    assert "The results are safe in" in told


def test_without_tracking_mlflow_is_not_even_imported(tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "from tests.plugins.trackers.test_mlflow_tracker import tracked\n"
        "assert 'mlflow' not in sys.modules\n"
        "outcome = tracked(name='none')\n"
        "assert outcome.exit_code == 0\n"
        "assert 'mlflow' not in sys.modules, 'imported'\n"
    )
    root = Path(__file__).resolve().parents[3]
    environment = {"PYTHONPATH": str(root), "SMPLAB_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
