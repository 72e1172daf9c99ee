"""The picture of a trace shows what lies in its window."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.collections import PolyCollection
from matplotlib.text import Annotation

from smplab.lab import perfetto
from smplab.lab.figures.timeline import CAUSES, COLOURS, SLICES_SHOWN, draw, first_part
from smplab.lab.tracing import NAMES

CLOCK_GHZ = 2.0


def trace(slices: int = 4) -> dict[str, Any]:
    """Two CPUs, alternately in kernel and user mode, 100 cycles at a time; one arrow a slice."""
    events = [perfetto.name_track(1, 1 + cpu, f"CPU {cpu}") for cpu in range(2)]
    for n in range(slices):
        begin = 1000 + 100 * n
        at = begin / (1000 * CLOCK_GHZ)
        told = {"from_cycle": begin, "cycles": 100}
        for cpu in range(2):
            name = "user" if n % 2 else "kernel"
            events.append(perfetto.complete(1, 1 + cpu, name, "cause", at, 0.05, **told))
        events.append(perfetto.complete(1, 1, f"thread {n}", "thread", at, 0.05, **told))
        events.append(perfetto.phase("s", 1, 1, "request", "interrupt", at, id=n))
        served = at + 0.08  # in the next slice
        events.append(perfetto.phase("f", 1, 2, "request", "interrupt", served, id=n, bp="e"))
    events.append(perfetto.phase("i", 1, 2, "timer", "interrupt", 0.6, s="t"))
    end = 1000 + 100 * slices
    return perfetto.document(events, from_cycle=1000, to_cycle=end, clock_ghz=CLOCK_GHZ)


def test_rows_causes_threads_timers_and_arrows() -> None:
    (axes,) = draw(trace(), (1000, 1400), "what it is").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["CPU 0", "CPU 1"]
    assert axes.get_title("left") == "what it is"
    assert axes.get_xlim() == pytest.approx((0, 0.2))
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["user", "kernel"]
    bars = [c for c in axes.collections if isinstance(c, PolyCollection)]
    assert len(bars) == 2 * 2 + 4
    named = [t.get_text() for t in axes.texts if not isinstance(t, Annotation)]
    assert named == ["thread 0", "thread 1", "thread 2", "thread 3"]
    assert len([line for line in axes.lines if line.get_marker() == "^"]) == 1
    arrows = [t for t in axes.texts if isinstance(t, Annotation)]
    assert len(arrows) == 3  # the last one is served after the window
    # From the lower edge of the upper row to the upper edge of the lower one.
    assert (arrows[0].xyann[1], arrows[0].xy[1]) == (1, CAUSES)


def test_what_lies_outside_the_window_is_cut_off() -> None:
    (axes,) = draw(trace(), (1150, 1250), "").axes
    widths = [
        path.get_extents().width
        for c in axes.collections
        if isinstance(c, PolyCollection)
        for path in c.get_paths()
    ]
    assert widths == pytest.approx([0.025] * 6)
    assert not [t for t in axes.texts if isinstance(t, Annotation)]


def test_the_first_part_is_what_a_picture_shows_well() -> None:
    assert first_part(trace()) == (1000, 1400)
    assert first_part(trace(1000)) == (1000, 1000 + 100 * SLICES_SHOWN)


def test_every_cause_has_a_colour_of_its_own() -> None:
    assert set(COLOURS) == set(NAMES.values())
    assert len(set(COLOURS.values())) == len(COLOURS)
