"""What the files of the repository may be, hold and weigh."""

from __future__ import annotations

import re

from tests.house.sources import ROOT, files, python_files

LONG = 400
LONG_FOR_A_REASON = {
    "framework/smplab/machine/engine.py": "one compiled loop: a call between its parts costs time",
    "framework/smplab/machine/reference.py": "the machine as one text, read beside the engine",
}
"""Sources longer than LONG lines, with the reason why they are not two."""

HOSTS = re.compile(
    r"/(root|home|Users|work|mnt)/\w"
    r"|\b(pypi|pythonhosted|anaconda)\.(org|com)|(index|registry)[-_]url|://[^\s/]+/simple\b"
)
"""Paths of somebody's machine, and hosts of package registries."""


def test_long_sources_have_a_reason() -> None:
    lines = {
        str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines())
        for path in python_files("framework", "plugins", "tests", "experiments")
    }
    assert {path for path, n in lines.items() if n > LONG} == set(LONG_FOR_A_REASON)


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in files():
        if path.suffix in (".csv", ".png") or path.is_relative_to("LICENSES"):
            continue
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1):
            if match := HOSTS.search(line):
                found.append(f"{path}:{number}: {match[0]}")
    assert found == []


def test_results_and_the_lock_file_are_not_committed() -> None:
    assert not [path for path in files() if path.parts[0] in {"results", "uv.lock", ".venv"}]


def test_test_folders_mirror_the_source() -> None:
    floors = {path.parts[2] for path in python_files("framework/smplab") if len(path.parts) > 3}
    allowed = floors | {"plugins", "house", "bench", "experiments", "hydra_plugins", "fixtures"}
    folders = {path.parts[1] for path in python_files("tests") if len(path.parts) > 2}
    assert folders <= allowed
