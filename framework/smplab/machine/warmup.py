"""The least runs there are: they make numba compile the engine."""

from __future__ import annotations

import numpy as np

from smplab.language.image import Image, Layout, Program, Site
from smplab.language.isa import Op
from smplab.machine.description import Costs, Machine
from smplab.machine.result import Limits


def tiny_run(*, system: bool) -> tuple[Program, Machine, np.typing.NDArray[np.int64], int, Limits]:
    """Return the arguments of a run in which one CPU halts at once.

    Args:
        system: with an instruction that kernels need, which another compilation executes.
    """
    zero = np.zeros(1, np.int32)
    machine = Machine(
        name="one CPU", clock_ghz=1.0, core=zero, cluster=zero, socket=zero, node=zero, place=zero,
        distance_cycles=np.zeros((1, 1), np.int32), place_of_node=zero, costs=Costs(), origins={},
    )  # fmt: skip
    rows = [[Op.HALT, 0, 0, 0, 0, 0]]
    if system:
        rows.insert(0, [Op.ENABLE, 0, 0, 0, 0, 0])
    image = Image(
        code=np.array(rows, np.int64), sites=(Site("", 0, ""),) * len(rows), entry=0,
        boot=-1, parameters=("cpus",), constants={}, objects=(), messages=(),
        regions=("operation",), counters=(), streams=(), registers=1, call_depth=0,
    )  # fmt: skip
    program = image.load({}, Layout(cpus=1, nodes=1, node_of_cpu=(0,)))
    return program, machine, np.zeros(1, np.int64), 0, Limits()
