"""Simulated over measured: every measured point is drawn where it belongs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from smplab.lab.curves import curves_of
from smplab.lab.experiment import Experiment, read_experiment
from smplab.lab.figures.comparison import draw
from tests.lab.figures.test_scalability import records
from tests.lab.verdicts.examples import FIGURE, folder

CURVES = curves_of(records())


def experiment(path: Path, **changes: object) -> Experiment:
    figure = {k: v for k, v in (FIGURE | changes).items() if v is not None}
    return read_experiment(folder(path, figure=figure))


def drawn(found: Experiment) -> Figure:
    assert found.comparison is not None
    return draw(CURVES, found.metric, found.comparison, found.title)


def test_measured_points_are_read_with_our_names(tmp_path: Path) -> None:
    comparison = experiment(tmp_path).comparison
    assert comparison is not None
    ticket = comparison.measured["opteron48", "ticket"]
    assert [(p.cpus, p.value, p.low, p.high, p.calibrated) for p in ticket] == [
        (1, 900, 890, 910, False),
        (4, 300, 280, 310, True),
    ]
    assert ("M2", "ticket") in comparison.measured


def heights(figure: Figure) -> list[float]:
    """Where the measured points of the first panel are."""
    lines = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    return [float(np.asarray(line.get_ydata())[0]) for line in lines]


def test_markers_agree_with_the_line_where_they_are_scaled_to(tmp_path: Path) -> None:
    simulated = CURVES[1].at("throughput_ops_per_s", 1).mean
    factor = simulated / 900
    expected = [900 * factor, 300 * factor, 900 * factor, 840 * factor]
    assert heights(drawn(experiment(tmp_path))) == pytest.approx(expected)


def test_fitted_points_are_hollow(tmp_path: Path) -> None:
    figure = drawn(experiment(tmp_path))
    faces = [to_hex(line.get_markerfacecolor()) for line in figure.axes[0].lines
             if line.get_marker() == "o"]  # fmt: skip
    assert faces.count("#ffffff") == 1
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[0] == "simulated"
    assert texts[-1] == "the model was fitted here"


def test_without_scale_values_are_drawn_as_they_are(tmp_path: Path) -> None:
    figure = drawn(experiment(tmp_path, scale=None, calibrated=None))
    assert set(heights(figure)) == {900.0, 300.0, 840.0}
    assert "scaled" not in figure.legends[0].get_texts()[1].get_text()


def test_finish_writes_figure_and_verdicts(tmp_path: Path) -> None:
    found = experiment(tmp_path / "two_locks")
    out = tmp_path / "out"
    out.mkdir()
    names = [path.name for path in found.finish(out, CURVES)]
    assert names == ["verdicts.json", "two_locks.svg", "two_locks.png"]
    assert [path.name for path in found.finish(out, [])] == ["verdicts.json"]
