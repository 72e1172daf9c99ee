"""A record says what computed it."""

from __future__ import annotations

from importlib.metadata import version

from smplab.lab.records import SCHEMA
from smplab.lab.versions import versions


def test_layout_python_numbers_and_every_plugin_package() -> None:
    found = versions()
    assert found["schema"] == SCHEMA
    assert found["smplab"] == version("smplab")
    assert found["numpy"] == version("numpy")
    assert {"python", "numba"} <= found.keys()
