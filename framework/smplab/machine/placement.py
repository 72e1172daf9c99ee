"""Which CPU of the machine each logical CPU of a run sits on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smplab.machine.description import Machine
from smplab.machine.errors import MachineError

IntArray = npt.NDArray[np.int64]

POLICIES = ("compact", "scatter", "sockets")


def place(machine: Machine, cpus: int, policy: str) -> IntArray:
    """Choose the first `cpus` CPUs of the machine in the policy's order.

    Every policy lists all CPUs in one order, so that a run with fewer CPUs uses a part of those
    that a run with more CPUs uses, and a curve adds CPUs without moving any.

    - compact: a core with all its SMT siblings, then the next core of the cluster, the next
      cluster of the socket, the next socket.
    - scatter: as far apart as possible: socket after socket in turn, in each of them cluster after
      cluster, in each of those core after core; siblings only when every core has a CPU.
    - sockets: all cores of one socket, then those of the next; siblings, again socket by socket,
      only when every core of the machine has a CPU.

    Args:
        machine: where to run.
        cpus: how many CPUs the run has.
        policy: one of POLICIES.

    Returns:
        Numbers of the machine's CPUs, int64 [cpus], all different.

    Raises:
        MachineError: the machine has fewer CPUs, `cpus` is not positive, or the policy is unknown.
    """
    if policy not in POLICIES:
        raise MachineError(f"placement={policy} is unknown: choose one of {', '.join(POLICIES)}")
    if cpus < 1:
        raise MachineError(f"cpus={cpus}: a run needs at least one CPU")
    if cpus > machine.cpus:
        raise MachineError(
            f"cpus={cpus} is more than topology {machine.name} has: it has {machine.cpus}; "
            f"set cpus={machine.cpus} or less, or choose a larger topology"
        )
    sibling = _index_within(machine.core)
    core = _index_of_group(machine.core, machine.cluster)
    cluster = _index_of_group(machine.cluster, machine.socket)
    number = np.arange(machine.cpus)
    # np.lexsort sorts by the last key first.
    keys = {
        "compact": (number, machine.core, machine.cluster, machine.socket),
        "scatter": (number, machine.socket, cluster, core, sibling),
        "sockets": (number, machine.core, machine.cluster, machine.socket, sibling),
    }[policy]
    return np.lexsort(keys)[:cpus].astype(np.int64)


def _index_within(group: npt.NDArray[np.int32]) -> IntArray:
    """Number the members of each group from 0, in order of their own numbers; [members]."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    first = np.searchsorted(ordered, ordered)
    index = np.empty(len(group), np.int64)
    index[order] = np.arange(len(group)) - first
    return index


def _index_of_group(group: npt.NDArray[np.int32], parent: npt.NDArray[np.int32]) -> IntArray:
    """Number the groups within each parent from 0, and give every member its group's; [members]."""
    _, first, member = np.unique(group, return_index=True, return_inverse=True)
    return _index_within(parent[first])[member]
