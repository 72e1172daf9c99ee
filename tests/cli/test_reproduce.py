"""`smplab reproduce`: verdicts, exit codes, JSON alone on standard output."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smplab.cli.main import main
from smplab.lab import compose, tree
from tests.lab.verdicts.examples import FIGURE, folder, target

Capture = pytest.CaptureFixture[str]
EXPERIMENT = """\
# @package _global_
grids:
  - topology: opteron48
    mechanism/lock: ticket,mcs
    cpus: 1,2,4
warmup_cycles: 1000
run_cycles: 20000
replicas: 2
"""
OURS = ("executor=serial", "tracking=none")
MET = target(reference=1.0, tolerance="factor 100")
MISSED = target(id="missed", about="much too high", reference=1e6)


@pytest.fixture
def two_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An experiment of two locks in place of those that ship; results go beside it."""
    experiments = tmp_path / "experiments"
    experiments.mkdir()
    path = folder(experiments / "two_locks", MET, figure=FIGURE)
    (path / "experiment.yaml").write_text(EXPERIMENT, encoding="utf-8")
    monkeypatch.setenv("SMPLAB_HOME", str(tmp_path / "results"))
    monkeypatch.setattr(tree, "experiments_folder", lambda: experiments)
    # Not by monkeypatch, which would put back that the experiments that ship are published.
    compose._published = None
    yield path
    compose._published = None


def verdicts(out: str) -> list[dict[str, Any]]:
    (ran,) = json.loads(out)
    found: list[dict[str, Any]] = ran["targets"]
    return found


def test_agreement_ends_with_0_table_figure_and_folder(two_locks: Path, capsys: Capture) -> None:
    assert main(["reproduce", "two_locks", *OURS]) == 0
    caught = capsys.readouterr()
    path = Path(caught.out.strip())
    assert {"verdicts.json", "two_locks.svg", "two_locks.png", "points.jsonl"} <= {
        file.name for file in path.iterdir()
    }
    told = " ".join(caught.err.split())
    assert "1 of 1 predicted targets met" in told
    assert f"figure: {path / 'two_locks.svg'}" in told
    saved = json.loads((path / "verdicts.json").read_text(encoding="utf-8"))
    assert (saved["agrees"], saved["totals"]["met"]) == (True, 1)


def test_a_miss_ends_with_1_and_a_known_one_with_0(two_locks: Path, capsys: Capture) -> None:
    folder(two_locks, MET, MISSED, figure=FIGURE)
    assert main(["reproduce", "two_locks", "--json", *OURS]) == 1
    assert [row["verdict"] for row in verdicts(capsys.readouterr().out)] == ["pass", "miss"]
    folder(two_locks, MET, MISSED | {"known_miss": "no such physics"}, figure=FIGURE)
    assert main(["reproduce", "two_locks", "--json", *OURS]) == 0
    caught = capsys.readouterr()
    assert verdicts(caught.out)[1]["verdict"] == "KNOWN MISS"
    assert "no such physics" in caught.err
    assert main(["reproduce", "two_locks", "--json", "--strict", *OURS]) == 1


def test_a_known_miss_that_passes_must_be_taken_out(two_locks: Path, capsys: Capture) -> None:
    folder(two_locks, MET | {"known_miss": "gone"})
    assert main(["reproduce", "two_locks", *OURS]) == 1
    assert "take known_miss out of targets.yaml" in " ".join(capsys.readouterr().err.split())


def test_a_mistake_in_the_targets_is_told_before_anything_runs(
    two_locks: Path, capsys: Capture
) -> None:
    folder(two_locks, MET | {"of": {"lock": "msc", "cpus": 4}})
    assert main(["reproduce", "two_locks", *OURS]) == 2
    assert "targets[0].of.lock: no point has msc; did you mean mcs?" in capsys.readouterr().err
    assert not (two_locks.parents[1] / "results").exists()


def test_overrides_reach_the_points(two_locks: Path, capsys: Capture) -> None:
    assert main(["reproduce", "two_locks", "replicas=1", "--json", *OURS]) == 0
    (ran,) = json.loads(capsys.readouterr().out)
    lines = (Path(ran["folder"]) / "points.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 6


def test_verdicts_show_how_they_hang_on_a_number(two_locks: Path, capsys: Capture) -> None:
    sensitivity = {"instr_cycles": [1, 40], "topology.costs.rmw": [500]}
    folder(two_locks, MET, figure=FIGURE, sensitivity=sensitivity)
    assert main(["reproduce", "two_locks", "replicas=1", "--json", *OURS]) == 0
    caught = capsys.readouterr()
    (ran,) = json.loads(caught.out)
    path = Path(ran["folder"])
    lines = (path / "points.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3 * 6, "what the configuration has anyway is not computed again"
    (row,) = ran["targets"]
    varied = {(v["key"], v["value"]): v["simulated"] for v in row["sensitivity"]}
    assert list(varied) == [("instr_cycles", 1), ("instr_cycles", 40), ("topology.costs.rmw", 500)]
    assert varied["instr_cycles", 1] == row["simulated"]
    assert len({*varied.values()}) == 3
    assert json.loads((path / "verdicts.json").read_text(encoding="utf-8"))["targets"] == [row]
    assert "with" in caught.err
    assert "1 / 40" in caught.err


def test_resume_goes_on_where_it_was(two_locks: Path, capsys: Capture) -> None:
    assert main(["reproduce", "two_locks", *OURS]) == 0
    path = Path(capsys.readouterr().out.strip())
    truth = path / "points.jsonl"
    whole = truth.read_bytes()
    truth.write_bytes(whole[: len(whole) // 2])
    assert main(["reproduce", "two_locks", "--resume", str(path), *OURS]) == 0
    assert Path(capsys.readouterr().out.strip()) == path
    assert len(truth.read_bytes().splitlines()) == 12


def test_ray_is_the_default(two_locks: Path, ray_cluster: None, capsys: Capture) -> None:
    assert main(["reproduce", "two_locks", "tracking=none"]) == 0
    path = Path(capsys.readouterr().out.strip())
    plan = json.loads((path / "plan.json").read_text(encoding="utf-8"))
    assert plan["executor"]["name"] == "ray"


def test_list_and_all(two_locks: Path, capsys: Capture) -> None:
    shutil.copytree(two_locks, two_locks.with_name("other"))
    assert main(["reproduce", "--list"]) == 0
    assert capsys.readouterr().out.split()[0] == "other"
    assert main(["reproduce", "--list", "--json"]) == 0
    assert [e["name"] for e in json.loads(capsys.readouterr().out)] == ["other", "two_locks"]
    assert main(["reproduce", "--all", "--json", *OURS]) == 0
    assert [e["experiment"] for e in json.loads(capsys.readouterr().out)] == ["other", "two_locks"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "which experiment? There are: two_locks; or --all"),
        (["two_lock"], "there is no experiment two_lock; did you mean two_locks?"),
    ],
)
def test_what_cannot_be_run(
    two_locks: Path, arguments: list[str], message: str, capsys: Capture
) -> None:
    assert main(["reproduce", *arguments]) == 2
    assert message in capsys.readouterr().err
