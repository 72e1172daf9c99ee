"""`smplab explain DIR [POINT]`: say where the cycles of a sweep, or of one of its points, went."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smplab.plugin.errors import ConfigError

if TYPE_CHECKING:
    from smplab.lab.explain import Explanation


def main(arguments: Sequence[str]) -> int:
    """Run the verb; return 0 if there was anything to explain."""
    given = _parser().parse_intermixed_args(list(arguments))
    from smplab.lab.explain import choose, explain

    points = explain(given.folder)
    if given.against and given.point is None and len(points) > 1:
        raise ConfigError("--against goes with a POINT: say which one is compared")
    against = choose(points, given.against) if given.against else None
    shown = points if given.point is None else [choose(points, given.point)]
    if given.figure:
        _draw(shown, given.figure, given.cycles)
    if given.json:
        plain = {"points": [point.as_dict() for point in shown]}
        print(json.dumps(plain | ({"against": against.as_dict()} if against else {}), indent=2))
        return 0
    _print(shown, against)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "smplab explain",
        allow_abbrev=False,
        description="Say where the cycles of a sweep's points went.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="that smplab run printed")
    parser.add_argument(
        "point", nargs="?", metavar="POINT",
        help="its number, or the first 4 characters of its hash or more; default: all, a line each",
    )  # fmt: skip
    parser.add_argument("--against", metavar="POINT", help="another point to compare with")
    parser.add_argument("--json", action="store_true", help="JSON, alone on standard output")
    parser.add_argument(
        "--figure", type=Path, metavar="FILE", help="draw the point's trace (.svg, .png or .pdf)"
    )
    parser.add_argument(
        "--cycles", metavar="FROM:TO", help="the part that is drawn; default: the beginning"
    )
    return parser


def _print(shown: Sequence[Explanation], against: Explanation | None) -> None:
    from rich.console import Console

    from smplab.lab.explain_text import detail, overview

    console = Console(soft_wrap=True)
    if len(shown) > 1:
        overview(console, shown)
    else:
        detail(console, shown[0], against)


def _draw(shown: Sequence[Explanation], file: Path, cycles: str | None) -> None:
    from smplab.lab.figures.timeline import SUFFIXES, draw, first_part
    from smplab.lab.tracing import read_trace

    if len(shown) > 1:
        raise ConfigError("--figure draws one point: name it")
    if file.suffix not in SUFFIXES:
        raise ConfigError(f"--figure {file}: the name must end in {', '.join(SUFFIXES)}")
    point = shown[0]
    if point.trace is None:
        raise ConfigError(f"point {point.number} has no trace: run it again with trace=true")
    trace = read_trace(point.trace)
    window = _window(cycles) if cycles else first_part(trace)
    figure = draw(trace, window, point.label)
    try:
        figure.savefig(file, dpi=150)
    except OSError as error:
        raise ConfigError(f"--figure {file}: cannot be written: {error.strerror}") from error


def _window(text: str) -> tuple[float, float]:
    begin, _, end = text.replace("_", "").replace(",", "").partition(":")
    try:
        window = float(begin), float(end)
    except ValueError:
        raise ConfigError(f"--cycles {text}: write FROM:TO, as 100000:120000") from None
    if not 0 <= window[0] < window[1]:
        raise ConfigError(f"--cycles {text}: FROM must come before TO")
    return window
