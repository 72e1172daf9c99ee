"""Builds wheels and runs Python with them, as a user would have them installed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path


def unpacked_wheel(project: Path, folder: Path) -> Path:
    """Build a project's wheel and unpack it, which is what installing it comes down to.

    Args:
        project: the folder of its pyproject.toml.
        folder: an empty folder for the wheel and its contents.

    Returns:
        The folder to put on PYTHONPATH. Entry points are found in it, too.
    """
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")],
        cwd=project, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = (folder / "dist").glob("*.whl")
    site = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def run_python(*arguments: str, site: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in `folder` with `site` before everything that is installed.

    Nothing of the environment decides about plugins and results; machine code that is compiled for
    an engine in `site` stays beside it.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SMPLAB_")}
    if (site / "smplab").is_dir():
        environment["SMPLAB_CACHE"] = str(site.parent / "cache")
    elif "SMPLAB_CACHE" in os.environ:
        environment["SMPLAB_CACHE"] = os.environ["SMPLAB_CACHE"]
    environment |= {"PYTHONPATH": str(site), "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, check=False,
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
