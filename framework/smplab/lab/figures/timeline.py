"""A trace as a picture: a row a CPU, causes as colours, interrupts as arrows, threads above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smplab.lab.figures.style import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# M. Okabe and K. Ito, Color Universal Design, 2008; idle is nearly white.
COLOURS = {
    "user": "#009E73", "kernel": "#0072B2", "lock wait": "#D55E00", "memory": "#E69F00",
    "interrupt": "#CC79A7", "translation": "#56B4E9", "idle": "#F0F0F0",
}  # fmt: skip
SUFFIXES = (".svg", ".png", ".pdf")
SLICES_SHOWN = 80
"""Causes of the busiest CPU in the part that is shown unless another one is asked for."""
GREYS = (INK, "#999999")
"""Of threads, by their number, so that neighbours can be told apart."""
CAUSES, THREADS = 0.56, 0.6
"""Where in a CPU's row, 1 high, the causes end and the threads begin."""


Window = tuple[float, float]
"""The part of a trace that is drawn: from which cycle to which one, from the start of time."""


def first_part(trace: Mapping[str, Any]) -> Window:
    """Return the beginning of a trace, as long as a picture shows well."""
    begin, end = trace["otherData"]["from_cycle"], trace["otherData"]["to_cycle"]
    by_cpu: dict[int, list[float]] = {}
    for event in _of(trace, "cause"):
        by_cpu.setdefault(event["tid"], []).append(event["args"]["from_cycle"])
    ends = [begun[SLICES_SHOWN] for begun in by_cpu.values() if len(begun) > SLICES_SHOWN]
    return begin, min([end, *ends])


def draw(trace: Mapping[str, Any], window: Window, title: str) -> Figure:
    """Draw a part of a trace.

    Args:
        trace: what the file holds, as `smplab.lab.tracing.read_trace` returns it.
        window: what to draw.
        title: what it shows.
    """
    from matplotlib.figure import Figure

    names = {
        event["tid"]: event["args"]["name"]
        for event in trace["traceEvents"]
        if event["name"] == "thread_name"
    }
    rows = {tid: len(names) - 1 - i for i, tid in enumerate(sorted(names))}
    clock = trace["otherData"]["clock_ghz"]
    figure = Figure(figsize=(9.6, 1.5 + 0.62 * len(rows)), layout="constrained")
    axes = figure.subplots()
    begin, end = window
    drawing = _Drawing(axes, rows, window, 1 / (1000 * clock))
    used = drawing.causes(_of(trace, "cause"))
    drawing.threads(_of(trace, "thread"))
    drawing.arrows([e for e in trace["traceEvents"] if e["ph"] in "sf"])
    drawing.timers([e for e in trace["traceEvents"] if e["ph"] == "i" and e["name"] == "timer"])
    axes.set_xlim(0, (end - begin) / (1000 * clock))
    axes.set_ylim(-0.15, len(rows) - 0.02)
    axes.set_yticks([row + CAUSES / 2 for row in rows.values()], [names[tid] for tid in rows])
    axes.tick_params(colors=INK, labelsize=8, length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xlabel(f"µs of simulated time from cycle {begin:,.0f}", fontsize=9, color=INK)
    axes.set_title(title, loc="left", fontsize=10, pad=18)
    _legend(axes, used)
    return figure


def _of(trace: Mapping[str, Any], category: str) -> list[Mapping[str, Any]]:
    """Return the slices of a category."""
    return [e for e in trace["traceEvents"] if e["ph"] == "X" and e["cat"] == category]


@dataclass
class _Drawing:
    """Draws on axes whose x is microseconds within the window."""

    axes: Axes
    rows: Mapping[int, int]
    window: Window
    us_a_cycle: float

    def _clip(self, event: Mapping[str, Any]) -> tuple[float, float]:
        """Return where a slice begins in the picture, and its length there; 0 if it is outside."""
        begin = max(event["args"]["from_cycle"], self.window[0])
        end = min(event["args"]["from_cycle"] + event["args"]["cycles"], self.window[1])
        return (begin - self.window[0]) * self.us_a_cycle, max(0, end - begin) * self.us_a_cycle

    def causes(self, slices: Sequence[Mapping[str, Any]]) -> list[str]:
        """Draw what CPUs do; return the causes that are to be seen."""
        bars: dict[tuple[int, str], list[tuple[float, float]]] = {}
        for event in slices:
            begin, length = self._clip(event)
            if length:
                bars.setdefault((event["tid"], event["name"]), []).append((begin, length))
        for (tid, name), found in bars.items():
            self.axes.broken_barh(
                found, (self.rows[tid], CAUSES), facecolor=COLOURS[name],
                linewidth=0,
            )  # fmt: skip
        seen = {name for _, name in bars}
        return [name for name in COLOURS if name in seen]

    def threads(self, slices: Sequence[Mapping[str, Any]]) -> None:
        """Draw a bar above what a CPU does for each thread, and its name where there is room."""
        width = (self.window[1] - self.window[0]) * self.us_a_cycle
        for event in slices:
            begin, length = self._clip(event)
            if not length or not event["name"].startswith("thread "):
                continue
            number = event["name"].removeprefix("thread ")
            y = self.rows[event["tid"]] + THREADS
            self.axes.broken_barh(
                [(begin, length)], (y, 0.07), facecolor=GREYS[int(number) % 2], linewidth=0
            )
            room = length / width
            name = event["name"] if room > 0.06 else number if room > 0.008 else ""
            self.axes.text(
                begin + length / 2, y + 0.08, name, fontsize=6.5, color=INK, ha="center",
                va="bottom",
            )  # fmt: skip

    def arrows(self, flows: Sequence[Mapping[str, Any]]) -> None:
        """Draw an arrow from where an interrupt is sent to where it is served."""
        ends: dict[int, dict[str, Mapping[str, Any]]] = {}
        for event in flows:
            ends.setdefault(event["id"], {})[event["ph"]] = event
        start = self.window[0] * self.us_a_cycle
        stop = self.window[1] * self.us_a_cycle
        for both in ends.values():
            sent, served = both["s"], both["f"]
            if not (start <= sent["ts"] and served["ts"] <= stop):
                continue
            down = self.rows[sent["tid"]] > self.rows[served["tid"]]
            self.axes.annotate(
                "", (served["ts"] - start, self.rows[served["tid"]] + (CAUSES if down else 0)),
                (sent["ts"] - start, self.rows[sent["tid"]] + (0 if down else CAUSES)),
                arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 0.8, "shrinkA": 0,
                            "shrinkB": 0, "mutation_scale": 7},
            )  # fmt: skip

    def timers(self, instants: Sequence[Mapping[str, Any]]) -> None:
        """Mark where a CPU's timer fires."""
        start = self.window[0] * self.us_a_cycle
        stop = self.window[1] * self.us_a_cycle
        for event in instants:
            if start <= event["ts"] <= stop:
                self.axes.plot(
                    [event["ts"] - start], [self.rows[event["tid"]] - 0.05], marker="^",
                    color=INK, markersize=4,
                )  # fmt: skip


def _legend(axes: Axes, causes: Sequence[str]) -> None:
    from matplotlib.patches import Patch

    shown = [Patch(facecolor=COLOURS[name], label=name) for name in causes]
    axes.legend(
        handles=shown, ncols=len(shown), fontsize=8, frameon=False, loc="lower right",
        bbox_to_anchor=(1, 1), borderaxespad=0.2, handlelength=1, columnspacing=1.2,
    )  # fmt: skip
