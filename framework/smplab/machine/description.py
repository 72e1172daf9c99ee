"""What a machine is: processors, distances, costs. Data only; topology plugins return it.

The quantities are those of the coherence model in `smplab.machine.coherence`.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from smplab.language.component import Component, parameter
from smplab.machine.errors import MachineError

Cycles = npt.NDArray[np.int32]

MAX_CPUS = 4096
TICKS_PER_CYCLE = 20
"""Time inside the machine is counted in ticks, so that half a cycle, and 190 % of it, are exact."""


class Provenance(Enum):
    """Where a number comes from."""

    MEASURED = "measured"  # published, or measured by the user: the source says by whom
    CALIBRATED = "calibrated"  # fitted on one named measurement, which then proves nothing
    ESTIMATED = "estimated"  # neither; the source says why this size
    USER = "user"  # set by the configuration of this run


@dataclass(frozen=True)
class Origin:
    """Provenance of one number, with its source."""

    provenance: Provenance
    source: str


@dataclass(eq=False)
class Costs:
    """The cost table, in cycles of the machine's clock unless a unit says otherwise."""

    hit: int = parameter(3, "access to a copy in the CPU's own cache", unit="cycles", minimum=1)
    rmw: int = parameter(15, "extra for an atomic read-modify-write", unit="cycles", minimum=0)
    occ_r: int = parameter(
        47, "how long a line is busy serving one read of a shared line", unit="cycles", minimum=0
    )
    occ_w: int = parameter(
        100, "how long a line is busy for a contended write, of its latency", unit="%", minimum=1
    )
    near: int = parameter(
        0, "chance that a line serves the nearest requester, not a random one", unit="%",
        minimum=0, maximum=100,
    )  # fmt: skip
    smt: int = parameter(
        190, "computing time while the SMT sibling runs, of the time alone", unit="%", minimum=100
    )
    home_from: int = parameter(
        0, "transfers longer than this also visit the line's home node; 0: none do", unit="cycles",
        minimum=0,
    )  # fmt: skip
    mem: int = parameter(100, "extra when no cache holds the line", unit="cycles", minimum=0)
    far: int = parameter(
        0, "occupancy of atomics executed at the home node; 0: they are executed in the cache",
        unit="cycles", minimum=0,
    )  # fmt: skip
    ipi_send: int = parameter(100, "sending an interrupt, for the sender", unit="cycles", minimum=0)
    ipi: int = parameter(
        1000, "from an interrupt's sending to its arrival, beside the distance", unit="cycles",
        minimum=0,
    )  # fmt: skip
    interrupt_entry: int = parameter(
        300, "from a vector's being taken to its handler's first instruction", unit="cycles",
        minimum=0,
    )  # fmt: skip
    interrupt_exit: int = parameter(
        200, "from a handler's end to what it interrupted", unit="cycles", minimum=0
    )
    kernel_entry: int = parameter(80, "from user level into the kernel", unit="cycles", minimum=0)
    kernel_exit: int = parameter(80, "from the kernel to user level", unit="cycles", minimum=0)
    switch: int = parameter(
        100, "saving one thread's registers and loading another's", unit="cycles", minimum=0
    )
    space: int = parameter(
        150, "changing the page table, beside the misses after it", unit="cycles", minimum=0
    )
    tlb_entries: int = parameter(512, "translations that a CPU's TLB holds", minimum=1)
    tlb_ways: int = parameter(4, "associativity of the TLB; it divides the entries", minimum=1)
    tlb_tags: bool = parameter(
        False, "the TLB keeps translations of several spaces; else a change of space flushes it"
    )
    tlb_drop: int = parameter(
        120, "removing one page from the CPU's own TLB", unit="cycles", minimum=0
    )
    tlb_flush: int = parameter(
        200, "emptying the CPU's own TLB, of one space or of all", unit="cycles", minimum=0
    )
    tlb_broadcast: int = parameter(
        0, "removing translations from all TLBs at once, beside the greatest distance; 0: the"
        " machine cannot", unit="cycles", minimum=0,
    )  # fmt: skip
    toggle: int = parameter(
        300, "patching an instrumentation point, with what serialises it", unit="cycles", minimum=0
    )


@dataclass(frozen=True, eq=False)
class Machine:
    """A multiprocessor as the engine sees it.

    Places are points between which a transfer has a distance: a core, a cluster of cores, a die.

    Attributes:
        name: of the topology, with what sets it apart ("matrix:power7.csv").
        clock_ghz: cycles in a nanosecond.
        core, cluster, socket, node: int32 [cpus], number of the core (CPUs with the same core are
            SMT siblings and share a cache), cluster, socket and memory node of each CPU.
        place: int32 [cpus], place of each CPU; siblings share it.
        distance_cycles: int32 [places, places], transfer between two places; the diagonal is the
            transfer between two cores of one place.
        place_of_node: int32 [nodes], where each memory node is.
        costs: the cost table.
        origins: provenance by name: "distance_cycles", "clock_ghz", "costs.occ_r", ...
    """

    name: str
    clock_ghz: float
    core: Cycles
    cluster: Cycles
    socket: Cycles
    node: Cycles
    place: Cycles
    distance_cycles: Cycles
    place_of_node: Cycles
    costs: Costs
    origins: dict[str, Origin]

    @property
    def cpus(self) -> int:
        """Number of CPUs (hardware threads)."""
        return len(self.core)

    @property
    def nodes(self) -> int:
        """Number of memory nodes."""
        return len(self.place_of_node)

    @cached_property
    def digest(self) -> str:
        """Hash of every number that decides a run."""
        h = hashlib.sha256(repr((self.clock_ghz, dataclasses.astuple(self.costs))).encode())
        for a in (self.core, self.node, self.place, self.distance_cycles, self.place_of_node):
            h.update(np.ascontiguousarray(a).tobytes() + b"|")
        return h.hexdigest()


@dataclass(eq=False)
class Topology(Component):
    """Base of topology plugins: a component whose parameters describe a machine."""

    origins: ClassVar[dict[str, Origin]] = {}

    instr_cycles: float = dataclasses.field(default=1.0, init=False, repr=False)
    """What a local instruction costs in the run; the lab sets it before it calls `describe`.

    A calibrated path cost is a measured total less what the simulated instructions of the path cost
    already, so it follows from this number. A machine without such costs has no use for it.
    """

    def describe(self) -> Machine:
        """Return the machine that the parameters ask for.

        Raises:
            MachineError: the parameters describe no machine.
        """
        raise MachineError(f"{type(self).__name__} describes no machine: it lacks describe()")
