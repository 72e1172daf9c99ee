"""What several verbs do alike."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from smplab.cli.common import sweep_name, warn_of_broken_plugins


def test_a_sweep_is_named_after_its_experiment_or_workload() -> None:
    config = {"workload": {"name": "lock_contention"}}
    assert sweep_name(["cpus=3"], config) == "lock_contention"
    assert sweep_name(["experiment=lock_scaling", "cpus=3"], config) == "lock_scaling"
    assert sweep_name(["experiment=a,b"], config) == "lock_contention"


def test_each_broken_plugin_is_named_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_broken_plugins(SimpleNamespace(failures=("one is broken", "two is broken")))  # type: ignore[arg-type]
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "smplab: warning: one is broken\nsmplab: warning: two is broken\n"
