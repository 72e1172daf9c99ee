"""Progress of a sweep on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from smplab.api import PointFinished, SweepFinished, hookimpl

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

FIRST_LINE_S, LINE_INTERVAL_S = 2.0, 10.0
"""Without a terminal: when the first line may come, and how often the next ones."""


class ProgressBar:
    """Shows how many points are done, how fast, how long it will take, and what failed."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._began = time.monotonic()
        self._line_at = self._began + FIRST_LINE_S
        self._first_at = self._began
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        if console.is_terminal and total:
            self._start_bar()
        else:
            self._print(f"{total} points to compute" if total else "every point has its result")

    @hookimpl
    def point_finished(self, context: PointFinished) -> None:
        """Advance."""
        if context.done == 1:
            self._first_at = time.monotonic()
        facts = self._facts(context.done, context.failed)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=context.done, facts=facts)
        elif time.monotonic() >= self._line_at and context.done < self._total:
            self._line_at = time.monotonic() + LINE_INTERVAL_S
            self._print(f"{context.done} of {self._total} points, {facts}")

    @hookimpl
    def sweep_finished(self, context: SweepFinished) -> None:
        """Leave one line that tells how it went."""
        if self._bar is not None:
            self._bar.stop()
        if self._total:
            took = _duration(time.monotonic() - self._began)
            failed = f", {context.failed} failed" if context.failed else ""
            self._print(f"{context.done} of {self._total} points in {took}{failed}")

    def _facts(self, done: int, failed: int) -> str:
        """Rate and time left, counted from the first point: what came before was starting."""
        bad = f", {failed} failed" if failed else ""
        took = time.monotonic() - self._first_at
        if done < 2 or took <= 0:
            return f"{_duration(time.monotonic() - self._began)} to the first{bad}"
        rate = (done - 1) / took
        speed = f"{rate:.3g}/s" if rate >= 1 else f"{1 / rate:.3g} s each"
        return f"{speed}, {_duration((self._total - done) / rate)} left{bad}"

    def _start_bar(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

        self._bar = Progress(
            SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[facts]}"),
            console=self._console, transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task("points", total=self._total, facts="starting")
        self._bar.start()

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False)


def _duration(seconds: float) -> str:
    """Return a time for readers: "3.2 s", "4 min 10 s", "2 h 5 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
