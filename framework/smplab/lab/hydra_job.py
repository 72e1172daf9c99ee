"""A job of Hydra's: what its own sweepers and launchers run, and how the records come home.

A sweeper sees a number, the objective. It carries the records of the job's points with it, so that
the driver can write them down whichever launcher computed them, and wherever.
"""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from smplab.lab.compose import to_plain, without_hydra
from smplab.lab.config import checked, settings
from smplab.lab.executors.base import Executor
from smplab.lab.executors.work import Outcome, Task, Work, compute
from smplab.lab.grid import points_of
from smplab.lab.point import point_identity
from smplab.lab.records import Record
from smplab.lab.versions import versions
from smplab.plugin.contexts import Point
from smplab.plugin.errors import ConfigError, choices
from smplab.plugin.host import Host, shared_host

Keep = Callable[[Sequence[Record]], None]


class Objective(float):
    """The mean of a metric over a job's replicas; NaN if there is none.

    Attributes:
        records: what became of the job's points.
    """

    records: tuple[Record, ...] = ()


def job(config: DictConfig) -> Objective:
    """Compute the points of one of Hydra's jobs, in whichever process a launcher chose."""
    plain = _checked(config, HydraConfig.get().overrides.task, shared_host())
    points = tuple(points_of(plain, point_identity))
    work = Work()
    outcomes = [compute(work, Task(i, point.config)) for i, point in enumerate(points)]
    return _objective(plain["objective"], points, outcomes)


class ExecutorLauncher:
    """Runs Hydra's jobs on the executor that the configuration chooses."""

    def __init__(self, hydra_context: HydraContext, config: DictConfig) -> None:
        self._loader = hydra_context.config_loader
        self._config = config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        """Run a batch of jobs; return one JobReturn each, in order.

        Raises:
            SmplabError: a job asks for what does not exist.
        """
        host = shared_host()
        returns: list[JobReturn] = []
        plains: list[dict[str, Any]] = []
        jobs: list[tuple[Point, ...]] = []
        for number, overrides in enumerate(job_overrides, initial_job_idx):
            config = self._loader.load_sweep_config(self._config, list(overrides))
            with open_dict(config):
                config.hydra.job.id = config.hydra.job.num = number
                hydra_config = copy.deepcopy(config.hydra)
                task_config = without_hydra(config)
            returns.append(
                JobReturn(overrides, task_config, hydra_config, status=JobStatus.COMPLETED)
            )
            plains.append(_checked(task_config, overrides, host))
            jobs.append(tuple(points_of(plains[-1], point_identity)))
        executor: Executor = host.registry.build("executor", settings(plains[0])["executor"])
        points = [point for points in jobs for point in points]
        tasks = [Task(index, point.config) for index, point in enumerate(points)]
        outcomes = {o.index: o for o in executor.run(tasks, Work(timeout_s=executor.timeout_s))}
        first = 0
        for returned, plain, own in zip(returns, plains, jobs, strict=True):
            of_job = [outcomes[index] for index in range(first, first + len(own))]
            returned.return_value = _objective(plain["objective"], own, of_job)
            first += len(own)
        return returns


@contextlib.contextmanager
def recording(keep: Keep) -> Iterator[None]:
    """Hand the records of every job to `keep`, whichever launcher Hydra makes in the block."""
    plugins = Plugins.instance()
    make = plugins.instantiate_launcher

    def instantiate_launcher(
        hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> Launcher:
        return _RecordingLauncher(make(hydra_context, task_function, config), keep)

    # An attribute of the instance hides the method: sweepers nest, so they cannot be handed a
    # launcher, but all of them get theirs here.
    vars(plugins)["instantiate_launcher"] = instantiate_launcher
    try:
        yield
    finally:
        del vars(plugins)["instantiate_launcher"]


class _RecordingLauncher(Launcher):
    def __init__(self, launcher: Launcher, keep: Keep) -> None:
        self._launcher = launcher
        self._keep = keep

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self._launcher.setup(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        returns = self._launcher.launch(job_overrides, initial_job_idx)
        for returned in returns:
            if returned.status == JobStatus.COMPLETED and isinstance(
                returned.return_value, Objective
            ):
                self._keep(returned.return_value.records)
        return returns


def _checked(config: DictConfig, overrides: Sequence[str], host: Host) -> dict[str, Any]:
    if OmegaConf.select(config, "grids") is not None:
        raise ConfigError(
            "this experiment has grids of its own, which Hydra's sweepers cannot read: run it "
            "without hydra/sweeper and hydra/launcher"
        )
    if OmegaConf.select(config, "trace"):
        raise ConfigError("trace=true goes with smplab's own sweeper and launcher only")
    named = [line.lstrip("+~").partition("=")[0] for line in overrides]
    return checked(to_plain(config), named, host)


def _objective(
    metric: str | None, points: Sequence[Point], outcomes: Sequence[Outcome]
) -> Objective:
    records = tuple(
        Record(
            point.hash, dict(point.config), versions(), point.seed, point.replica,
            outcome.status, dict(outcome.metrics), round(outcome.wall_s, 6), outcome.error,
        )
        for point, outcome in zip(points, outcomes, strict=True)
    )  # fmt: skip
    values = []
    for record in records:
        if metric is not None and record.ok:
            if metric not in record.metrics:
                raise ConfigError(f"objective={metric}: {choices(metric, record.metrics)}")
            values.append(record.metrics[metric])
    objective = Objective(sum(values) / len(values) if values else math.nan)
    objective.records = records
    return objective
