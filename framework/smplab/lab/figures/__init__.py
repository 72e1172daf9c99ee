"""The figures of a sweep, as SVG and PNG. matplotlib is imported when one is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smplab.lab.curves import Curve
from smplab.plugin.contribution import Figure as PluginFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METRIC = "throughput_ops_per_s"


def draw_all(
    folder: Path, curves: Sequence[Curve], plugins: Iterable[PluginFigure], failures: list[str]
) -> list[Path]:
    """Draw the scalability curve and what plugins add; return the files.

    Of what has not two different numbers of CPUs there is no curve to draw. A plugin's figure that
    fails adds a message to `failures`.
    """
    paths = []
    scaling = [curve for curve in curves if len(curve.series(METRIC)[0]) > 1]
    if scaling:
        from smplab.lab.figures.scalability import draw

        paths += save(draw(scaling, METRIC), folder / METRIC)
    table = None
    for figure in plugins:
        import pandas as pd

        table = pd.read_csv(folder / "points.csv") if table is None else table
        try:
            drawn = figure.draw(table)
            if drawn is not None:
                paths += save(drawn, folder / figure.name)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            failures.append(
                f"figure {figure.name} of {figure.owner} failed: {type(error).__name__}: {error}"
            )
    return paths


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as `<stem>.svg` and `<stem>.png`, the same bytes for the same figure."""
    import matplotlib as mpl

    svg, png = stem.with_name(stem.name + ".svg"), stem.with_name(stem.name + ".png")
    with mpl.rc_context({"svg.hashsalt": "smplab", "svg.fonttype": "none"}):
        figure.savefig(svg, metadata={"Date": None})
    figure.savefig(png, dpi=150)
    return [svg, png]
