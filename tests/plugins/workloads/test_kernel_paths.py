"""The workload `kernel_paths`: each path alone, on both kernels."""

from __future__ import annotations

from typing import Any

import pytest

from smplab.lab.point import run_point
from tests.plugins.workloads.test_kernel_workloads import point

PATHS = ("empty", "call", "reply", "yield", "interrupt")


def cycles(path: str, how: str = "uniprocessor", cpus: int = 1, **values: Any) -> float:
    """Return what a path takes, on average over ten operations."""
    config = point("kernel_paths", how, cpus, path=path, **values)
    config |= {"run_cycles": None, "operations": 10}
    metrics = run_point(config)
    assert metrics["operations"] == 10
    return metrics["count_path_cycles"] / 10


@pytest.mark.parametrize("how", ["uniprocessor", "locked", "messages"])
def test_a_path_takes_part_of_its_operation_and_always_the_same(how: str) -> None:
    taken = {path: cycles(path, how) for path in PATHS}
    assert min(taken, key=lambda path: taken[path]) == "empty"
    assert all(n == int(n) for n in taken.values())


def test_several_cpus_cost_one_on_every_path_that_does_something() -> None:
    for path in PATHS[1:]:
        assert cycles(path) < cycles(path, "locked"), path
    assert cycles("empty") == cycles("empty", "locked")


def test_idle_cpus_do_not_matter() -> None:
    assert cycles("call", "locked", 4) == pytest.approx(cycles("call", "locked"), rel=0.05)


def test_call_and_reply_are_a_round_trip() -> None:
    config = point("ipc_pingpong", "uniprocessor", 1)
    config["kernel"] = {"name": "uniprocessor"}  # no tick in so short a time
    round_trip = run_point(config)["latency_p50_cycles"]
    assert cycles("call") + cycles("reply") == pytest.approx(round_trip, rel=0.03)


def test_words_are_copied_on_the_way() -> None:
    assert cycles("call", length=10) > cycles("call") + 10
