"""All executors: the same results, and one bad point costs one point."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator
from contextlib import closing
from typing import Any

import pytest

from smplab.lab.executors.base import Executor, ExecutorError
from smplab.lab.executors.process import ProcessPool
from smplab.lab.executors.raycluster import RayCluster
from smplab.lab.executors.serial import Serial
from smplab.lab.executors.work import Outcome, Task, Work
from tests.lab import fakes

FUNCTION = "tests.lab.fakes:simulate"


@pytest.fixture(params=["process", "ray"])
def parallel(request: pytest.FixtureRequest) -> Executor:
    if request.param == "ray":
        request.getfixturevalue("ray_cluster")
        return RayCluster()
    return ProcessPool(workers=2)


def tasks(count: int = 40, **more: Any) -> list[Task]:
    return [Task(i, fakes.config(cpus=1 + i % 5, replica=i, **more)) for i in range(count)]


def run(executor: Executor, todo: list[Task], timeout_s: float = 0) -> dict[int, Outcome]:
    outcomes = list(executor.run(todo, Work(FUNCTION, timeout_s)))
    assert len({outcome.index for outcome in outcomes}) == len(outcomes)
    return {outcome.index: outcome for outcome in outcomes}


def test_results_are_those_of_serial_to_the_last_digit(parallel: Executor) -> None:
    serial, other = run(Serial(), tasks(200)), run(parallel, tasks(200))
    assert {i: o.metrics for i, o in other.items()} == {i: o.metrics for i, o in serial.items()}


def test_a_trace_comes_home_with_its_point(parallel: Executor) -> None:
    work = Work("tests.lab.fakes:traced")
    todo = [*tasks(5), Task(5, fakes.config(cpus=3, act="deadlock"))]
    outcomes = {outcome.index: outcome for outcome in parallel.run(todo, work)}
    assert [outcomes[i].trace for i in range(5)] == [
        f"trace of {1 + i} CPUs".encode() for i in range(5)
    ]
    failed = outcomes[5]
    assert (failed.status, failed.trace) == ("failed", b"trace of 3 CPUs")
    assert failed.error == "Deadlock: nobody will write"


def test_nothing_to_do_is_done(parallel: Executor) -> None:
    assert run(parallel, []) == {}


@pytest.mark.parametrize("act", ["exit", "kill"])
def test_a_crash_costs_the_point_that_crashed(parallel: Executor, act: str) -> None:
    outcomes = run(parallel, tasks(9, act=act))
    assert len(outcomes) == 9
    for i, outcome in outcomes.items():
        assert outcome.status == ("crashed" if i % 5 == 1 else "ok")
        assert ("died" in str(outcome.error)) == (i % 5 == 1)


def test_failures_and_hangs_cost_one_point_each(parallel: Executor) -> None:
    todo = [*tasks(5, act="deadlock"), Task(5, fakes.config(cpus=2, act="hang"))]
    outcomes = run(parallel, todo, timeout_s=0.5)
    statuses = [outcomes[i].status for i in range(6)]
    assert statuses == ["ok", "failed", "ok", "ok", "ok", "timeout"]


def test_a_point_that_python_cannot_stop_is_killed(
    parallel: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("process", "raycluster"):
        monkeypatch.setattr(f"smplab.lab.executors.{module}.hard_limit", lambda _work: 2.0)
    todo = [Task(0, fakes.config(cpus=2, act="hang without Python")), Task(1, fakes.config())]
    outcomes = run(parallel, todo, timeout_s=0.5)
    assert outcomes[0].status == "timeout"
    assert "stopped after 0.5 s" in str(outcomes[0].error)
    assert outcomes[1].status == "ok"


def test_closing_early_stops_what_runs(parallel: Executor) -> None:
    stream = parallel.run(tasks(40, act="slow"), Work(FUNCTION))
    assert next(stream).status == "ok"
    stream.close()  # type: ignore[attr-defined]
    assert list(stream) == []


def test_serial_says_what_ctrl_c_cut_off() -> None:
    stream = Serial().run(tasks(8, act="interrupt"), Work(FUNCTION))
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        done.extend(outcome.index for outcome in stream)
    assert done == [0, 1, 2]


def test_ctrl_c_in_ray_keeps_what_has_arrived(ray_cluster: None) -> None:
    done: list[Outcome] = []
    with closing(run_slowly()) as stream:
        done.append(next(stream))
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            done.extend(stream)
    assert 1 <= len(done) < 60
    assert all(outcome.status == "ok" for outcome in done)


def run_slowly() -> Generator[Outcome, None, None]:
    yield from RayCluster().run(tasks(60, act="slow"), Work(FUNCTION))


def test_an_address_without_a_cluster_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    monkeypatch.setattr(ray, "is_initialized", lambda: False)

    def refuse(**options: object) -> None:
        assert options["address"] == "nowhere:1"
        raise ConnectionError("no route\nand more")

    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(ExecutorError, match=r"no Ray cluster at nowhere:1: .*no route. Check"):
        list(RayCluster(address="nowhere:1").run(tasks(1), Work(FUNCTION)))
