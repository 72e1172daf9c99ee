"""Where configuration and experiments lie: in the checkout, else in the installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = _PACKAGE.parents[1]


def configuration_folder() -> Path:
    """Return the folder of `config.yaml`."""
    return _folder("conf")


def experiments_folder() -> Path:
    """Return the folder whose sub-folders are the experiments."""
    return _folder("experiments")


def experiments() -> dict[str, Path]:
    """Return the folders of the experiments, by name, sorted."""
    return {
        path.parent.name: path.parent
        for path in sorted(experiments_folder().glob("*/experiment.yaml"))
    }


def _folder(name: str) -> Path:
    own = _CHECKOUT / name
    return own if (_CHECKOUT / "pyproject.toml").is_file() and own.is_dir() else _PACKAGE / name
