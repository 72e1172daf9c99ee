"""An empty MLflow store, made once: making one takes seconds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from smplab.lab.folder import Plan
from smplab.lab.sweep import SweepOutcome, SweepSettings, run_sweep
from smplab_plugins.trackers.mlflow_view import STORE, View
from tests.lab import fakes

PLAN = Plan("fake", {"name": "serial", "timeout_s": 0}, {"name": "none"}, "smplab run -m x=1,2")
SETTINGS = SweepSettings(PLAN, function="tests.lab.fakes:simulate")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMPLAB_HOME", str(home))
        # A sweep of another name, so that the experiment `fake` is not there yet.
        plan = replace(PLAN, name="other")
        outcome = run_sweep([fakes.point()], replace(SETTINGS, plan=plan), fakes.host())
    View.open(outcome.folder)
    return home / STORE


@pytest.fixture
def sweep(
    empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., SweepOutcome]:
    """Runs fake sweeps in a results folder with a store of its own."""
    monkeypatch.setenv("SMPLAB_HOME", str(tmp_path))
    shutil.copy(empty_store, tmp_path / STORE)

    def run(act: str = "", **changes: object) -> SweepOutcome:
        points = fakes.grid(act=act) if act else fakes.grid()
        return run_sweep(points, replace(SETTINGS, **changes), fakes.host())  # type: ignore[arg-type]

    return run
