from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smplab.cli.main import main

Capture = pytest.CaptureFixture[str]
QUIET = ("tracking=none",)


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Send results to a folder of the test's own."""
    monkeypatch.setenv("SMPLAB_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def records(folder: str) -> list[dict[str, Any]]:
    text = (Path(folder) / "points.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_lock_that_ships_holds_and_its_mutants_are_caught(capsys: Capture) -> None:
    arguments = ["-m", "mechanism/lock=mcs", "cpus=1,2", "memory_model=sc,tso", *QUIET]
    assert main(["verify", *arguments]) == 0
    out = capsys.readouterr().out.splitlines()
    assert sum("no_violation" in line for line in out) == 5 * 4
    assert sum("caught" in line for line in out) == 5
    found = records(out[-1])
    assert {record["status"] for record in found} == {"ok"}
    assert {record["details"]["verdict"] for record in found} == {"no_violation", "mutant_caught"}
    assert all(record["metrics"]["states"] > 0 for record in found)


def test_a_violation_is_shown_in_the_authors_lines(capsys: Capture) -> None:
    assert main(["verify", "scenario=broken_lock", *QUIET]) == 1
    out = capsys.readouterr().out
    assert "CPU 0" in out
    assert "broken_lock:33 self.flag.held = 1" in out
    assert "two CPUs hold the lock" in out


def test_it_is_replayed_from_its_file(capsys: Capture, tmp_path: Path) -> None:
    main(["verify", "scenario=peterson", "mutant=no_fence", *QUIET])
    folder = Path(capsys.readouterr().out.splitlines()[-1])
    (file,) = folder.glob("counterexample_*.json")
    assert main(["verify", "--replay", str(file)]) == 1
    out = capsys.readouterr().out
    assert "self.flags[cpu.id].wants" in out
    assert "replayed on the reference interpreter: CPU" in out
    assert main(["verify", "--replay", str(tmp_path / "none.json")]) == 1


def test_it_is_written_as_a_trace(capsys: Capture, tmp_path: Path) -> None:
    trace = tmp_path / "trace.json"
    main(["verify", "scenario=peterson", "mutant=none", *QUIET, "--trace", str(trace)])
    assert not trace.exists()
    assert "no counterexample" in capsys.readouterr().err
    main(["verify", "scenario=lost_wakeup", *QUIET, "--trace", str(trace)])
    assert json.loads(trace.read_text())["traceEvents"]


def test_a_bound_is_code_2(capsys: Capture) -> None:
    arguments = ["mechanism/lock=mcs", "scenario=lock_exclusion", "mutant=none", "max_depth=9"]
    assert main(["verify", *arguments, *QUIET]) == 2
    assert "max_depth = 9" in capsys.readouterr().out


def test_a_mistake_is_code_1(capsys: Capture) -> None:
    assert main(["verify", "mechanism/lock=msc"]) == 1
    assert "did you mean mcs" in capsys.readouterr().err


def test_json_is_alone_on_standard_output(capsys: Capture) -> None:
    assert main(["verify", "mechanism/grace=token_ring", "--json", *QUIET]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["exit_code"] == 0
    assert plain["points"] == len(plain["results"]) == 10
    not_run = {one["name"] for one in plain["not_run"]}
    assert not_run == {"plain_pass", "joined_late", "left_early", "no_fence_at_join"}
    caught = [row for row in plain["results"] if row["verdict"] == "mutant_caught"]
    assert {row["owner"] for row in caught} == {
        "mechanism/grace=token_ring",
        "scenario=grace_readers",
    }


def test_a_dry_run_checks_nothing(capsys: Capture, results: Path) -> None:
    assert main(["verify", "-m", "mechanism/lock=mcs", "cpus=2,3", "--dry-run"]) == 0
    caught = capsys.readouterr()
    assert len(caught.out.splitlines()) == 15
    assert "15 points" in caught.err
    assert list(results.iterdir()) == []


def test_a_sweep_goes_on_where_it_was_left(capsys: Capture) -> None:
    main(["verify", "scenario=peterson", *QUIET])
    folder = Path(capsys.readouterr().out.splitlines()[-1])
    points = folder / "points.jsonl"
    first, *rest = points.read_text(encoding="utf-8").splitlines(keepends=True)
    points.write_text("".join(rest), encoding="utf-8")
    assert main(["verify", "--resume", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(folder)
    again = points.read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["hash"] for line in again} == {
        json.loads(line)["hash"] for line in [first, *rest]
    }


def test_help_lists_scenarios_and_values(capsys: Capture) -> None:
    assert main(["verify", "--help"]) == 0
    out = capsys.readouterr().out
    assert "lock_hand_over" in out
    assert "max_memory_mib" in out


def test_run_says_that_its_workload_does_not_use_a_slot(capsys: Capture) -> None:
    assert main(["run", "mechanism/grace=epochs"]) == 2
    assert "does not use the slot grace; it uses: lock" in capsys.readouterr().err


def test_run_says_who_knows_scenarios(capsys: Capture) -> None:
    assert main(["run", "scenario=peterson"]) == 2
    assert "smplab verify does" in capsys.readouterr().err
