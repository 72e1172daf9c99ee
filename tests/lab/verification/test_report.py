"""What verdicts come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from smplab.lab.curves import curves_of
from smplab.lab.records import Record
from smplab.lab.verification import report
from smplab.plugin.host import shared_host

CONFIG = {
    "mechanism": {"lock": {"name": "mcs", "nodes": 4}}, "kernel": None, "scenario": None,
    "mutant": "deaf",
    "tries": {"lock_progress": {"rounds": 2}}, "cpus": 2, "memory_model": "tso",
}  # fmt: skip
PLAIN = {**CONFIG, "scenario": {"name": "lock_progress"}, "mutant": "", "tries": None}


def record(verdict: str, **details: object) -> Record:
    config = CONFIG if verdict.startswith("mutant") else PLAIN
    found = {"verdict": verdict, "scenario": "lock_progress", "kind": "deadlock", **details}
    return Record("h" + verdict, config, {}, 0, 0, "ok", {"states": 1234.0}, details=found)


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["no_violation", "mutant_caught"], 0),
        (["no_violation", "bounded"], 2),
        (["bounded", "violated"], 1),
        (["bounded", "mutant_survived"], 1),
    ],
)
def test_the_worst_verdict_decides(verdicts: list[str], code: int) -> None:
    records = [record(verdict) for verdict in verdicts]
    assert report.exit_code(records, len(records)) == code
    assert report.exit_code(records, len(records) + 1) == 1, "a point has no record"


def test_a_failed_point_is_no_success() -> None:
    failed = Record("h", PLAIN, {}, 0, 0, "failed", error="it broke")
    assert report.exit_code([record("no_violation"), failed], 2) == 1
    assert report.rows([failed], shared_host())[0]["verdict"] == "failed"


def test_each_violation_gets_a_file(tmp_path: Path) -> None:
    records = [record("no_violation"), record("violated", counterexample={"text": "..."})]
    (path,) = report.write_counterexamples(tmp_path, curves_of(records))
    assert path.name == "counterexample_hviolated.json"
