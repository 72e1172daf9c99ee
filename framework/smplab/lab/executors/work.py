"""Computing one point, wherever it happens: the same steps and the same outcome everywhere."""

from __future__ import annotations

import importlib
import math
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from smplab.lab.records import Status
from smplab.language.errors import SmplabError


@dataclass(frozen=True)
class Computed:
    """What a point's function may give instead of bare metrics.

    Attributes:
        metrics: numbers by name.
        details: what numbers cannot say, as plain data for the record.
        trace: a file for Perfetto, gzipped; the driver puts it into the sweep's folder.
        failure: the diagnosis with which the point failed, if what is told beside is worth keeping.
    """

    metrics: Mapping[str, float]
    details: Mapping[str, Any] = field(default_factory=dict)
    trace: bytes | None = None
    failure: SmplabError | None = None


Function = Callable[[dict[str, Any]], Mapping[str, float] | Computed]

SINGLE_THREADED = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@dataclass(frozen=True)
class Task:
    """A point on its way to be computed.

    Attributes:
        index: its number in the sweep.
        config: what the function gets.
    """

    index: int
    config: Mapping[str, Any]


@dataclass(frozen=True)
class Work:
    """What is done with each task. Workers get it by name, so that they load plugins themselves.

    Attributes:
        function: "module:name" of a function from a configuration to metrics.
        timeout_s: how long a point may take, seconds; 0 is for ever.
    """

    function: str = "smplab.lab.point:compute_point"
    timeout_s: float = 0.0

    def load(self) -> Function:
        """Import the function."""
        module, _, name = self.function.partition(":")
        found: Function = getattr(importlib.import_module(module), name)
        return found


@dataclass(frozen=True)
class Outcome:
    """What became of a task; the fields are those of `Record`, and a trace beside it."""

    index: int
    status: Status
    metrics: Mapping[str, float] = field(default_factory=dict)
    wall_s: float = 0.0
    error: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    trace: bytes | None = None


class _OutOfTimeError(BaseException):
    """Raised inside a point; no Exception, so that no plugin's `except Exception` catches it."""


def compute(work: Work, task: Task) -> Outcome:
    """Compute one point and say what became of it; only Ctrl-C gets through."""
    began = time.perf_counter()

    def outcome(status: Status, error: str, **more: Any) -> Outcome:
        return Outcome(task.index, status, {}, time.perf_counter() - began, error, **more)

    try:
        with _alarm(work.timeout_s):
            found = work.load()(dict(task.config))
        computed = found if isinstance(found, Computed) else Computed(found)
        checked = _checked(computed.metrics)
    except _OutOfTimeError:
        return outcome("timeout", out_of_time(work.timeout_s))
    except SmplabError as error:
        return outcome("failed", _diagnosis(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
        return outcome("failed", _unexpected(error))
    if computed.failure is not None:
        told = _diagnosis(computed.failure)
        return outcome("failed", told, details=computed.details, trace=computed.trace)
    wall_s = time.perf_counter() - began
    return Outcome(task.index, "ok", checked, wall_s, None, computed.details, computed.trace)


def out_of_time(timeout_s: float) -> str:
    """Return the message of a point that was stopped."""
    return (
        f"stopped after {timeout_s:g} s: give it longer (executor.timeout_s) or less to do "
        "(run_cycles, operations)"
    )


def use_one_thread() -> None:
    """Keep numerical libraries from starting a thread a core in every worker."""
    for name in SINGLE_THREADED:
        os.environ.setdefault(name, "1")


def _checked(metrics: object) -> dict[str, float]:
    if not isinstance(metrics, Mapping):
        raise TypeError(f"the point gave {type(metrics).__name__} instead of metrics by name")
    return {str(name): float(value) for name, value in metrics.items()}


def _diagnosis(error: SmplabError) -> str:
    return f"{type(error).__name__}: {error}"


def _unexpected(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"


@contextmanager
def _alarm(timeout_s: float) -> Iterator[None]:
    """Interrupt the body after so long; outside a main thread only the driver's limit holds."""
    if not timeout_s or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal's signature
        raise _OutOfTimeError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def hard_limit(work: Work) -> float:
    """How long the driver waits for a point before it kills its process, seconds.

    Longer than `timeout_s`, which stops what still runs Python; this stops what does not.
    """
    return work.timeout_s * 1.25 + 5 if work.timeout_s else math.inf
