"""What the four machines of sel4bench have in common: four cores, each as far as any other."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from smplab.api import Machine, Origin, Topology, origins_of, parameter
from smplab_plugins.topologies.calibrated import CalibratedCosts, Sel4Bench
from smplab_plugins.topologies.locked_build import LockedBuild

CORES = 4


@dataclass(eq=False)
class Quad(Topology):
    """Base of topologies: one socket, one memory node, no SMT."""

    name: ClassVar[str]
    clock_ghz: ClassVar[float]
    neighbour_cycles: ClassVar[int]
    measured: ClassVar[Sel4Bench]
    measured_locked: ClassVar[LockedBuild]

    calibration: str = parameter(
        "single_core",
        "what path costs make up: paths of seL4's build for one CPU; or call and reply of that for"
        " several, with null_syscall's cycles outside the kernel's lock, or (all_locked) nothing",
        choices=("single_core", "multiprocessor", "all_locked"),
    )  # fmt: skip
    costs: CalibratedCosts = dataclasses.field(default_factory=CalibratedCosts)

    def describe(self) -> Machine:
        """Return the machine, its path costs calibrated for the run's `instr_cycles`."""
        costs, origins = self.costs.calibrated(self._path_costs(), self.neighbour_cycles)
        zeros = np.zeros(CORES, np.int32)
        return Machine(
            name=self.name,
            clock_ghz=self.clock_ghz,
            core=np.arange(CORES, dtype=np.int32),
            cluster=zeros,
            socket=zeros,
            node=zeros,
            place=zeros,
            distance_cycles=np.full((1, 1), self.neighbour_cycles, np.int32),
            place_of_node=np.zeros(1, np.int32),
            costs=costs,
            origins={**origins_of(self), **origins},
        )

    def _path_costs(self) -> dict[str, tuple[int, Origin]]:
        """Return each path cost, cycles, with where it comes from."""
        hit, rmw = self.costs.hit, self.costs.rmw
        found = self.measured.path_costs(hit, self.instr_cycles)
        if self.calibration == "single_core":
            return found
        crossing = self.measured.null_syscall if self.calibration == "multiprocessor" else 0
        return found | self.measured_locked.path_costs(crossing, hit, rmw, self.instr_cycles)
