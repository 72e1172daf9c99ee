"""Verdicts: what counts, what fails, what is excused."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from smplab.lab.curves import curves_of
from smplab.lab.experiment import read_experiment
from smplab.lab.stats import ratio
from smplab.lab.verdicts.evaluate import Judgement, Verdict, agrees, as_dict, judge, totals
from smplab.lab.verdicts.table import number, show, summary
from tests.lab import fakes
from tests.lab.figures.test_scalability import records
from tests.lab.verdicts.examples import folder, target
from tests.lab.verdicts.test_targets import ORDER

CURVES = curves_of(records())
TICKET = 4**-0.8  # what the fake ticket lock gives for 4 over 1


def judged(path: Path, *targets: dict[str, Any], strict: bool = False) -> list[Judgement]:
    return judge(read_experiment(folder(path, *targets)).targets, CURVES, strict)


def test_a_ratio_with_its_interval(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, target(reference=0.3, tolerance="30%"))
    ticket = CURVES[0]
    expected = ratio(*(ticket.values("throughput_ops_per_s", n) for n in (4, 1)))
    assert found.simulated == pytest.approx(TICKET)
    assert (found.simulated, found.ci95) == (expected.mean, expected.ci95)
    assert found.deviation == pytest.approx(TICKET / 0.3 - 1)
    assert found.verdict is Verdict.MET


@pytest.mark.parametrize(
    ("reference", "changes", "strict", "verdict", "good"),
    [
        (TICKET, {}, False, Verdict.MET, True),
        (9.0, {}, False, Verdict.MISS, False),
        (9.0, {"known_miss": "why"}, False, Verdict.KNOWN_MISS, True),
        (9.0, {"known_miss": "why"}, True, Verdict.MISS, False),
        (TICKET, {"known_miss": "why"}, False, Verdict.SURPRISE, False),
        (TICKET, {"known_miss": "why"}, True, Verdict.MET, True),
        (TICKET, {"role": "calibrated"}, False, Verdict.CALIBRATED, True),
        (9.0, {"role": "calibrated"}, True, Verdict.CALIBRATED, True),
        (9.0, {"of": {"lock": "ticket", "cpus": 99}}, False, Verdict.NO_RESULT, False),
    ],
)
def test_verdicts(
    tmp_path: Path,
    reference: float,
    changes: dict[str, Any],
    strict: bool,
    verdict: Verdict,
    good: bool,
) -> None:
    found = judged(tmp_path, target(reference=reference, **changes), strict=strict)
    assert found[0].verdict is verdict
    assert agrees(found) is good


def test_a_point_a_slope_and_a_ratio_of_slopes(tmp_path: Path) -> None:
    point = target(id="p", quantity="point", over=None, reference=1e6 / 3 * TICKET * 1.005)
    metric = "latency_mean_cycles"
    slope = target(id="s", quantity="slope", metric=metric, of={"lock": "ticket"}, over=None)
    two = slope | {"id": "t", "over": {"lock": "mcs"}, "reference": 8, "tolerance": "at least"}
    found = judged(tmp_path, point, slope, two)
    assert found[0].deviation == pytest.approx(0)
    assert 1900 < found[1].simulated < 2100
    assert found[2].simulated > 8
    assert found[2].verdict is Verdict.MET


def test_an_order(tmp_path: Path) -> None:
    right = target(id="r", **ORDER, at={"cpus": 4}, among={"lock": ["mcs", "ticket"]})
    wrong = target(id="w", **ORDER, at={"cpus": 4}, among={"lock": ["ticket", "mcs"]})
    found = judged(tmp_path, right, wrong)
    assert [j.verdict for j in found] == [Verdict.MET, Verdict.MISS]
    assert found[1].order == ("mcs", "ticket")


def rows(path: Path) -> list[Judgement]:
    return judged(
        path,
        target(id="a", reference=TICKET),
        target(id="b", reference=9.0),
        target(id="c", reference=9.0, known_miss="blocking stores"),
        target(id="d", role="calibrated"),
        target(id="e", **ORDER, at={"cpus": 4}, among={"lock": ["ticket", "mcs"]}),
        target(id="f", of={"lock": "ticket", "cpus": 99}),
        target(id="g", reference=TICKET, known_miss="gone"),
    )


def test_totals_count_what_is_predicted(tmp_path: Path) -> None:
    found = rows(tmp_path)
    assert totals(found) == {
        "predicted": 6, "met": 2, "missed": 3, "known_misses": 1, "unexpected_passes": 1,
        "calibrated": 1,
    }  # fmt: skip
    assert summary(found) == (
        "2 of 6 predicted targets met, 1 known misses, 3 missed, 1 calibrated, not counted"
    )


def test_as_plain_data(tmp_path: Path) -> None:
    plain = json.loads(json.dumps(as_dict("x", "Two locks", rows(tmp_path)), allow_nan=False))
    assert plain["agrees"] is False
    by_id = {row["id"]: row for row in plain["targets"]}
    assert by_id["a"]["verdict"] == "pass"
    assert by_id["c"]["remark"] == "blocking stores"
    assert by_id["e"]["simulated"] == ["mcs", "ticket"]
    assert by_id["f"]["simulated"] is None
    assert not by_id["d"]["counts"]


def test_the_table_fits_80_columns_and_says_all(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=80, soft_wrap=True)
    show(console, "Two locks", rows(tmp_path))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    for word in ("pass", "miss", "KNOWN MISS", "calibrated", "no result", "unexpected pass"):
        assert f" {word} " in " ".join(text.split()) + " "
    told = " ".join(text.split())
    assert "blocking stores" in told
    assert "measured ticket > mcs; simulated mcs > ticket" in told
    assert "take known_miss out of targets.yaml" in told
    assert summary(rows(tmp_path)) in told


@pytest.mark.parametrize(
    ("value", "ci95", "text"),
    [
        (0.24, math.nan, "0.240"),
        (5.7831, 0.1712, "5.78 ±0.17"),
        (5.7831, 0.0012, "5.78"),
        (763378.0, 0.0, "763k"),
        (120283.0, 3783.0, "120k ±4k"),
        (12345.0, 60.0, "12.3k ±0.1k"),
        (0.0, 0.0, "0"),
        (250.0, 3.0, "250 ±3"),
    ],
)
def test_numbers_have_three_digits(value: float, ci95: float, text: str) -> None:
    assert number(value, ci95) == text


def test_machines_head_their_rows_and_one_reason_is_said_once(tmp_path: Path) -> None:
    miss = {"known_miss": "blocking stores", "reference": 9.0}
    here = {"of": {"topology": "opteron48", "lock": "ticket", "cpus": 4}}
    here["over"] = here["of"] | {"cpus": 1}
    console = Console(file=io.StringIO(), width=80)
    found = judged(tmp_path, target(id="a", **miss, **here), target(id="b", **miss, **here))
    show(console, "Two locks", found)
    assert isinstance(console.file, io.StringIO)
    told = " ".join(console.file.getvalue().split())
    assert told.count("blocking stores") == 1
    about = "opteron48 ticket, 4 over 1"
    assert f"{about}; {about}: blocking stores" in told


def test_fakes_are_what_the_tests_think() -> None:
    assert fakes.metrics(fakes.config("ticket", 4))["throughput_ops_per_s"] == pytest.approx(
        1e6 / 3 * TICKET
    )
