"""The simulated multiprocessor: its description, the engine, and the reference it agrees with.

Names are loaded when they are first used: importing this package does not import numba.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smplab.machine.digest import engine_digest
    from smplab.machine.reference_system import simulate_reference
    from smplab.machine.run import simulate, warm_up
    from smplab.machine.traced import simulate_traced

_MODULES = {
    "engine_digest": "digest",
    "simulate": "run",
    "simulate_reference": "reference_system",
    "simulate_traced": "traced",
    "warm_up": "run",
}

__all__ = ["engine_digest", "simulate", "simulate_reference", "simulate_traced", "warm_up"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
