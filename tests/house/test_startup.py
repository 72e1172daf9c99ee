"""What a command does not need is not imported; start-up time is what this comes down to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.packages import run_python

SHOW = """
import contextlib, sys
from smplab.cli.main import main
with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
    main({arguments!r})
print(*sorted(name for name in sys.modules if "." not in name))
"""


def packages_after(arguments: list[str], folder: Path) -> set[str]:
    """Top-level packages that are loaded once a command is done."""
    done = run_python("-c", SHOW.format(arguments=arguments), site=folder, folder=folder)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_loads_neither_numpy_nor_hydra(arguments: list[str], tmp_path: Path) -> None:
    heavy = {"numpy", "hydra", "omegaconf", "pluggy", "numba", "ray", "mlflow", "pandas", "rich"}
    assert not packages_after(arguments, tmp_path) & heavy


def test_listing_plugins_loads_no_engine_and_no_tracker(tmp_path: Path) -> None:
    heavy = {"numba", "llvmlite", "ray", "mlflow", "pandas", "matplotlib", "scipy", "hydra"}
    assert not packages_after(["plugins", "list"], tmp_path) & heavy


def test_the_api_alone_loads_nothing(tmp_path: Path) -> None:
    code = "import sys, smplab.api; print(*(m for m in sys.modules if '.' not in m))"
    done = run_python("-c", code, site=tmp_path, folder=tmp_path)
    assert not set(done.stdout.split()) & {"numpy", "numba", "pluggy", "hydra"}
