from __future__ import annotations

from pathlib import Path

import pytest

from smplab.lab import tree

ROOT = Path(__file__).resolve().parents[2]


def test_a_checkouts_own_folders_come_first() -> None:
    assert tree.configuration_folder() == ROOT / "conf"
    assert tree.experiments_folder() == ROOT / "experiments"


def test_without_a_checkout_the_packaged_folders_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf").mkdir()  # a folder of that name beside the package is no checkout
    monkeypatch.setattr(tree, "_CHECKOUT", tmp_path)
    assert tree.configuration_folder() == ROOT / "framework" / "smplab" / "conf"


def test_an_experiment_is_a_folder_with_its_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").touch()
    for name in ("second", "first", "notes"):
        (tmp_path / "experiments" / name).mkdir(parents=True)
        if name != "notes":
            (tmp_path / "experiments" / name / "experiment.yaml").touch()
    monkeypatch.setattr(tree, "_CHECKOUT", tmp_path)
    assert list(tree.experiments()) == ["first", "second"]
    assert tree.experiments()["first"] == tmp_path / "experiments" / "first"
