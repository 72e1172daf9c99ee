"""Executor `process`: points on the cores of this machine, without a cluster to start.

Each worker is a process with a pipe, to which it writes a point's outcome as soon as it has it:
when a worker dies, the first point that it did not answer is the one that killed it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from smplab.lab.executors.base import Executor
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


@dataclass(eq=False)
class ProcessPool(Executor):
    """Compute the points on processes of this machine."""

    workers: int = parameter(0, "number of processes; 0: one a CPU of this machine", minimum=0)

    def run(self, tasks: Sequence[Task], work: Work) -> Iterator[Outcome]:
        """Yield outcomes as they arrive."""
        packer = Packer(tasks)
        wanted = min(self.workers or len(os.sched_getaffinity(0)), len(tasks))
        pool = [_Worker(work) for _ in range(wanted)]
        try:
            while len(packer) or any(worker.chunk for worker in pool):
                for worker in pool:
                    if not worker.chunk:
                        worker.give(packer.take(wanted))
                yield from self._arrived(pool, packer, work)
        finally:
            for worker in pool:
                worker.stop()

    def _arrived(self, pool: list[_Worker], packer: Packer, work: Work) -> Iterator[Outcome]:
        busy = {worker.pipe: worker for worker in pool if worker.chunk}
        patience = min(worker.deadline for worker in busy.values()) - time.monotonic()
        ready = wait(list(busy), timeout=max(0.0, min(patience, 3600.0)))
        for pipe, worker in busy.items():
            lost: Outcome | None = None
            if pipe in ready:
                try:
                    outcome = worker.receive()
                    packer.observe(outcome)
                    yield outcome
                except EOFError:
                    lost = Outcome(worker.chunk[0].index, "crashed", error=worker.epitaph())
            elif time.monotonic() > worker.deadline:
                error = out_of_time(work.timeout_s)
                lost = Outcome(worker.chunk[0].index, "timeout", {}, work.timeout_s, error)
            if lost:
                worker.chunk.popleft()
                packer.give_back(worker.chunk)
                worker.stop()
                pool[pool.index(worker)] = _Worker(work)
                yield lost


class _Worker:
    """A process, the pipe to it, and the points that it has not answered yet."""

    def __init__(self, work: Work) -> None:
        context = multiprocessing.get_context("spawn")
        self.chunk: deque[Task] = deque()
        self.deadline = float("inf")
        self._limit = hard_limit(work)
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, work), daemon=True)
        self._process.start()
        theirs.close()

    def give(self, chunk: Sequence[Task]) -> None:
        if chunk:
            self.chunk.extend(chunk)
            self.deadline = time.monotonic() + self._limit
            try:
                self.pipe.send(list(chunk))
            except OSError:
                return  # it has died: receive() will meet the end of the pipe

    def receive(self) -> Outcome:
        outcome: Outcome = self.pipe.recv()
        self.chunk.popleft()
        self.deadline = time.monotonic() + self._limit
        return outcome

    def epitaph(self) -> str:
        self._process.join(timeout=5)
        code = self._process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return f"the worker process died while it computed this point ({how})"

    def stop(self) -> None:
        self.pipe.close()
        self._process.kill()
        self._process.join()


def _serve(pipe: Connection[Outcome, list[Task]], work: Work) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to handle
    use_one_thread()
    try:
        while True:
            for task in pipe.recv():
                pipe.send(compute(work, task))
    except (EOFError, OSError):
        return  # the driver has gone
