"""The door that plugins come through."""

from __future__ import annotations

import subprocess
import sys

import pytest

import smplab.api


@pytest.mark.parametrize("name", smplab.api.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(smplab.api, name) is not None or name == "NULL"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="unheard"):
        smplab.api.unheard  # noqa: B018


def test_importing_it_loads_nothing_else() -> None:
    code = (
        "import sys, smplab.api;"
        "print([m for m in ('numpy', 'numba', 'ray', 'mlflow', 'pandas', 'smplab.language.build')"
        " if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == "[]"
