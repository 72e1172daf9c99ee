"""A small set of plugins for tests: their parameters are of every type, their slots differ."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from smplab.language.component import Component, parameter, slot
from smplab.machine.description import Costs, Topology
from smplab.plugin.contexts import Components
from smplab.plugin.hookspecs import hookimpl
from smplab.plugin.host import Host


@dataclass(eq=False)
class SlowCosts(Costs):
    """A cost table with a default of its own."""

    hit: int = parameter(7, "access to a copy", unit="cycles", minimum=1)


@dataclass(eq=False)
class Uniform(Topology):
    """A machine of any size.

    More of it.
    """

    source: ClassVar[str] = "nobody"

    size: int = parameter(4, "CPUs", minimum=1, maximum=64)
    clock_ghz: float = parameter(2.0, "clock", unit="GHz")
    costs: SlowCosts = dataclasses.field(default_factory=SlowCosts)


@dataclass(eq=False)
class Matrix(Topology):
    """A machine from a file."""

    file: str = parameter(doc="a CSV file")
    sockets: int | None = parameter(None, "sockets; null: found from the gaps")


@dataclass(eq=False)
class Ticket(Component):
    """A ticket lock."""

    backoff_cycles: int = parameter(0, "pause", unit="cycles", minimum=0, source="section 2.2")


@dataclass(eq=False)
class Mcs(Component):
    """A queue lock."""

    nodes: int = parameter(4, "queue nodes", build=True, minimum=1)


@dataclass(eq=False)
class Cohort(Component):
    """A backing store that uses a lock itself."""

    lock: Component = slot()

    fair: bool = parameter(True, "whether sockets take turns")


@dataclass(eq=False)
class LockContention(Component):
    """Every CPU takes the lock."""

    lock: Component = slot()

    think_cycles: int = parameter(100, "pause between operations", unit="cycles", minimum=0)
    think: str = parameter("constant", "how pauses vary", choices=("constant", "uniform"))


@dataclass(eq=False)
class Private(Component):
    """No CPU meets another."""

    think_cycles: int = parameter(10, "pause between operations", unit="cycles", minimum=0)


@dataclass(eq=False)
class Faults(Component):
    """Uses a slot whose filling uses another."""

    store: Component = slot()


@dataclass(eq=False)
class Nothing(Component):
    """Nothing to set."""


class Untracked(Nothing):
    """Keeps nothing."""


@dataclass(eq=False)
class Serial(Component):
    """One after the other."""

    timeout_s: int = parameter(0, "how long a point may take", unit="s", minimum=0)


class SamplePlugin:
    @hookimpl
    def register_components(self, context: Components) -> None:
        context.add("topology", "uniform", Uniform)
        context.add("topology", "matrix", Matrix)
        context.add("kernel", "none", Nothing)
        context.add("mechanism/accounting", "none", Nothing)
        context.add("mechanism/fine_lock", "ticket", Ticket)
        context.add("mechanism/grace", "epochs", Nothing)
        context.add("mechanism/granularity", "object", Nothing)
        context.add("mechanism/lock", "ticket", Ticket)
        context.add("mechanism/lock", "mcs", Mcs)
        context.add("mechanism/synchronization", "locked", Nothing)
        context.add("mechanism/tlb", "batched", Nothing)
        context.add("mechanism/tracking", "bitmap", Nothing)
        context.add("mechanism/store", "cohort", Cohort)
        context.add("policy", "static", Nothing)
        context.add("workload", "lock_contention", LockContention)
        context.add("workload", "private", Private)
        context.add("workload", "faults", Faults)
        context.add("executor", "serial", Serial)
        context.add("tracking", "mlflow", Nothing)
        context.add("tracking", "none", Untracked)


def sample_host() -> Host:
    host = Host(autoload=False)
    host.register(SamplePlugin(), "samples", "smplab-samples")
    return host


def identity(config: Mapping[str, Any]) -> str:
    """Name a point by its configuration alone; nothing is built."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]
