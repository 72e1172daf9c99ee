"""`hydra/launcher=smplab`: Hydra's sweepers, an optimiser for one, on smplab's executors.

Hydra imports this module in every application of the environment, so it imports nothing of smplab
until it is used.
"""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class SmplabLauncher(Launcher):
    """Runs each batch of jobs on the executor that the configuration chooses."""

    def setup(
        self,
        *,
        hydra_context: HydraContext,
        task_function: TaskFunction,
        config: DictConfig,
    ) -> None:
        """Keep what `launch` needs; the task function is smplab's own."""
        del task_function
        self._context = hydra_context
        self._config = config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run a batch."""
        from smplab.lab.hydra_job import ExecutorLauncher

        return ExecutorLauncher(self._context, self._config).launch(job_overrides, initial_job_idx)


ConfigStore.instance().store(
    group="hydra/launcher",
    name="smplab",
    node={"_target_": "hydra_plugins.smplab_launcher.SmplabLauncher"},
    provider="smplab",
)
