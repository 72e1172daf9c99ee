"""A counterexample as text: the author's source lines, one column a CPU, time downwards."""

from __future__ import annotations

import linecache
import textwrap
from pathlib import PurePath

from smplab.language.image import Program
from smplab.verify.verdict import Event, Trace, Verdict

WIDTH = 80


def render(program: Program, verdict: Verdict, width: int = WIDTH) -> str:
    """Return the violation and its interleaving; empty if there is no counterexample.

    A CPU's source line is shown where its step begins; below it, indented, what the step read or
    wrote: `place = value` for a load, `place: old -> new` for a write. A store that leaves a store
    buffer is marked `<-`, since it happens later than its line; so is an interrupt that arrives.
    """
    if verdict.trace is None:
        return ""
    lines = [*textwrap.wrap(verdict.violation, width), ""]
    return "\n".join(lines + _interleaving(program, verdict.trace, width)) + "\n"


def _interleaving(program: Program, trace: Trace, width: int) -> list[str]:
    cpus = program.cpus
    column = max((width - 2 * (cpus - 1)) // cpus, 12)

    def place(cpu: int, text: str) -> str:
        return (" " * (cpu * (column + 2)) + text).rstrip()

    lines = ["  ".join(f"CPU {c}".ljust(column) for c in range(cpus)).rstrip()]
    lines.append("  ".join("-" * column for _ in range(cpus)))
    marks = _marks(trace)
    shown: dict[int, object] = {}
    for number, event in enumerate(trace.events):
        if number in marks:
            lines.append("--- from here on, for ever: " + "-" * (width - 28))
        if event.pc >= 0:
            site = program.image.sites[event.pc]
            if shown.get(event.cpu) != site:
                shown[event.cpu] = site
                source = linecache.getline(site.file, site.line).strip() or site.routine
                text = f"{PurePath(site.file).stem}:{site.line} {source}"
                lines += [place(event.cpu, part) for part in _wrap(text, column, "  ")]
        lines += [place(event.cpu, part) for part in _wrap("  " + _effect(event), column, "    ")]
    return lines


def _marks(trace: Trace) -> set[int]:
    """Number of the event at which the cycle begins."""
    if trace.cycle is None:
        return set()
    return {sum(action.count for action in trace.actions[: trace.cycle])}


def _effect(event: Event) -> str:
    if event.what == "arrival":
        return f"<- {event.values}"
    if event.what == "drain":
        return f"<- {event.place}: {event.values}"
    if not event.place:
        return f"{event.what.lower()} {event.values}".rstrip()
    relation = " =" if event.what in {"LOAD", "GLOAD"} else ":"
    return f"{event.place}{relation} {event.values}"


def _wrap(text: str, column: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text, column, subsequent_indent=indent, break_long_words=True, drop_whitespace=False
    )
