"""One point, computed: whatever it does ends in an outcome."""

from __future__ import annotations

import os
import re
import signal
import threading

import pytest

from smplab.lab.executors.work import (
    SINGLE_THREADED,
    Task,
    Work,
    compute,
    hard_limit,
    use_one_thread,
)
from tests.lab import fakes

WORK = Work("tests.lab.fakes:simulate")


def test_metrics_come_back_as_they_are() -> None:
    config = fakes.config(cpus=3)
    outcome = compute(WORK, Task(7, config))
    assert (outcome.index, outcome.status, outcome.error) == (7, "ok", None)
    assert outcome.metrics == fakes.metrics(config)


def test_details_come_along_with_metrics() -> None:
    outcome = compute(Work("tests.lab.fakes:check"), Task(1, {"cpus": 2}))
    assert outcome.metrics == {"states": 3.0}
    assert outcome.details == {"verdict": "no_violation"}


@pytest.mark.parametrize(
    ("act", "error"),
    [
        ("deadlock", r"Deadlock: CPU 1 waits for line 0, which nobody will write$"),
        ("bug", r"KeyError: 'colour' \(.*fakes.py, line \d+\)$"),
        ("no metrics", "TypeError: the point gave NoneType instead of metrics by name"),
    ],
)
def test_what_goes_wrong_is_told_in_a_line(act: str, error: str) -> None:
    outcome = compute(WORK, Task(0, fakes.config(cpus=2, act=act)))
    assert outcome.status == "failed"
    assert outcome.metrics == {}
    assert outcome.error is not None
    assert re.match(error, outcome.error)


def test_a_function_that_is_not_there_fails_the_point() -> None:
    outcome = compute(Work("tests.lab.fakes:absent"), Task(0, {}))
    assert outcome.status == "failed"
    assert "has no attribute 'absent'" in str(outcome.error)


def test_a_point_that_hangs_is_stopped() -> None:
    outcome = compute(Work(WORK.function, 0.1), Task(0, fakes.config(cpus=2, act="hang")))
    assert outcome.status == "timeout"
    assert "stopped after 0.1 s" in str(outcome.error)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_outside_a_main_thread_a_point_runs_without_its_alarm() -> None:
    found = []
    task = Task(0, fakes.config())
    thread = threading.Thread(target=lambda: found.append(compute(Work(WORK.function, 5), task)))
    thread.start()
    thread.join()
    assert found[0].status == "ok"


def test_ctrl_c_gets_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        compute(WORK, Task(0, fakes.config(cpus=4, act="interrupt")))


def test_the_drivers_limit_is_longer_than_the_points() -> None:
    assert hard_limit(Work("", 10)) > 10
    assert hard_limit(Work("", 0)) == float("inf")


def test_one_thread_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SINGLE_THREADED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    use_one_thread()
    assert os.environ["OMP_NUM_THREADS"] == "4"
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
