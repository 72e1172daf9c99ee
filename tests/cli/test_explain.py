from __future__ import annotations

import json
from pathlib import Path

import pytest

from smplab.cli.main import main

Capture = pytest.CaptureFixture[str]
QUICK = ("tracking=none", "warmup_cycles=1000", "run_cycles=20000")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of two traced points."""
    home = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMPLAB_HOME", str(home))
        assert main(["run", "-m", *QUICK, "cpus=2,4", "trace=true", "trace_events=1000"]) == 0
    (folder,) = home.iterdir()
    return folder


def refused(capsys: Capture, *arguments: str) -> str:
    assert main(["explain", *arguments]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.splitlines()) == 1
    return caught.err


def test_a_sweep_and_a_point_are_explained(folder: Path, capsys: Capture) -> None:
    assert main(["explain", str(folder)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 5
    assert main(["explain", str(folder), "2", "--against", "1"]) == 0
    text = capsys.readouterr().out
    assert "where the cycles went" in text
    assert "lock_contention.py" in text
    assert "against 1: " in text


def test_json_is_alone_on_standard_output(folder: Path, capsys: Capture) -> None:
    assert main(["explain", str(folder), "1", "--json", "--against", "2"]) == 0
    plain = json.loads(capsys.readouterr().out)
    (point,) = plain["points"]
    assert sum(point["account"].values()) == pytest.approx(point["cycles"] * point["cpus"])
    assert plain["against"]["cpus"] == 4
    assert Path(point["trace"]).exists()


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_a_figure_of_the_trace(folder: Path, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"trace.{suffix}"
    cycles = ["--cycles", "2_000:6_000"] if suffix == "svg" else []
    assert main(["explain", str(folder), "1", "--figure", str(file), *cycles]) == 0
    assert file.stat().st_size > 5000


def test_mistakes_are_answered_with_one_line(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    sweep, png = str(folder), str(tmp_path / "x.png")
    assert "no such folder" in refused(capsys, str(tmp_path / "nowhere"))
    assert "no point has this number" in refused(capsys, sweep, "3")
    assert "--against goes with a POINT" in refused(capsys, sweep, "--against", "1")
    assert "draws one point" in refused(capsys, sweep, "--figure", png)
    assert "must end in .svg" in refused(capsys, sweep, "1", "--figure", "x.gif")
    for window in ("5", "a:b", "7:7"):
        told = refused(capsys, sweep, "1", "--figure", png, "--cycles", window)
        assert f"--cycles {window}: " in told
    nowhere = str(tmp_path / "no" / "x.png")
    assert "cannot be written" in refused(capsys, sweep, "1", "--figure", nowhere)


def test_a_point_without_a_trace_has_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("SMPLAB_HOME", str(tmp_path))
    assert main(["run", *QUICK]) == 0
    sweep = capsys.readouterr().out.strip()
    told = refused(capsys, sweep, "--figure", str(tmp_path / "x.png"))
    assert "run it again with trace=true" in told
