"""Panels hold every curve once, under a name that is its own there, and not too many."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from smplab.lab.curves import Curve
from smplab.lab.figures.panels import LINES, MACHINE, PANELS, panels_of


def curve(config: Mapping[str, object]) -> Curve:
    return Curve("label of " + str(dict(config)), config, ())


def grid(**values: int) -> list[Curve]:
    """All combinations of this many values of each parameter."""
    configs: list[dict[str, object]] = [{}]
    for key, many in values.items():
        name = MACHINE if key == "machine" else f"workload.{key}"
        configs = [{**c, name: f"{key[0]}{i}"} for c in configs for i in range(many)]
    return [curve(config) for config in configs]


def shape(curves: list[Curve]) -> dict[str, list[str]]:
    return {panel.title: [name for name, _ in panel.lines] for panel in panels_of(curves)}


def test_one_machine_is_one_panel_with_its_name() -> None:
    assert shape(grid(machine=1, a=2)) == {"m0": ["a=a0", "a=a1"]}


def test_a_panel_a_machine() -> None:
    assert shape(grid(machine=2, a=2)) == {"m0": ["a=a0", "a=a1"], "m1": ["a=a0", "a=a1"]}


def test_a_curve_that_is_alone_keeps_its_label() -> None:
    alone = grid(machine=1, a=1)
    assert shape(alone) == {"m0": [alone[0].label]}


def test_what_a_panels_curves_share_stands_in_its_title_alone() -> None:
    curves = [
        curve({MACHINE: machine, "workload.a": a, "workload.b": b})
        for machine, a, b in (("m0", 1, 1), ("m0", 1, 2), ("m1", 2, 1), ("m1", 3, 1))
    ]
    assert shape(curves) == {"m0 a=1": ["b=1", "b=2"], "m1 b=1": ["a=2", "a=3"]}


def test_too_many_curves_are_divided_by_the_setting_that_makes_the_fewest_panels() -> None:
    found = shape(grid(machine=1, a=2, b=3, c=4))
    assert list(found) == ["m0 a=a0", "m0 a=a1"]
    assert found["m0 a=a0"][:2] == ["b=b0 c=c0", "b=b0 c=c1"]


def test_where_one_setting_does_not_do_two_divide() -> None:
    found = shape(grid(machine=2, a=3, b=3, c=4))
    assert list(found)[:2] == ["m0 a=a0", "m0 a=a1"]
    assert {len(names) for names in found.values()} == {12}


def test_a_setting_that_some_curves_lack_divides_nothing() -> None:
    some = [curve({MACHINE: "m0", "workload.n": n, "grace.epoch": 5}) for n in range(16)]
    others = [curve({MACHINE: "m0", "workload.n": n}) for n in range(16)]
    ((title, names),) = shape([*some, *others]).items()
    assert title == "m0"
    assert len(names) == 32


def test_what_would_make_too_many_panels_stays_together() -> None:
    assert len(panels_of(grid(machine=1, a=40))) == 1

    machines = [f"m{i}" for i in range(PANELS + 1)]
    assert shape(grid(machine=len(machines), a=1)) == {"": machines}  # of no one machine


configs = st.fixed_dictionaries(
    {MACHINE: st.sampled_from("mno"), "workload.name": st.sampled_from("wxyz")},
    optional={f"workload.{key}": st.integers(0, 4) for key in "abc"},
)


@given(st.lists(configs, min_size=1, unique_by=lambda c: tuple(sorted(c.items()))))
def test_every_curve_once_under_a_name_of_its_own(found: list[dict[str, object]]) -> None:
    curves = [curve(config) for config in found]
    panels = panels_of(curves)
    drawn = [c.label for panel in panels for _, c in panel.lines]
    assert sorted(drawn) == sorted(c.label for c in curves)
    assert len(panels) <= PANELS
    for panel in panels:
        names = [name for name, _ in panel.lines]
        assert all(names)
        assert len(set(names)) == len(names)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, LINES))
def test_a_whole_grid_can_be_read(machines: int, many: int, lines: int) -> None:
    for panel in panels_of(grid(machine=machines, a=many, b=lines)):
        assert len(panel.lines) <= LINES
