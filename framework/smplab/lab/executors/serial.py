"""Executor `serial`: one point after the other, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from smplab.lab.executors.base import Executor
from smplab.lab.executors.work import Outcome, Task, Work, compute


@dataclass(eq=False)
class Serial(Executor):
    """Compute the points one after the other, in this process.

    A point that takes its process down takes the sweep down; what was finished is kept.
    """

    def run(self, tasks: Sequence[Task], work: Work) -> Iterator[Outcome]:
        """Yield outcomes in the order of the tasks."""
        for task in tasks:
            yield compute(work, task)
