"""How the engine is compiled: the decorators, and the directory that keeps the machine code.

Editing a module that a cached numba function imports does not invalidate the function's cache, so
the cache lies in a directory named by a hash of all sources, numba's version and the host's CPU.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import llvmlite.binding as llvm
import numba
import numpy as np
import platformdirs

from smplab.machine.digest import engine_digest

F = TypeVar("F", bound=Callable[..., object])

UINT64 = np.uint64
ONE = np.uint64(1)
"""Constants of sets are uint64: numba makes a float of uint64 with a Python int."""


def inlined(function: F) -> F:
    """Compile a function into each of its callers; `numpy` errors: no exception can be raised."""
    wrapped: F = numba.njit(forceinline=True, error_model="numpy", nogil=True)(function)
    return wrapped


def kept(function: F) -> F:
    """Compile a function without the interpreter's lock, and keep the machine code on disk."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_directory())
    try:
        wrapped: F = numba.njit(cache=True, error_model="numpy", nogil=True)(function)
    finally:
        numba.config.CACHE_DIR = before
    return wrapped


@cache
def cache_directory() -> Path:
    """Return where this engine's machine code is kept: below $SMPLAB_CACHE or the user's cache."""
    root = os.environ.get("SMPLAB_CACHE") or platformdirs.user_cache_dir("smplab")
    h = hashlib.sha256(engine_digest().encode())
    for part in (
        numba.__version__,
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
    ):
        h.update(f"|{part}".encode())
    return Path(root) / f"engine-{h.hexdigest()[:16]}"
