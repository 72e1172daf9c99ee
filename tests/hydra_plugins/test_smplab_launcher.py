from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher

CLIMBER = """
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper


class Climber(Sweeper):
    '''Doubles the CPUs as long as the objective grows.'''

    def setup(self, *, hydra_context, task_function, config):
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments):
        best, cpus, number = float("-inf"), 1, 0
        while True:
            batch = [[*arguments, f"cpus={cpus}"]]
            (job,) = self.launcher.launch(batch, initial_job_idx=number)
            if job.return_value <= best:
                return
            best, cpus, number = job.return_value, 2 * cpus, number + 1


ConfigStore.instance().store(
    group="hydra/sweeper", name="climber", node={"_target_": "hydra_plugins.climber.Climber"}
)
"""


def run(code: list[str], path: Path, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(path), "SMPLAB_HOME": str(home)}
    return subprocess.run(
        [sys.executable, *code], env=environment, capture_output=True, text=True, check=False
    )


def test_hydra_discovers_the_launcher() -> None:
    found = {cls.__name__ for cls in Plugins.instance().discover(Launcher)}
    assert "SmplabLauncher" in found


def test_other_applications_of_hydra_import_nothing_of_smplab(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom hydra.core.plugins import Plugins\nPlugins.instance()\n"
        "assert 'hydra_plugins.smplab_launcher' in sys.modules\n"
        "ours = [m for m in sys.modules if m.partition('.')[0] in ('smplab', 'numpy')]\n"
        "sys.exit(', '.join(ours) or None)"
    )
    done = run(["-c", code], tmp_path, tmp_path)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_an_optimiser_sees_the_objective_and_the_driver_keeps_the_records(tmp_path: Path) -> None:
    (tmp_path / "site" / "hydra_plugins").mkdir(parents=True)
    (tmp_path / "site" / "hydra_plugins" / "climber.py").write_text(CLIMBER, encoding="utf-8")
    overrides = [
        "hydra/sweeper=climber", "objective=throughput_ops_per_s", "tracking=none", "replicas=2",
        "topology=opteron48", "mechanism/lock=tas", "workload.think_cycles=3000",
        "warmup_cycles=10000", "run_cycles=100000",
    ]  # fmt: skip
    code = ["-m", "smplab.cli.main", "run", "-m", *overrides]
    done = run(code, tmp_path / "site", tmp_path / "results")
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip())
    assert folder.parent == tmp_path / "results"
    lines = (folder / "points.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    cpus = [record["config"]["cpus"] for record in found]
    rates = [record["metrics"]["throughput_ops_per_s"] for record in found]
    means = [sum(pair) / 2 for pair in zip(rates[::2], rates[1::2], strict=True)]
    assert cpus == [2**i for i in range(len(means)) for _ in range(2)]
    # It went on as long as the mean of the two replicas grew, and no longer.
    assert len(means) >= 3
    assert all(b > a for a, b in itertools.pairwise(means[:-1]))
    assert means[-1] <= means[-2]
