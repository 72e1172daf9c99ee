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
from smplab.lab.verdicts.reading import TargetError
from smplab.lab.verdicts.sensitivity import Variants, keys_of
from tests.lab.figures.test_scalability import records
from tests.lab.verdicts.examples import FIGURE, folder

CURVES = curves_of(records())
OWN = Variants(keys_of(curve.records[0].config for curve in CURVES), {})


def experiment(path: Path, **changes: object) -> Experiment:
    figure = {k: v for k, v in (FIGURE | changes).items() if v is not None}
    return read_experiment(folder(path, figure=figure))


def drawn(found: Experiment) -> Figure:
    return draw(CURVES, found.comparisons[0])


def test_measured_points_are_read_with_our_names(tmp_path: Path) -> None:
    (comparison,) = experiment(tmp_path).comparisons
    ticket = comparison.measured["opteron48", "ticket"]
    assert [(p.x, p.value, p.low, p.high, p.calibrated) for p in ticket] == [
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
    names = [path.name for path in found.finish(out, CURVES, OWN)]
    assert names == ["verdicts.json", "two_locks.svg", "two_locks.png"]
    assert [path.name for path in found.finish(out, [], OWN)] == ["verdicts.json"]


def test_several_figures_have_names_of_their_own(tmp_path: Path) -> None:
    plain = {"series": ["topology", "lock"], "x": "cpus"}
    several = [{**plain, "name": "a", "title": "A"}, {**plain, "name": "b", "metric": "cycles"}]
    found = read_experiment(folder(tmp_path / "two_locks", figure=several))
    out = tmp_path / "out"
    out.mkdir()
    names = [path.name for path in found.finish(out, CURVES, OWN)]
    assert names[1::2] == ["two_locks_a.svg", "two_locks_b.svg"]
    first, second = (draw(CURVES, comparison) for comparison in found.comparisons)
    assert first.get_suptitle() == "A"
    assert second.get_suptitle() == "Two locks"
    assert second.axes[0].get_ylabel() != first.axes[0].get_ylabel()
    assert not first.legends


@pytest.mark.parametrize(
    ("figure", "reason"),
    [
        ([{"series": "lock"}, {"series": "lock", "name": "b"}], r"figure\[0\].name: is missing"),
        ([{"series": "lock", "name": "b"}] * 2, r"figure\[1\].name: is missing or there twice"),
        ({"series": []}, "figure.series: must be"),
        ({"series": "lock", "scale": {}}, "figure.scale: is about measured data"),
        ({"panels": "topology"}, "figure.series: is missing"),
        ({"series": "lock", "axis": "cpus"}, "figure.axis: means nothing"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, figure: object, reason: str) -> None:
    with pytest.raises(TargetError, match=reason):
        read_experiment(folder(tmp_path, figure=figure))
