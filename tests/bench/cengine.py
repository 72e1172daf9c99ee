"""Builds the benchmark's C engine, and runs it on the arrays of the numba engine."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from smplab.machine import state as at
from smplab.machine.run import Run

SOURCE = Path(__file__).with_name("engine.c")
FLAGS = ("-O3", "-march=native", "-std=gnu11", "-shared", "-fPIC", "-Wall")
NUMBERS = (
    "steps", "stop", "operations", "instr_alone", "instr_shared", "hit", "rmw", "occ_r",
    "occ_w", "near", "smt", "home_from", "mem", "far", "max_local", "call_depth", "frame",
    "streams", "places", "lines", "cpus", "regions_each", "memory_words", "ghost_words",
)  # fmt: skip
TABLES = (
    "stream_keys", "code", "parameters", "distance", "core_place", "home_place", "status",
    "cpu", "line", "pool", "heap", "registers", "stack", "draws", "regions", "histograms",
    "user", "memory", "ghost",
)  # fmt: skip


class _Arguments(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int64) for name in NUMBERS),
        ("line_key", ctypes.c_uint64),
        *((name, ctypes.c_void_p) for name in TABLES),
    )


def build(folder: Path) -> Any:
    """Compile the source into `folder` and return its function."""
    library = folder / "engine.so"
    subprocess.run(["gcc", *FLAGS, "-o", str(library), str(SOURCE)], check=True)
    function = ctypes.CDLL(str(library)).run_slice
    function.restype = ctypes.c_int64
    return function


class CRun(Run):
    """A run whose slices are executed by `function`."""

    function: Any

    def slice(self) -> int:
        plan, state = self.plan, self.state
        numbers = {
            "steps": self.slice_steps, "stop": plan.stop if self.measuring else plan.warmup,
            "operations": plan.operations if self.measuring else 0,
            "instr_alone": plan.instr, "instr_shared": plan.instr_shared, "hit": plan.hit,
            "rmw": plan.rmw, "occ_r": plan.occ_r, "occ_w": plan.occ_w_percent,
            "near": plan.near_percent, "smt": plan.smt_percent, "home_from": plan.home_from,
            "mem": plan.mem, "far": plan.far, "max_local": plan.max_local,
            "call_depth": plan.program.image.call_depth, "frame": self.frame,
            "streams": len(self.stream_keys), "places": len(plan.distance),
            "lines": len(plan.home_place), "cpus": plan.cpus,
            "regions_each": len(state.regions) // (at.REGION_ROW * plan.cpus),
            "memory_words": len(state.memory), "ghost_words": len(state.ghost),
        }  # fmt: skip
        tables: dict[str, Any] = {
            "stream_keys": self.stream_keys, "code": self.code, "distance": plan.distance,
            "parameters": plan.program.parameters, "core_place": plan.core_place,
            "home_place": plan.home_place,
        }  # fmt: skip
        pointers = {name: tables.get(name, getattr(state, name, None)) for name in TABLES}
        arguments = _Arguments(
            **numbers,
            line_key=plan.line_key,
            **{name: _address(table) for name, table in pointers.items()},
        )
        reason: int = self.function(ctypes.byref(arguments))
        return reason


def kind_of_run(library: Any) -> type[Run]:
    """Return a kind of run whose slices the C engine executes; all else is the numba engine's."""

    class BuiltRun(CRun):
        function = staticmethod(library)

    return BuiltRun


def _address(table: np.ndarray[Any, Any] | None) -> int:
    assert table is not None
    assert table.flags.c_contiguous
    return table.ctypes.data
