"""Running a sweep: compute what is missing, keep it, tell the plugins, make the tables."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from smplab.lab import failures, figures
from smplab.lab.curves import Curve, curves_of
from smplab.lab.executors.base import Executor, ExecutorError
from smplab.lab.executors.work import Outcome, Task, Work
from smplab.lab.folder import PLAN, Plan, new_folder, read_plan, write_plan
from smplab.lab.hooks import Notifier
from smplab.lab.interrupts import Interrupts
from smplab.lab.records import Record
from smplab.lab.store import PointStore, StoreError, latest
from smplab.lab.tables import point_rows, summary_rows, write_csv
from smplab.lab.tracing import keep_trace, told_of, trace_file
from smplab.lab.versions import versions
from smplab.plugin.contexts import Point, PointFinished, SweepFinished, SweepStarted
from smplab.plugin.host import Host

if TYPE_CHECKING:
    from rich.console import Console

OK, SOME_FAILED, OBSERVER_FAILED, INTERRUPTED = 0, 1, 3, 130
"""Exit codes; 2 is what a command line that cannot be understood ends with."""


@dataclass(frozen=True)
class SweepSettings:
    """How a sweep is run; nothing of it changes a result.

    Attributes:
        plan: name, executor, tracking and command.
        folder: of the sweep to go on with; None begins a new one.
        function: "module:name" of what computes a point.
        prepare: called before the first point: compiles the engine, so that workers find it done.
        finish: called when the points are done; makes further files and returns their paths.
        go_on: the command that goes on with an unfinished folder.
    """

    plan: Plan
    folder: Path | None = None
    function: str = Work.function
    prepare: Callable[[], object] = lambda: None
    finish: Callable[[Path, Sequence[Curve]], Sequence[Path]] = lambda _folder, _curves: ()
    go_on: str = "smplab run --resume"


@dataclass(frozen=True)
class SweepOutcome:
    """How a sweep ended.

    Attributes:
        folder: where everything is.
        records: the latest record of each of its points that has one, in the order of the points.
        points: how many it has.
        interrupted: Ctrl-C ended it.
        error: what ended it early, or None.
        observer_failures: messages of plugins, tracking among them, that failed.
        files: tables and figures.
        wall_s: how long it took, seconds.
    """

    folder: Path
    records: Sequence[Record]
    points: int
    interrupted: bool
    error: str | None
    observer_failures: Sequence[str]
    files: Sequence[Path]
    wall_s: float

    @cached_property
    def curves(self) -> list[Curve]:
        """The finished points as curves."""
        return curves_of(self.records)

    @property
    def exit_code(self) -> int:
        """Return 0 if every point has its metrics and every plugin did its part."""
        if self.interrupted:
            return INTERRUPTED
        if self.error or sum(record.ok for record in self.records) < self.points:
            return SOME_FAILED
        return OBSERVER_FAILED if self.observer_failures else OK


def run_sweep(points: Sequence[Point], settings: SweepSettings, host: Host) -> SweepOutcome:
    """Run the points that have no result yet, and report on all of them.

    What is printed meanwhile, by whomever, goes to standard error.

    Raises:
        SmplabError: nothing could be begun: no folder, a damaged store, an unknown executor.
    """
    from rich.console import Console

    points = list({point.hash: point for point in points}.values())
    plan = _lasting(settings)
    executor: Executor = host.registry.build("executor", plan.executor)
    folder = settings.folder or new_folder(plan.name)
    console = Console(stderr=True, soft_wrap=True)
    with (
        contextlib.redirect_stdout(sys.stderr),
        PointStore(folder) as store,
        host.observers() as observe,
    ):
        write_plan(folder, plan, points)
        run = _Run(points, settings, plan, executor, store, Notifier(host), console)
        run.notifier.call("sweep_started", _started(run, observe))
        run.compute()
        files = run.files(host)
        outcome = run.outcome(files)
        run.notifier.call("sweep_finished", _finished(run, outcome))
        outcome = replace(outcome, observer_failures=tuple(run.notifier.failures))
    _say(outcome, settings.go_on, console)
    return outcome


def _lasting(settings: SweepSettings) -> Plan:
    """Return the plan to write: a sweep that goes on keeps its name and its first command."""
    if settings.folder is None or not (settings.folder / PLAN).exists():
        return settings.plan
    first = read_plan(settings.folder)
    return replace(settings.plan, name=first.name, command=first.command, overrides=first.overrides)


class _Run:
    """The state of a sweep while it runs."""

    def __init__(
        self,
        points: Sequence[Point],
        settings: SweepSettings,
        plan: Plan,
        executor: Executor,
        store: PointStore,
        notifier: Notifier,
        console: Console,
    ) -> None:
        self.points = points
        self.settings = settings
        self.plan = plan
        self.executor = executor
        self.store = store
        self.notifier = notifier
        self.console = console
        self.folder = store.path.parent
        self.records = latest(store.records)
        self.todo = [point for point in points if not self._complete(point)]
        self.done = self.failed = 0
        self.interrupted = False
        self.error: str | None = None
        self.began = time.monotonic()
        self._versions = versions()

    def _complete(self, point: Point) -> bool:
        """Whether a point has its metrics, and its trace if one was asked for."""
        if point.hash not in self.records or not self.records[point.hash].ok:
            return False
        asked = point.config.get("trace", False)
        return not asked or trace_file(self.folder, point.hash).exists()

    def compute(self) -> None:
        """Compute what is missing; returns early upon Ctrl-C or when nothing can be computed."""
        if not self.todo:
            return
        tasks = [Task(index, point.config) for index, point in enumerate(self.todo)]
        work = Work(self.settings.function, self.executor.timeout_s)
        try:
            with Interrupts() as interrupts:
                name = self.plan.executor["name"]
                if name != "serial":  # the others take seconds before anything is to be seen
                    self.console.print(f"preparing the engine, then starting {name}")
                self.settings.prepare()
                with closing(_stream(self.executor, tasks, work)) as outcomes:
                    for outcome in outcomes:
                        with interrupts.shield():
                            self._keep(outcome)
        except KeyboardInterrupt:
            self.interrupted = True
        except (ExecutorError, StoreError) as error:
            self.error = str(error)

    def _keep(self, outcome: Outcome) -> None:
        point = self.todo[outcome.index]
        record = Record(
            point.hash, dict(point.config), self._versions, point.seed, point.replica,
            outcome.status, dict(outcome.metrics), round(outcome.wall_s, 6), outcome.error,
            outcome.details,
        )  # fmt: skip
        if outcome.trace is not None:  # first, so that no record is without the trace it tells of
            keep_trace(self.folder, point.hash, outcome.trace)
        self.store.append(record)
        self.records[record.hash] = record
        self.done += 1
        self.failed += not record.ok
        context = PointFinished(
            self.folder, record.as_dict(), self.done, len(self.todo), self.failed
        )
        self.notifier.call("point_finished", context)

    def files(self, host: Host) -> list[Path]:
        """Make the tables and figures of what is finished."""
        finished = self.finished()
        curves = curves_of(finished)
        paths = [self.folder / "points.csv", self.folder / "summary.csv"]
        write_csv(paths[0], point_rows(finished))
        write_csv(paths[1], summary_rows(curves))
        paths += figures.draw_all(self.folder, curves, host.figures, self.notifier.failures)
        return [*paths, *self.settings.finish(self.folder, curves)]

    def finished(self) -> list[Record]:
        """Return the latest record of each point that has one."""
        return [self.records[p.hash] for p in self.points if p.hash in self.records]

    def outcome(self, files: Sequence[Path]) -> SweepOutcome:
        return SweepOutcome(
            self.folder, self.finished(), len(self.points), self.interrupted, self.error,
            (), files, time.monotonic() - self.began,
        )  # fmt: skip


def _stream(
    executor: Executor, tasks: Sequence[Task], work: Work
) -> Generator[Outcome, None, None]:
    """Make a generator, which can be closed, of whatever iterator a plugin's executor returns."""
    yield from executor.run(tasks, work)


def _started(run: _Run, observe: Callable[[object], None]) -> SweepStarted:
    plan = asdict(run.plan)
    settings = {k: plan[k] for k in ("name", "executor", "tracking", "command", "overrides")}
    return SweepStarted(run.folder, run.points, len(run.todo), settings, run.console, observe)


def _finished(run: _Run, outcome: SweepOutcome) -> SweepFinished:
    return SweepFinished(
        run.folder, run.done, len(run.todo), run.failed, run.interrupted, outcome.wall_s,
        run.console, outcome.files,
    )  # fmt: skip


def _say(outcome: SweepOutcome, go_on: str, console: Console) -> None:
    """Tell what did not go well, each thing once, and how to go on."""

    def say(text: str, style: str = "red") -> None:
        console.print(text, style=style, markup=False, highlight=False)

    bad = [record for record in outcome.records if not record.ok]
    for message in failures.describe(bad, outcome.records):
        say(message)
    for message in outcome.observer_failures:
        say(f"{message}. The results are safe in {outcome.folder}")
    if outcome.error:
        say(outcome.error)
    if outcome.interrupted:
        say("interrupted", "yellow")
    for message in told_of(outcome.folder, outcome.records):
        say(message, "none")
    missing = outcome.points - sum(record.ok for record in outcome.records)
    if missing:
        kept = outcome.points - missing
        say(f"{kept} of {outcome.points} points have results, {missing} do not", "yellow")
        say(f"go on with: {go_on} {outcome.folder}", "yellow")
