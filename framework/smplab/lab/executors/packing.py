"""Packing points into tasks: large enough to cost nothing, small enough to stay balanced."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from math import ceil

from smplab.lab.executors.work import Outcome, Task

AIM_S = 0.7
"""What a task should take: far above its cost (some ms), and soon over when a sweep is stopped."""
WEIGHT = 0.3
"""Of the newest point in the running mean of the points' times."""


class Packer:
    """Hands out the points of a sweep in chunks whose size follows what points turn out to take.

    Points of many CPUs come first: they take longest, and one that began last would hold up the
    end (R. L. Graham's longest processing time first, SIAM J. Appl. Math. 17, 1969).
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._left = deque(sorted(tasks, key=lambda task: -int(task.config.get("cpus", 0))))
        self._mean_s: float | None = None

    def __len__(self) -> int:
        return len(self._left)

    def take(self, workers: int) -> list[Task]:
        """Return the next chunk; empty when nothing is left.

        The first are single points, until one has come back. No chunk is more than a quarter of a
        worker's share of what is left.
        """
        fair = ceil(len(self._left) / (4 * workers))
        size = 1 if self._mean_s is None else max(1, min(fair, int(AIM_S / self._mean_s)))
        return [self._left.popleft() for _ in range(min(size, len(self._left)))]

    def observe(self, outcome: Outcome) -> None:
        """Learn from a finished point."""
        took = max(outcome.wall_s, 1e-4)
        before = took if self._mean_s is None else self._mean_s
        self._mean_s = before + WEIGHT * (took - before)

    def give_back(self, tasks: Iterable[Task]) -> None:
        """Take back points whose worker was lost before it began them."""
        self._left.extendleft(tasks)
