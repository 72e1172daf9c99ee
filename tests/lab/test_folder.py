"""Folders never collide, and what was planned can be read back."""

from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from smplab.lab.folder import (
    CONFIG,
    PLAN,
    FolderError,
    Plan,
    new_folder,
    read_plan,
    results_folder,
    split,
    write_plan,
)
from tests.lab import fakes

THE_PLAN = Plan(
    "fake", {"name": "serial"}, {"name": "none"}, "smplab run -m cpus=1,2", ("cpus=1,2",)
)


def test_results_go_to_smplab_home_or_below_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SMPLAB_HOME", raising=False)
    assert results_folder() == tmp_path / "results"
    monkeypatch.setenv("SMPLAB_HOME", str(tmp_path / "elsewhere"))
    assert results_folder() == tmp_path / "elsewhere"


def test_two_folders_of_one_second_differ(tmp_path: Path) -> None:
    found = {new_folder("lock_scaling", tmp_path) for _ in range(5)}
    assert len(found) == 5
    assert all(folder.is_dir() and "lock_scaling" in folder.name for folder in found)


def test_a_place_where_nothing_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match="set SMPLAB_HOME"):
        new_folder("x", tmp_path / "file")


def test_a_plan_is_read_back_with_its_points(tmp_path: Path) -> None:
    points = fakes.grid()
    write_plan(tmp_path, THE_PLAN, points)
    back = read_plan(tmp_path)
    assert (back.name, back.command, list(back.overrides)) == (
        "fake", "smplab run -m cpus=1,2", ["cpus=1,2"],
    )  # fmt: skip
    assert back.configs == [point.config for point in points]
    assert back.hashes == [point.hash for point in points]


def test_the_readable_file_tells_what_varies(tmp_path: Path) -> None:
    write_plan(tmp_path, THE_PLAN, fakes.grid())
    told = OmegaConf.load(tmp_path / CONFIG)
    assert list(told.varied) == ["mechanism.lock.name", "cpus", "replica"]
    assert told.varied.cpus == [1, 2, 4]
    assert told.shared["topology.name"] == "opteron48"


def test_a_folder_without_a_plan_is_none(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=f"no sweep: it has no {PLAN}"):
        read_plan(tmp_path)


@pytest.mark.parametrize(("text", "message"), [
    ("{", "cannot be read"), ("[]", "cannot be read"), ('{"schema": 7}', "layout 7"),
])  # fmt: skip
def test_a_plan_that_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / PLAN).write_text(text, encoding="utf-8")
    with pytest.raises(FolderError, match=message):
        read_plan(tmp_path)


def test_a_key_that_some_lack_varies() -> None:
    assert split([{"a": 1, "b": 2}, {"a": 1}]) == ({"a": 1}, {"b": [2]})


def test_nothing_partial_is_left(tmp_path: Path) -> None:
    write_plan(tmp_path, THE_PLAN, fakes.grid())
    assert sorted(path.name for path in tmp_path.iterdir()) == [CONFIG, PLAN]
