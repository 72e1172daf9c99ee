"""The trace of a point: from what the machine recorded to a file for Perfetto.

A process named after the machine, with a track a CPU. On it lie slices of the threads that the CPU
runs, and within them slices by cause; interrupts are arrows from the slice that sends to the slice
that handles. Regions are asynchronous, one row for each thread that is inside of one.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smplab.lab import perfetto
from smplab.lab.folder import FolderError
from smplab.lab.perfetto import Json
from smplab.lab.records import Record
from smplab.lab.store import StoreError
from smplab.language.image import Program
from smplab.language.isa import Cause
from smplab.machine.description import TICKS_PER_CYCLE, Machine
from smplab.machine.plan import Ints
from smplab.machine.trace import Event, Kind, Trace

FOLDER = "traces"
PID = 1
NAMES = {
    Cause.USER: "user", Cause.KERNEL: "kernel", Cause.LOCK_WAIT: "lock wait",
    Cause.MEMORY: "memory", Cause.IPI: "interrupt", Cause.TLB: "translation", Cause.IDLE: "idle",
}  # fmt: skip
LISTED_LINES = 20
"""Source lines that `summary` lists."""


def trace_file(folder: Path, point: str) -> Path:
    """Return where a sweep keeps the trace of the point of that hash."""
    return folder / FOLDER / f"{point}.json.gz"


def traces_of(folder: Path, records: Iterable[Record]) -> list[Path]:
    """Return the traces that a sweep's folder holds of these points."""
    paths = [trace_file(folder, record.hash) for record in records]
    return [path for path in paths if path.exists()]


def keep_trace(folder: Path, point: str, data: bytes) -> None:
    """Write a point's trace, whole or not at all.

    Raises:
        StoreError: it cannot be written (the disk is full, the folder is not ours).
    """
    path = trace_file(folder, point)
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise StoreError(
            f"{path}: cannot write the trace: {error.strerror}. Everything written before is "
            f"kept; make it possible, then go on with: smplab run --resume {folder}"
        ) from error


def read_trace(path: Path) -> Json:
    """Return what a trace's file holds.

    Raises:
        FolderError: it cannot be read, or is damaged.
    """
    try:
        whole: Json = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise FolderError(
            f"{path}: the trace cannot be read: {error}; "
            "delete it, and smplab run --resume makes it again"
        ) from None
    return whole


def told_of(folder: Path, records: Iterable[Record]) -> list[str]:
    """Return what a user is told of the traces of a sweep, the cut ones without fail."""
    traced = [r for r in records if "trace" in r.details]
    cut = [r for r in traced if r.details["trace"]["cut"]]
    if not traced:
        return []
    if len(traced) == 1:
        told = [f"trace for Perfetto (ui.perfetto.dev): {trace_file(folder, traced[0].hash)}"]
    else:
        told = [f"{len(traced)} traces for Perfetto (ui.perfetto.dev): {folder / FOLDER}"]
    if cut:
        first = cut[0]
        which = "it ends" if len(traced) == 1 else f"{len(cut)} of them end early, the first one"
        told.append(
            f"{which} at cycle {first.details['trace']['to_cycle']:,.0f}, "
            f"{remark(first.details['trace']['limit'])}: give more, or a shorter run"
        )
    return told


def summary(trace: Trace, program: Program) -> Json:
    """Return what a record says of a trace: what it covers, and the lines that took most."""
    sites = program.image.sites
    lines: dict[tuple[str, int, str], int] = {}
    for pc, ticks in trace.spent.items():
        key = sites[pc].file, sites[pc].line, sites[pc].routine
        lines[key] = lines.get(key, 0) + ticks
    most = sorted(lines.items(), key=lambda item: (-item[1], item[0]))[:LISTED_LINES]
    return {
        "from_cycle": _cycles(trace.begin),
        "to_cycle": _cycles(trace.end),
        "cut": trace.cut,
        "limit": trace.limit,
        "lines": [
            {"file": file, "line": line, "routine": routine, "cycles": _cycles(ticks)}
            for (file, line, routine), ticks in most
        ],
    }


def to_perfetto(trace: Trace, program: Program, machine: Machine, cpus: Ints) -> bytes:
    """Return a trace as a gzipped file for Perfetto.

    Args:
        trace: of a run.
        program: what ran.
        machine: what it ran on.
        cpus: int64 [program.cpus], the machine's CPU that each logical CPU is.
    """
    writer = _Writer(trace, program, machine.clock_ghz)
    names = [perfetto.name_process(PID, machine.name)]
    for cpu, place in enumerate(cpus.tolist()):
        name = f"CPU {cpu}" if cpu == place else f"CPU {cpu} (the machine's {place})"
        names.append(perfetto.name_track(PID, cpu + 1, name))
    covered: dict[str, Any] = {
        "machine": machine.name,
        "clock_ghz": machine.clock_ghz,
        "from_cycle": _cycles(trace.begin),
        "to_cycle": _cycles(trace.end),
        "cut": remark(trace.limit) if trace.cut else "no: it covers all that was measured",
    }
    events = [*writer.slices(), *writer.happenings()]
    if trace.cut:
        end = writer.us(trace.end)
        events.append(perfetto.phase("i", PID, 1, remark(trace.limit), "trace", end, s="g"))
    # The order at equal time stays: threads before what they contain, slices before arrows.
    events.sort(key=lambda event: float(event["ts"]))
    return perfetto.packed(perfetto.document([*names, *events], **covered))


def remark(limit: int) -> str:
    """Say that and why a trace ends early."""
    return f"cut at trace_events={limit}"


def _cycles(ticks: int) -> float:
    return ticks / TICKS_PER_CYCLE


@dataclass
class _Writer:
    """Turns what was recorded into events of the format."""

    trace: Trace
    program: Program
    clock_ghz: float
    _open: dict[tuple[int, int], Event] = field(default_factory=dict)
    _under_way: dict[tuple[int, int, int], list[Event]] = field(default_factory=dict)
    _pending: dict[tuple[int, int], list[Event]] = field(default_factory=dict)
    _flows: int = 0

    def us(self, ticks: int) -> float:
        """Return simulated microseconds, whole nanoseconds so that slices stay nested."""
        return round(ticks / (TICKS_PER_CYCLE * self.clock_ghz)) / 1000

    def slices(self) -> Iterator[Json]:
        """Yield the slices of all CPUs: threads, and causes cut where threads change."""
        switches: dict[int, list[Event]] = {}
        for event in self.trace.events:
            if event.kind is Kind.SWITCH:
                switches.setdefault(event.cpu, []).append(event)
        for cpu, causes in enumerate(self.trace.slices):
            runs = switches.get(cpu, []) if self.program.contexts else []
            ends = [run.ticks for run in runs[1:]] + [self.trace.end]
            for run, end in zip(runs, ends, strict=False):
                yield from self._slice(cpu, self._thread(run.what), "thread", run.ticks, end)
            cuts = iter([run.ticks for run in runs] + [self.trace.end])
            cut = next(cuts)
            for begin, end, cause in causes:
                while begin < end:
                    while cut <= begin < self.trace.end:
                        cut = next(cuts)
                    until = min(end, cut)
                    yield from self._slice(cpu, NAMES[cause], "cause", begin, until)
                    begin = until

    def _slice(self, cpu: int, name: str, category: str, begin: int, end: int) -> Iterator[Json]:
        if end > begin:
            at, cycles = self.us(begin), _cycles(end - begin)
            lasts = round(self.us(end) - at, 3)
            told = {"from_cycle": _cycles(begin), "cycles": cycles}
            yield perfetto.complete(PID, cpu + 1, name, category, at, lasts, **told)

    def _thread(self, context: int) -> str:
        """Name a context: those of the pool are threads."""
        first = self.program.cpus
        return f"thread {context - first}" if context >= first else "no thread"

    def happenings(self) -> Iterator[Json]:
        """Yield regions, timers, and interrupts as arrows."""
        image = self.program.image
        for event in self.trace.events:
            match event.kind:
                case Kind.BEGIN:
                    yield from self._end_region(event)
                    self._open[event.other, event.what] = event
                    yield self._region("b", event)
                case Kind.END:
                    yield from self._end_region(event)
                case Kind.SEND:
                    key = event.until, event.other, event.what
                    self._under_way.setdefault(key, []).append(event)
                case Kind.ARRIVE | Kind.TIMER:
                    yield from self._arrive(event, image.vectors[event.what])
                case Kind.HANDLE | Kind.TAKE:
                    for sent in self._pending.pop((event.cpu, event.what), []):
                        yield from self._arrow(sent, event, image.vectors[event.what])

    def _region(self, letter: str, event: Event) -> Json:
        name = self.program.image.regions[event.what]
        who = self._thread(event.other) if self.program.contexts else f"CPU {event.other}"
        track = max(event.cpu, 0) + 1
        at, args = self.us(event.ticks), {"by": who, "cycle": _cycles(event.ticks)}
        more = {"id": f"{event.other}", "args": args}
        return perfetto.phase(letter, PID, track, name, "region", at, **more)

    def _end_region(self, event: Event) -> Iterator[Json]:
        """End a region that is open; one that begins again ends thereby, too."""
        if self._open.pop((event.other, event.what), None) is not None:
            yield self._region("e", event)

    def _arrive(self, event: Event, vector: str) -> Iterator[Json]:
        name = f"{vector} arrives"
        sent = self._under_way.get((event.ticks, event.cpu, event.what))
        if event.kind is Kind.TIMER:
            name = "timer"
        elif sent:  # one that was sent before the trace began has no arrow
            self._pending.setdefault((event.cpu, event.what), []).append(sent.pop(0))
        args = {"cycle": _cycles(event.ticks)}
        at = self.us(event.ticks)
        yield perfetto.phase("i", PID, event.cpu + 1, name, "interrupt", at, s="t", args=args)

    def _arrow(self, sent: Event, served: Event, vector: str) -> Iterator[Json]:
        self._flows += 1
        for letter, event, more in (("s", sent, {}), ("f", served, {"bp": "e"})):
            at = self.us(event.ticks)
            track = event.cpu + 1
            yield perfetto.phase(
                letter, PID, track, vector, "interrupt", at, id=self._flows, **more
            )
