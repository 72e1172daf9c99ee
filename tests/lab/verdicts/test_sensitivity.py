"""Sensitivity: what belongs to the experiment, what to its variations, and what the table says."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from smplab.lab.curves import Curve, curves_of
from smplab.lab.experiment import read_experiment
from smplab.lab.records import Record
from smplab.lab.verdicts.evaluate import Judgement, Verdict
from smplab.lab.verdicts.reading import TargetError
from smplab.lab.verdicts.sensitivity import Variants, Variation, keys_of
from smplab.lab.verdicts.table import show
from tests.lab.figures.test_scalability import records
from tests.lab.verdicts.examples import folder, target
from tests.lab.verdicts.test_targets import ORDER

TICKET = 4**-0.8  # what the fake ticket lock gives for 4 over 1


def varied(factor: float, instr_cycles: float) -> list[Record]:
    """The records of the fakes at another `instr_cycles`, the ticket lock so many times as fast."""
    found = []
    for record in records():
        times = factor if record.config["mechanism"]["lock"]["name"] == "ticket" else 1.0
        if record.config["cpus"] == 1:
            times = 1.0
        metrics = {name: value * times for name, value in record.metrics.items()}
        config = {**record.config, "instr_cycles": instr_cycles}
        plain = record.as_dict() | {"config": config, "metrics": metrics}
        found.append(Record(**plain))
    return found


def judged(path: Path, *targets: dict[str, Any], **sensitivity: list[Any]) -> list[Judgement]:
    """Verdicts at instr_cycles = 1, with twice the ticket lock's value at 2 for 4 CPUs."""
    experiment = read_experiment(folder(path, *targets, sensitivity=sensitivity))
    sets = {1: varied(1.0, 1), 2: varied(2.0, 2)}
    keys = {n: keys_of(record.config for record in found) for n, found in sets.items()}
    variants = Variants(keys[1], {v: keys[int(v.value)] for v in experiment.variations})
    curves: list[Curve] = curves_of([*sets[2], *sets[1]])
    return experiment.judge(curves, variants)


def test_the_verdict_is_that_of_the_experiments_own_configuration(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, target(reference=TICKET, tolerance="10%"), instr_cycles=[1, 2])
    assert found.verdict is Verdict.MET
    assert found.simulated == pytest.approx(TICKET)
    ((_, one, same), (_, two, other)) = found.varied
    assert (one, two) == (1, 2)
    assert same.simulated == found.simulated
    assert other.simulated == pytest.approx(2 * TICKET)
    assert (same.met, other.met) == (True, False)


def told(found: list[Judgement], width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width)
    show(console, "Two locks", found)
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def test_the_table_shows_all_values_and_says_what_a_verdict_hangs_on(tmp_path: Path) -> None:
    good = target(id="a", reference=TICKET, tolerance="10%")
    loose = target(id="b", about="loose", reference=TICKET, tolerance="factor 9")
    order = target(id="c", **ORDER, at={"cpus": 4}, among={"lock": ["mcs", "ticket"]})
    text = told(judged(tmp_path, good, loose, order, instr_cycles=[1, 2]))
    assert "with instr_cycles" in text
    assert "0.330 / 0.660" in text
    assert "same / same" in text
    assert "ticket, 4 over 1: the verdict hangs on instr_cycles: met at 1 only" in text
    assert "loose: the verdict hangs" not in text


@pytest.mark.parametrize("more", [{}, {"topology.costs.ipi": [1, 2]}])
def test_in_80_columns_nothing_is_cut(tmp_path: Path, more: dict[str, list[Any]]) -> None:
    found = judged(tmp_path, target(reference=TICKET), instr_cycles=[1, 2], **more)
    text = told(found, width=80)
    assert "…" not in text
    assert "0.330 0.330" in text, "measured, simulated"
    assert "ticket, 4" in text


def test_what_does_not_count_hangs_on_nothing(tmp_path: Path) -> None:
    fitted = target(role="calibrated", reference=TICKET, tolerance="10%")
    assert "hangs on" not in told(judged(tmp_path, fitted, instr_cycles=[1, 2]))


def test_without_sensitivity_nothing_is_added(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, target())
    assert found.varied == ()
    assert found.as_dict()["sensitivity"] == []
    assert " with " not in told([found])


def test_a_variation_as_the_command_line_writes_it() -> None:
    assert Variation("instr_cycles", 0.5).override == "instr_cycles=0.5"
    assert Variation("topology.costs.ipi", 500).override == "topology.costs.ipi=500"
    assert Variation("topology.costs.tlb_tags", True).override == "topology.costs.tlb_tags=true"


@pytest.mark.parametrize(
    ("sensitivity", "message"),
    [
        ([1, 2], "sensitivity: must be a mapping from keys to values"),
        ({"instr_cycles": 2}, "sensitivity.instr_cycles: 2 is no list"),
        ({"instr_cycles": []}, "sensitivity.instr_cycles: an empty list"),
        ({"instr_cycles": [None]}, "sensitivity.instr_cycles: None is no value"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, sensitivity: object, message: str) -> None:
    with pytest.raises(TargetError, match=message):
        read_experiment(folder(tmp_path, sensitivity=sensitivity))
