"""Executor `ray`: points on a Ray cluster, this machine's own or one by address.

A task is a chunk of points whose outcomes stream back one by one, so that when a worker dies, or
hangs, the first point without an outcome is the one that did it; the rest of the chunk runs again.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from smplab.lab.executors.base import Executor, ExecutorError
from smplab.lab.executors.packing import Packer
from smplab.lab.executors.work import (
    Outcome,
    Task,
    Work,
    compute,
    hard_limit,
    out_of_time,
    use_one_thread,
)
from smplab.language.component import parameter

if TYPE_CHECKING:
    from types import ModuleType

CHUNKS_PER_WORKER = 2
"""Chunks handed to Ray for each CPU: one that runs and one that waits."""
POLL_S = 1.0
"""How often limits and the size of the cluster are looked at while nothing arrives."""


@dataclass(eq=False)
class RayCluster(Executor):
    """Compute the points on a Ray cluster: this machine's own, or one by address."""

    address: str = parameter(
        "", "of a running cluster (`auto`, `host:6379`, `ray://host:10001`); empty: start one here"
    )
    workers: int = parameter(
        0, "CPUs of the cluster that is started here; 0: those of this machine", minimum=0
    )

    def run(self, tasks: Sequence[Task], work: Work) -> Iterator[Outcome]:
        """Yield outcomes as they arrive."""
        ray, ours = self._connect()
        stream = _Stream(ray, tasks, work)
        try:
            yield from stream
        except KeyboardInterrupt:
            yield from stream.arrived(timeout_s=0)
            raise
        except ray.exceptions.RayError as error:
            raise ExecutorError(f"Ray cannot go on: {_brief(error)}") from error
        finally:
            stream.cancel()
            if ours:
                ray.shutdown()

    def _connect(self) -> tuple[ModuleType, bool]:
        """Return the module and whether the connection is ours to close."""
        address = self.address or os.environ.get("RAY_ADDRESS", "")
        if not address:
            # Ray would start workers through `uv run` when we were started so: slow, and wrong
            # outside the project's root. Nor does a cluster on the loopback need a token.
            os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
            os.environ.setdefault("RAY_AUTH_MODE", "disabled")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        import ray
        import ray.exceptions

        # Ray prints a worker's death to standard output, in its own words, although told not to.
        ray._private.worker._worker_logs_enabled = False
        if ray.is_initialized():
            return ray, False
        options: dict[str, Any] = {"address": address}
        if not address:
            options = {"address": "local", "include_dashboard": False}
            options["num_cpus"] = self.workers or len(os.sched_getaffinity(0))
        try:
            ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, ValueError, RuntimeError, OSError, TimeoutError) as error:
            at = f"at {address}" if address else "on this machine"
            raise ExecutorError(
                f"no Ray cluster {at}: {_brief(error)}. Check executor.address, or compute "
                "without one: executor=process"
            ) from error
        return ray, True


@dataclass
class _Chunk:
    """A task of Ray's. The limit of its first point begins with the task, not with its sending."""

    left: deque[Task]
    deadline: float = field(default=float("inf"))
    timed_out: bool = False


class _Stream:
    """Keeps a window of chunks with Ray and yields outcomes until all points have one."""

    def __init__(self, ray: ModuleType, tasks: Sequence[Task], work: Work) -> None:
        self._ray = ray
        self._work = work
        self._limit = hard_limit(work)
        known = ray.exceptions
        self._fatal_to_one = (
            known.WorkerCrashedError, known.OutOfMemoryError, known.NodeDiedError,
            known.ObjectLostError, known.TaskCancelledError,
        )  # fmt: skip
        self._packer = Packer(tasks)
        self._chunks: dict[Any, _Chunk] = {}
        self._shared = ray.put(work)
        self._remote = ray.remote(_compute_chunk).options(
            num_cpus=1, max_retries=0, num_returns="streaming"
        )
        self._workers = 1
        self._counted = float("-inf")

    def __iter__(self) -> Iterator[Outcome]:
        while len(self._packer) or self._chunks:
            self._fill()
            yield from self.arrived(POLL_S)
            self._stop_hung()

    def arrived(self, timeout_s: float) -> Iterator[Outcome]:
        """Yield what has arrived, after waiting so long for the first of it."""
        waiting = list(self._chunks)
        if not waiting:
            return
        ready, _ = self._ray.wait(waiting, timeout=timeout_s, fetch_local=False)
        if ready:
            ready, _ = self._ray.wait(
                waiting, num_returns=len(waiting), timeout=0, fetch_local=False
            )
        for stream in ready:
            outcome = self._next(stream)
            if outcome is not None:
                self._packer.observe(outcome)
                yield outcome

    def cancel(self) -> None:
        """Stop what runs."""
        for stream in self._chunks:
            self._ray.cancel(stream, force=True)
        self._chunks.clear()

    def _fill(self) -> None:
        now = time.monotonic()
        if now - self._counted > POLL_S:  # clusters grow and shrink
            self._workers = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
            self._counted = now
        while len(self._packer) and len(self._chunks) < CHUNKS_PER_WORKER * self._workers:
            chunk = self._packer.take(self._workers)
            self._chunks[self._remote.remote(self._shared, chunk)] = _Chunk(deque(chunk))

    def _next(self, stream: Any) -> Outcome | None:
        chunk = self._chunks[stream]
        try:
            outcome: Outcome | None = self._ray.get(next(stream))
        except StopIteration:
            del self._chunks[stream]
            return None
        except self._fatal_to_one as error:
            del self._chunks[stream]
            return self._lost(chunk, error)
        chunk.deadline = time.monotonic() + self._limit
        if outcome is not None:
            chunk.left.popleft()
        return outcome

    def _lost(self, chunk: _Chunk, error: Exception) -> Outcome | None:
        if not chunk.left:
            return None  # it had answered every point
        index = chunk.left.popleft().index
        self._packer.give_back(chunk.left)
        if chunk.timed_out:
            message = out_of_time(self._work.timeout_s)
            return Outcome(index, "timeout", {}, self._work.timeout_s, message)
        return Outcome(
            index, "crashed",
            error=f"the Ray worker died while it computed this point ({_brief(error)})",
        )  # fmt: skip

    def _stop_hung(self) -> None:
        for stream, chunk in self._chunks.items():
            if time.monotonic() > chunk.deadline and not chunk.timed_out:
                chunk.timed_out = True
                self._ray.cancel(stream, force=True)


def _compute_chunk(work: Work, chunk: list[Task]) -> Iterator[Outcome | None]:
    """Run on a worker: say that the chunk has begun, then yield each point's outcome."""
    use_one_thread()
    yield None
    for task in chunk:
        yield compute(work, task)


def _brief(error: Exception) -> str:
    """Return an error of Ray's in a line; of a traceback the last one tells."""
    lines = str(error).strip().splitlines() or [""]
    if "Traceback" in str(error):
        return lines[-1]
    return f"{type(error).__name__}: {lines[0].partition('. ')[0]}"
