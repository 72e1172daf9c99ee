"""A lock in a package of its own is chosen by its name; nothing in this repository knows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.house.packages import run_python, unpacked_wheel
from tests.house.sources import ROOT

PROJECT = ROOT / "tests" / "fixtures" / "third_party_lock"


@pytest.fixture(name="site", scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked_wheel(PROJECT, tmp_path_factory.mktemp("third_party"))


def test_its_lock_is_listed_with_its_distribution(site: Path, tmp_path: Path) -> None:
    done = run_python(
        "-m", "smplab.cli.main", "plugins", "list", "--json", site=site, folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "example-lock" in done.stdout
    json.loads(done.stdout)


def test_its_lock_is_chosen_by_name_and_its_parameter_set(site: Path, tmp_path: Path) -> None:
    throughput = {}
    for pause in (0, 100_000):
        done = run_python(
            "-m", "smplab.cli.main", "run", "topology=opteron48", "mechanism/lock=polite",
            f"mechanism.lock.pause_cycles={pause}", "cpus=6", "run_cycles=1000000", "tracking=none",
            site=site, folder=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        points = tmp_path / done.stdout.splitlines()[-1] / "points.jsonl"
        (record,) = (json.loads(line) for line in points.read_text(encoding="utf-8").splitlines())
        assert record["status"] == "ok"
        assert record["config"]["mechanism"]["lock"] == {"name": "polite", "pause_cycles": pause}
        throughput[pause] = record["metrics"]["throughput_ops_per_s"]
    assert throughput[0] != throughput[100_000] > 0


def test_its_lock_is_verified_by_name_with_no_line_of_model(site: Path, tmp_path: Path) -> None:
    done = run_python(
        "-m", "smplab.cli.main", "verify", "-m", "mechanism/lock=polite", "memory_model=sc,tso",
        "tracking=none", site=site, folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("no_violation") == 5 * 2


def test_a_wrong_lock_is_refuted_in_its_own_lines(site: Path, tmp_path: Path) -> None:
    done = run_python(
        "-m", "smplab.cli.main", "verify", "mechanism/lock=hasty", "scenario=lock_exclusion",
        "tracking=none", site=site, folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "two CPUs hold the lock" in done.stdout
    assert "lock.held = 1" in done.stdout
    assert "example_lock:" in done.stdout


def test_without_the_package_its_name_is_unknown(tmp_path: Path) -> None:
    done = run_python(
        "-m", "smplab.cli.main", "run", "mechanism/lock=polite", site=tmp_path, folder=tmp_path
    )
    assert done.returncode != 0
    assert "polite" in done.stderr
    assert "ticket" in done.stderr, "the known locks are named"
