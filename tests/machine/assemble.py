"""Small images written by hand, and small machines to run them on."""

from __future__ import annotations

from typing import Any

import numpy as np

from smplab.language.image import Home, Image, Layout, MemoryObject, Program, Site
from smplab.language.isa import Op
from smplab.machine.description import Costs, Machine

Row = tuple[Any, ...]


def image(*rows: Row, boot: int = -1, entry: int = 0, **fields: Any) -> Image:
    """Rows are an opcode and its operands; parameter 1 is the address of "lock.nodes"."""
    code = np.array([[*row, *[0] * (6 - len(row))] for row in rows], np.int64)
    known: dict[str, Any] = {
        "parameters": ("cpus", "&lock.nodes", "&lock.ghost"),
        "objects": (
            MemoryObject("lock.nodes", 8, (4,), Home.FIRST),
            MemoryObject("lock.ghost", 1, (8,), ghost=True),
        ),
        "messages": ("a ticket is never negative",), "regions": ("operation", "part"),
        "counters": ("spins",), "streams": ("think",), "registers": 8, "call_depth": 2,
    }  # fmt: skip
    return Image(
        code=code,
        sites=tuple(Site("lock.py", 10 + n, "acquire") for n in range(len(code))),
        entry=entry, boot=boot, constants={}, **{**known, **fields},
    )  # fmt: skip


def machine(cpus: int, threads: int = 1, distance: int = 100, **costs: Any) -> Machine:
    """One place a core, all as far from each other; node 0 is at the first core."""
    number = np.arange(cpus, dtype=np.int32)
    core = number // threads
    cores = int(core[-1]) + 1
    zero = np.zeros(cpus, np.int32)
    return Machine(
        name="even", clock_ghz=1.0, core=core, cluster=zero, socket=zero, node=zero, place=core,
        distance_cycles=np.full((cores, cores), distance, np.int32),
        place_of_node=np.zeros(1, np.int32), costs=Costs(**costs), origins={},
    )  # fmt: skip


def load(built: Image, cpus: int) -> Program:
    """Bind an image to a number of CPUs on one node."""
    return built.load({}, Layout(cpus, 1, (0,) * cpus))


NODES: Row = (Op.PARAM, 1, 1)
"""Register 1 <- address of lock.nodes[0]."""
