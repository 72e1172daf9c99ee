"""What was tested is pinned, once for pip and once for uv."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from tests.house.sources import ROOT


@pytest.fixture(name="project", scope="module")
def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(name="pins", scope="module")
def _pins() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_both_places_have_the_same_pins(project: dict[str, Any], pins: list[str]) -> None:
    assert project["tool"]["uv"]["constraint-dependencies"] == pins


def test_every_pin_is_an_exact_version_and_names_no_host(pins: list[str]) -> None:
    for pin in pins:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*( ; [\w .'<>=!()]+)?", pin), pin


def test_every_dependency_is_pinned(project: dict[str, Any], pins: list[str]) -> None:
    pinned = {pin.split("==")[0] for pin in pins}
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    for requirement in asked:
        name = re.split(r"[<>=!~ \[]", requirement)[0].lower().replace("_", "-")
        assert name in pinned


def test_the_dev_group_of_uv_is_the_dev_extra_of_pip(project: dict[str, Any]) -> None:
    extra = project["project"]["optional-dependencies"]["dev"]
    assert project["dependency-groups"]["dev"] == extra
