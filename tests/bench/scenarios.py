"""The runs that are timed: ticket, MCS and private locks on an even machine."""

from __future__ import annotations

from typing import Any

import numpy as np

from smplab.language.build import build_image
from smplab.language.image import Layout
from smplab.machine.description import Costs, Machine
from smplab.machine.plan import Plan, make_plan
from smplab.machine.result import Limits
from smplab_plugins.locks.mcs import McsLock
from smplab_plugins.locks.ticket import TicketLock
from smplab_plugins.workloads.lock_contention import LockContention

NAMES = ("ticket", "mcs", "private")
SIZES = (2, 8, 64, 1024)
SOCKET = 16
"""CPUs of a socket; 100 cycles between two CPUs of one, 300 across."""


def machine_of(cpus: int) -> Machine:
    """Return a machine of sockets of 16 CPUs each, with the costs of Opteron-like hardware."""
    number = np.arange(cpus, dtype=np.int32)
    socket = number // SOCKET
    sockets = int(socket[-1]) + 1
    distance = np.full((sockets, sockets), 300, np.int32)
    np.fill_diagonal(distance, 100)
    return Machine(
        name="bench", clock_ghz=2.0, core=number, cluster=socket, socket=socket, node=socket,
        place=socket, distance_cycles=distance, place_of_node=np.arange(sockets, dtype=np.int32),
        costs=Costs(), origins={},
    )  # fmt: skip


def request(name: str, cpus: int, operations: int) -> dict[str, Any]:
    """Return the arguments of `simulate` for a scenario."""
    lock = McsLock() if name == "mcs" else TicketLock()
    workload = LockContention()
    workload.lock = lock
    image = build_image({"lock": lock, "workload": workload})
    machine = machine_of(cpus)
    values = {
        "workload.critical_section_cycles": 100, "workload.lines_dirtied": 1,
        "workload.think_cycles": 100, "workload.locks": cpus if name == "private" else 1,
        "lock.backoff_cycles": 0,
    }  # fmt: skip
    layout = Layout(cpus, machine.nodes, tuple(int(n) for n in machine.node))
    program = image.load({k: v for k, v in values.items() if k in image.parameters}, layout)
    return {
        "program": program, "machine": machine, "cpus": np.arange(cpus), "seed": 1,
        "limits": Limits(operations=operations),
    }  # fmt: skip


def plan_of(arguments: dict[str, Any]) -> Plan:
    """Return the plan of a request."""
    return make_plan(**arguments, instr_cycles=1.0)
