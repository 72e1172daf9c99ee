"""How long a sweep will compute, from short runs of a few of its points."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from smplab.plugin.contexts import Point

SAMPLES = 5
CUT = 20
"""A sample runs for a 20th of its point's time."""

Run = Callable[[Mapping[str, Any]], object]


def estimated_s(points: Sequence[Point], run: Run) -> float:
    """Return the seconds that one worker would compute.

    Points with more CPUs take longer, so the samples are spread over the points in order of their
    CPUs, and what lies between two samples is taken to lie on the line between them.

    Args:
        points: of the sweep; at least one.
        run: simulates a configuration; compiled already.

    Raises:
        SmplabError: a sample failed, as its point would.
    """
    ordered = sorted(points, key=lambda point: int(point.config["cpus"]))
    last = len(ordered) - 1
    ranks = sorted({round(last * i / (SAMPLES - 1)) for i in range(SAMPLES)})
    took = {rank: _sample_s(ordered[rank].config, run) for rank in ranks}
    between = sum((b - a) * (took[a] + took[b]) / 2 for a, b in pairwise(ranks))
    return between + (took[0] + took[last]) / 2


def _sample_s(config: Mapping[str, Any], run: Run) -> float:
    """Return the seconds of a whole point, measured on a short one."""
    lengths = ("warmup_cycles", "run_cycles", "operations")
    short = {key: -(-config[key] // CUT) for key in lengths if config[key] is not None}
    run({**config, **short})  # builds the image, which later points share
    began = time.perf_counter()
    run({**config, **short})
    return (time.perf_counter() - began) * CUT


def in_words(seconds: float) -> str:
    """Return "less than a second", "40 s", "12 min" or "3.5 h"."""
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
