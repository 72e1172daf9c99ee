from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smplab.cli.main import main

Capture = pytest.CaptureFixture[str]
QUICK = ("tracking=none", "warmup_cycles=1000", "run_cycles=20000")


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Send results to a folder of the test's own."""
    monkeypatch.setenv("SMPLAB_HOME", str(tmp_path))
    return tmp_path


def records(folder: str) -> dict[str, dict[str, Any]]:
    text = (Path(folder) / "points.jsonl").read_text(encoding="utf-8")
    return {(record := json.loads(line))["hash"]: record for line in text.splitlines()}


@pytest.mark.parametrize("choice", ["hydra/sweeper=basic", "hydra/launcher=basic"])
def test_hydras_own_machinery_gives_the_same_points_and_metrics(
    choice: str, capsys: Capture
) -> None:
    grid = ["run", "-m", *QUICK, "mechanism/lock=mcs,tas", "cpus=1,3", "replicas=2"]
    assert main([*grid, choice]) == 0
    hydras = records(capsys.readouterr().out.strip())
    assert main(grid) == 0
    ours = records(capsys.readouterr().out.strip())
    assert len(ours) == 8
    assert {h: r["metrics"] for h, r in hydras.items()} == {
        h: r["metrics"] for h, r in ours.items()
    }
    assert {h: r["config"] for h, r in hydras.items()} == {h: r["config"] for h, r in ours.items()}


def test_a_single_job_and_the_tables_of_every_sweep(capsys: Capture) -> None:
    assert main(["run", *QUICK, "hydra/launcher=basic", "cpus=2"]) == 0
    folder = capsys.readouterr().out.strip()
    assert len(records(folder)) == 1
    assert (Path(folder) / "summary.csv").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cpus=2,400", "topology=opteron48"], "cpus=400 is more than topology opteron48 has"),
        (["mechanism/lock=mcs,tsa"], "mechanism/lock=tsa: there is no such mechanism/lock"),
        (["cpuss=2,4"], "cpuss"),
        (["objective=operation"], "did you mean operations"),
        (["--json"], "--json goes with smplab's own sweeper only"),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(
    arguments: list[str], message: str, results: Path, capsys: Capture
) -> None:
    assert main(["run", "-m", *QUICK, "hydra/sweeper=basic", *arguments]) == 2
    caught = capsys.readouterr()
    assert message in caught.err
    assert caught.out == ""
    assert list(results.iterdir()) == []


def test_hydras_flags_show_the_configuration(capsys: Capture) -> None:
    assert main(["run", "--cfg", "job", "cpus=3", "mechanism/lock=mcs"]) == 0
    out = capsys.readouterr().out
    assert "cpus: 3\n" in out
    assert "name: mcs" in out


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("smplab run topology=opt", "topology=opteron48"),
        ("smplab run -m mechanism/lock=t", "mechanism/lock=ticket"),
        ("smplab run topology=opteron48 topology.costs.o", "topology.costs.occ_r="),
    ],
)
def test_the_shell_completes_what_follows_run(
    line: str, expected: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMP_LINE", line)
    assert main(["-sc", "query=bash"]) == 0
    assert expected in capsys.readouterr().out.split()
