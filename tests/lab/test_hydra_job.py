from __future__ import annotations

import math
import pickle
from collections.abc import Sequence
from typing import Any

import pytest
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from omegaconf import OmegaConf

from smplab.lab import hydra_job
from smplab.lab.executors.work import Outcome
from smplab.lab.hydra_job import Objective, recording
from smplab.lab.records import Record
from smplab.plugin.contexts import Point
from smplab.plugin.errors import ConfigError
from tests.sample_plugins import sample_host

POINTS = tuple(Point({"cpus": 2}, f"hash{r}", 1, r) for r in range(3))


def outcomes(*operations: float | None) -> list[Outcome]:
    """Return an outcome for each value; None stands for a point that failed."""
    return [
        Outcome(i, "failed", error="deadlock")
        if value is None
        else Outcome(i, "ok", {"operations": value}, 0.5)
        for i, value in enumerate(operations)
    ]


def test_the_objective_is_the_mean_over_the_replicas() -> None:
    objective = hydra_job._objective("operations", POINTS, outcomes(1.0, 2.0, 6.0))
    assert objective == 3.0
    assert [r.hash for r in objective.records] == ["hash0", "hash1", "hash2"]
    assert objective.records[1].metrics == {"operations": 2.0}


def test_points_that_failed_do_not_count_but_are_recorded() -> None:
    objective = hydra_job._objective("operations", POINTS, outcomes(1.0, None, 2.0))
    assert objective == 1.5
    assert [r.status for r in objective.records] == ["ok", "failed", "ok"]


def test_without_a_metric_or_a_result_the_objective_is_nan() -> None:
    assert math.isnan(hydra_job._objective(None, POINTS, outcomes(1.0, 2.0, 3.0)))
    assert math.isnan(hydra_job._objective("operations", POINTS, outcomes(None, None, None)))


def test_an_unknown_metric_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"objective=operation: did you mean operations\?"):
        hydra_job._objective("operation", POINTS, outcomes(1.0, 2.0, 3.0))


def test_the_records_travel_with_the_objective_between_processes() -> None:
    objective = hydra_job._objective("operations", POINTS, outcomes(1.0, 2.0, 6.0))
    back = pickle.loads(pickle.dumps(objective))
    assert (back, back.records) == (3.0, objective.records)


def test_a_grid_of_an_experiments_own_is_refused() -> None:
    config = OmegaConf.create({"grids": [{"cpus": 3}]})
    with pytest.raises(ConfigError, match="grids of its own"):
        hydra_job._checked(config, [], sample_host())


def test_a_trace_is_refused() -> None:
    config = OmegaConf.create({"grids": None, "trace": True})
    with pytest.raises(ConfigError, match="trace=true goes with smplab's own"):
        hydra_job._checked(config, [], sample_host())


class FakeLauncher(Launcher):
    def setup(self, **given: Any) -> None:
        self.given = given

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Any:
        objective = hydra_job._objective("operations", POINTS, outcomes(1.0, 2.0, 6.0))
        failed = JobReturn(status=JobStatus.FAILED)
        failed.return_value = RuntimeError("broken")
        done = JobReturn(status=JobStatus.COMPLETED)
        done.return_value = objective
        return [done, failed]


def test_whatever_launcher_hydra_makes_its_records_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Plugins, "instantiate_launcher", lambda *_, **__: FakeLauncher())
    kept: list[Record] = []
    plugins: Any = Plugins.instance()
    with recording(kept.extend):
        launcher = plugins.instantiate_launcher(hydra_context=None, task_function=None, config=None)
        launcher.setup(hydra_context=None, task_function=None, config=None)
        returns = launcher.launch([[], []], 0)
    assert isinstance(returns[0].return_value, Objective)
    assert [record.hash for record in kept] == ["hash0", "hash1", "hash2"]
    after = plugins.instantiate_launcher(hydra_context=None, task_function=None, config=None)
    assert isinstance(after, FakeLauncher)
