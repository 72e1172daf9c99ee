"""Images written by hand that have vectors, threads and page tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from smplab.language.image import Image
from smplab.language.isa import Op
from smplab.machine import simulate, simulate_reference
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.result import Limits, Result
from tests.machine.assemble import Row, image, load, machine

Simulate = Callable[..., Result]
both = pytest.mark.parametrize("run", [simulate, simulate_reference])
IRET: Row = (Op.IRET,)
HALT: Row = (Op.HALT,)


def system_image(*rows: Row, handlers: tuple[int, ...] = (), **fields: Any) -> Image:
    """As `image`; `handlers` are the addresses of the handlers of the vectors v0, v1, ..."""
    known: dict[str, Any] = {
        "vectors": tuple(f"v{n}" for n in range(len(handlers))), "handlers": handlers,
        "points": ("log",), "contexts": ((2,),), "frames": ((10,),), "page_levels": 2,
        "page_radix_bits": 2,
    }  # fmt: skip
    return image(*rows, **{**known, **fields})


def run_rows(
    run: Simulate, rows: list[Row], cpus: int, handlers: tuple[int, ...] = (),
    limits: Limits | None = None, threads: int = 1, **costs: Any,
) -> Result:  # fmt: skip
    program = load(system_image(*rows, handlers=handlers), cpus)
    on = machine(cpus, threads, mem=0, **costs)
    return run(program, on, np.arange(cpus), 1, limits or Limits(max_cycles=10**5))


def cycles(result: Result, cpu: int, cause: int) -> float:
    return float(result.account_ticks[cpu, cause] / TICKS_PER_CYCLE)
