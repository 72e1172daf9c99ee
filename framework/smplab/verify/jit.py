"""How the search is compiled: as the engine is, and kept in a directory of its own beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import numba

from smplab.machine.jit import cache_directory

F = TypeVar("F", bound=Callable[..., object])


def kept(function: F) -> F:
    """Compile a function without the interpreter's lock, and keep the machine code on disk."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_directory() / f"verify-{_digest()}")
    try:
        wrapped: F = numba.njit(cache=True, error_model="numpy", nogil=True)(function)
    finally:
        numba.config.CACHE_DIR = before
    return wrapped


@cache
def _digest() -> str:
    """Hash of this package's sources: an edited module leaves no stale machine code behind."""
    h = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        h.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return h.hexdigest()[:16]
