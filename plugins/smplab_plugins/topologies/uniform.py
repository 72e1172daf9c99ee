"""Topology `uniform`: as many CPUs as asked for, all equally far from each other."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from smplab.api import (
    MAX_CPUS,
    Machine,
    MachineError,
    Origin,
    Provenance,
    Topology,
    origins_of,
    parameter,
)
from smplab_plugins.topologies.uncalibrated import OCC_R_ORIGIN, UncalibratedCosts


@dataclass(eq=False)
class Uniform(Topology):
    """One place, one socket, one memory node: nothing but contention tells the CPUs apart."""

    source: ClassVar[str] = "invented: a machine without a shape"
    origins: ClassVar[dict[str, Origin]] = {
        "clock_ghz": Origin(Provenance.ESTIMATED, "a round number"),
        "distance_cycles": Origin(
            Provenance.ESTIMATED, "about a transfer within one socket of a server"
        ),
        "costs.occ_r": OCC_R_ORIGIN,
    }

    cpus: int = parameter(
        MAX_CPUS, "number of CPUs, siblings included", minimum=1, maximum=MAX_CPUS
    )
    smt: int = parameter(1, "CPUs of one core", minimum=1, maximum=8)
    distance_cycles: int = parameter(
        100, "transfer between any two cores", unit="cycles", minimum=1, maximum=10**6,
        source="estimated: about a transfer within one socket of a server",
    )  # fmt: skip
    clock_ghz: float = parameter(2.0, "clock", unit="GHz", source="estimated: a round number")
    costs: UncalibratedCosts = dataclasses.field(default_factory=UncalibratedCosts)

    def describe(self) -> Machine:
        """Return the machine; CPU c is on core c // smt.

        Raises:
            MachineError: the cores do not come out even, or the clock stands still.
        """
        if self.cpus % self.smt:
            raise MachineError(
                f"topology.cpus={self.cpus} is no multiple of topology.smt={self.smt}: "
                f"set topology.cpus={self.cpus - self.cpus % self.smt or self.smt}"
            )
        if not self.clock_ghz > 0:
            raise MachineError(f"topology.clock_ghz={self.clock_ghz}: must be above 0")
        zeros = np.zeros(self.cpus, np.int32)
        return Machine(
            name="uniform",
            clock_ghz=self.clock_ghz,
            core=np.arange(self.cpus, dtype=np.int32) // np.int32(self.smt),
            cluster=zeros,
            socket=zeros,
            node=zeros,
            place=zeros,
            distance_cycles=np.full((1, 1), self.distance_cycles, np.int32),
            place_of_node=np.zeros(1, np.int32),
            costs=self.costs.resolved(self.distance_cycles),
            origins=origins_of(self),
        )
