"""The wheel is complete: it runs outside the checkout, with conf/ and experiments/ inside."""

from __future__ import annotations

import tomllib
from email.parser import Parser
from pathlib import Path

import pytest

from tests.house.packages import run_python, unpacked_wheel
from tests.house.sources import ROOT, files


@pytest.fixture(name="site", scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


def test_everything_that_is_used_is_inside(site: Path) -> None:
    moved = {
        "framework/": "", "plugins/": "", "conf/": "smplab/conf/",
        "experiments/": "smplab/experiments/",
    }  # fmt: skip
    for path in files():
        for folder, inside in moved.items():
            if str(path).startswith(folder):
                packed = site / str(path).replace(folder, inside, 1)
                assert packed.read_bytes() == (ROOT / path).read_bytes(), path


def test_nothing_else_is_inside(site: Path) -> None:
    names = {path.name for path in site.iterdir()}
    assert {name for name in names if not name.endswith(".dist-info")} == {
        "smplab", "smplab_plugins", "hydra_plugins",
    }  # fmt: skip


def test_licences_travel_with_the_data(site: Path) -> None:
    (info,) = site.glob("*.dist-info")
    metadata = Parser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert metadata["License-Expression"] == project["license"]
    for name in metadata.get_all("License-File", []):
        assert (info / "licenses" / name).read_bytes() == (ROOT / name).read_bytes()
    assert "NOTICE" in metadata.get_all("License-File", [])


def test_it_finds_its_own_configuration_outside_the_checkout(site: Path, tmp_path: Path) -> None:
    code = (
        "from smplab.lab.tree import configuration_folder, experiments_folder\n"
        "print(configuration_folder()); print(experiments_folder())"
    )
    done = run_python("-c", code, site=site, folder=tmp_path)
    assert done.stdout.split() == [str(site / "smplab/conf"), str(site / "smplab/experiments")]
    assert list(tmp_path.iterdir()) == []


def test_it_runs_outside_the_checkout(site: Path, tmp_path: Path) -> None:
    command = ("-m", "smplab.cli.main", "run", "cpus=2", "run_cycles=20000", "tracking=none")
    done = run_python(*command, site=site, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    sweep = Path(done.stdout.splitlines()[-1])
    assert (tmp_path / sweep / "points.jsonl").read_text(encoding="utf-8").count("\n") == 1
    assert (tmp_path / sweep).resolve().is_relative_to(tmp_path)
