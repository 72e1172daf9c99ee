"""What verdicts come to, and how they are shown."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from smplab.lab.curves import curves_of
from smplab.lab.records import Record
from smplab.lab.verification import report
from smplab.lab.verification.mutants import Listed
from smplab.plugin.host import shared_host

CONFIG = {
    "mechanism": {"lock": {"name": "mcs", "nodes": 4}}, "scenario": None, "mutant": "deaf",
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


def shown(records: list[Record], listed: list[Listed]) -> str:
    console = Console(file=io.StringIO(), width=200)
    report.show(console, report.rows(records, shared_host()), listed)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_tables_name_what_was_checked_and_what_came_of_it() -> None:
    found = [record(verdict) for verdict in ("no_violation", "mutant_caught", "mutant_survived")]
    found.append(record("bounded", bounds=["max_states = 3"]))
    one = Listed("mechanism/grace=token_ring", "plain_pass", "a plain store", "it only waits")
    text = shown(found, [one])
    assert "lock=mcs" in text
    assert "1,234" in text
    assert "max_states = 3" in text
    assert "lock_progress, deadlock" in text
    assert "the wait sleeps and serves no requests" in text
    assert "survived" in text
    assert "it only waits" in text


def test_each_violation_gets_a_file(tmp_path: Path) -> None:
    records = [record("no_violation"), record("violated", counterexample={"text": "..."})]
    (path,) = report.write_counterexamples(tmp_path, curves_of(records))
    assert path.name == "counterexample_hviolated.json"
