"""What an executor is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from smplab.lab.executors.work import Outcome, Task, Work
from smplab.language.component import Component, parameter
from smplab.language.errors import SmplabError


class ExecutorError(SmplabError):
    """Points cannot be computed at all (no cluster, no such address): what to do about it."""


@dataclass(eq=False)
class Executor(Component, ABC):
    """Computes the points of a sweep (group `executor`). Its fields are its settings."""

    timeout_s: int = parameter(0, "how long a point may take; 0: for ever", unit="s", minimum=0)

    @abstractmethod
    def run(self, tasks: Sequence[Task], work: Work) -> Iterator[Outcome]:
        """Yield one outcome a task, as they arrive, in any order.

        Closing the iterator, or Ctrl-C inside of it, stops what runs. The metrics of a point must
        not depend on the executor.

        Raises:
            ExecutorError: nothing can be computed any more.
            KeyboardInterrupt: after the outcomes that had arrived by then.
        """
