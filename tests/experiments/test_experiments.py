"""The experiments that ship: what they compose, and that every target finds its curve."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from smplab.lab.curves import curve_key, flatten
from smplab.lab.experiment import load_experiment
from smplab.lab.figures.lines import check
from smplab.lab.grid import expand
from smplab.lab.point import run_point
from smplab.lab.tree import experiments
from smplab.plugin.host import shared_host

CLOCKED_ON_THE_WAY = "shootdown"
"""Its calibrated points are short; those of others have tests of their own, or take minutes."""


@cache
def configurations(name: str) -> list[Mapping[str, Any]]:
    """The configurations of an experiment's points, in the order of its grids."""
    grid = expand([f"experiment={name}"], shared_host(), json.dumps, multirun=True)
    return [point.config for point in grid.points]


@pytest.mark.parametrize("name", experiments())
def test_every_target_means_one_curve(name: str) -> None:
    experiment, configs = load_experiment(name), configurations(name)
    experiment.check(configs)
    for target in experiment.targets:
        for selection in target.selections:
            meant = {curve_key(config) for config in configs if selection.matches(flatten(config))}
            assert len(meant) == 1, f"{target.id}: {selection}"


@pytest.mark.parametrize("name", experiments())
def test_no_two_points_lie_on_one_place_of_a_figure(name: str) -> None:
    for comparison in load_experiment(name).comparisons:
        check(map(flatten, configurations(name)), comparison)


@pytest.mark.parametrize("name", experiments())
def test_nothing_that_was_fitted_counts(name: str) -> None:
    targets = load_experiment(name).targets
    assert all(target.counts == (target.role == "predicted") for target in targets)
    assert any(target.counts for target in targets)


def test_what_shootdown_was_fitted_to_still_agrees() -> None:
    fitted = [t for t in load_experiment(CLOCKED_ON_THE_WAY).targets if not t.counts]
    assert len(fitted) == 3
    for target in fitted:
        selection = target.selections[0]
        config = next(
            config for config in configurations(CLOCKED_ON_THE_WAY)
            if selection.matches(flatten(config)) and config["cpus"] == selection.cpus
        )  # fmt: skip
        assert target.tolerance is not None
        assert target.reference is not None
        simulated = run_point(config)[selection.metric]
        assert target.tolerance.met(simulated, target.reference), f"{target.id}: {simulated}"
