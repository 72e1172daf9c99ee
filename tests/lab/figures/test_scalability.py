"""The scalability curve shows every curve once, with its name."""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure as MplFigure

from smplab.lab.curves import Curve, curves_of
from smplab.lab.figures import METRIC, draw_all, save
from smplab.lab.figures.scalability import draw
from smplab.lab.records import Record
from smplab.lab.tables import point_rows, write_csv
from smplab.plugin.contexts import Draw
from smplab.plugin.contribution import Figure
from smplab.plugin.registry import Owner
from tests.lab import fakes


def records(**more: object) -> list[Record]:
    return [
        Record(p.hash, p.config, {}, 1, p.replica, "ok", fakes.metrics(dict(p.config)))
        for p in fakes.grid(**more)  # type: ignore[arg-type]
    ]


def curves() -> list[Curve]:
    machines = ("opteron48", "westmere_ex160")
    return curves_of(r for name in machines for r in records(topology=name, cpus=(1, 2, 8, 16)))


def test_a_panel_a_machine_and_a_line_a_curve() -> None:
    figure = draw(curves(), METRIC)
    assert [axes.get_title("left") for axes in figure.axes] == ["opteron48", "westmere_ex160"]
    for axes in figure.axes:
        assert len(axes.lines) == 2
        assert {text.get_text() for text in axes.texts} == {"ticket", "mcs"}
        assert np.asarray(axes.lines[0].get_xdata()).tolist() == [1, 2, 8, 16]
        assert axes.get_xscale() == "log"
    same = [axes.lines[0].get_color() for axes in figure.axes]
    assert same[0] == same[1]


def test_more_curves_than_a_panel_shows_are_divided_and_can_still_be_laid_out() -> None:
    steps = [100 * 10**k for k in range(16)]
    found = [
        record
        for name in ("opteron48", "westmere_ex160")
        for think in steps
        for record in records(
            topology=name, cpus=(1, 8), workload={"name": "contention", "think_cycles": think}
        )
    ]
    figure = draw(curves_of(found), METRIC)
    assert len(figure.axes) == 4
    titles = [axes.get_title("left") for axes in figure.axes]
    assert titles[:2] == ["opteron48 ticket", "opteron48 mcs"]
    assert sum(len(axes.lines) for axes in figure.axes) == 2 * 2 * len(steps)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.canvas.draw()


def test_the_files_are_the_same_bytes_again(tmp_path: Path) -> None:
    once = [path.read_bytes() for path in save(draw(curves(), METRIC), tmp_path / "a")]
    again = [path.read_bytes() for path in save(draw(curves(), METRIC), tmp_path / "b")]
    assert once == again


def test_no_figure_without_two_numbers_of_cpus(tmp_path: Path) -> None:
    assert draw_all(tmp_path, curves_of(records(cpus=(4,))), (), []) == []
    assert draw_all(tmp_path, [], (), []) == []


def plugin(name: str, draw_it: Draw) -> Figure:
    return Figure(name, draw_it, "", Owner("mine", "my-figures", "1.0"))


def test_plugins_figures_get_the_table_and_may_fail(tmp_path: Path) -> None:
    found = records()
    write_csv(tmp_path / "points.csv", point_rows(found))
    seen: list[pd.DataFrame] = []

    def good(table: pd.DataFrame) -> MplFigure:
        seen.append(table)
        return MplFigure()

    def bad(_table: pd.DataFrame) -> MplFigure:
        raise ValueError("no such column")

    failures: list[str] = []
    plugins = [plugin("bad", bad), plugin("good", good), plugin("none", lambda _t: None)]
    paths = draw_all(tmp_path, curves_of(found), plugins, failures)
    assert {path.name for path in paths} >= {"good.svg", "good.png"}
    assert len(seen[0]) == len(found)
    assert seen[0]["mechanism.lock.name"].tolist().count("mcs") == 6
    assert failures == ["figure bad of my-figures 1.0 failed: ValueError: no such column"]


def test_figures_leave_no_global_state() -> None:
    draw(curves(), METRIC)
    assert plt.get_fignums() == []
