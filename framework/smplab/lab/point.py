"""From a configuration to its metrics: assemble a system, run it, measure it.

Machines and images are kept for the life of the process, since a sweep asks for the same few again
and again: two points that differ in numbers alone share their image.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from smplab.kernel.contracts import Workload
from smplab.kernel.kernel import Kernel, KernelWorkload
from smplab.kernel.policy import Policy
from smplab.lab.executors.work import Computed
from smplab.lab.metrics import Metrics, metrics_of
from smplab.lab.tracing import summary, to_perfetto
from smplab.language.build import build_image
from smplab.language.component import Component
from smplab.language.image import Image, Layout, Program
from smplab.machine import engine_digest, simulate, simulate_traced
from smplab.machine.description import Machine, Topology
from smplab.machine.errors import SimulationError
from smplab.machine.placement import place
from smplab.machine.result import Limits, Result
from smplab.plugin.contexts import Measurement
from smplab.plugin.errors import ConfigError
from smplab.plugin.host import Host, shared_host

NOT_PHYSICS = (
    "executor", "tracking", "hydra", "experiment", "objective", "trace", "trace_events",
)  # fmt: skip
"""Keys of a configuration that do not change what is simulated."""


@dataclass(frozen=True, eq=False)
class System:
    """A machine with a program on it.

    Attributes:
        machine: what is simulated.
        program: the image, bound to the numbers of the point.
        cpus: int64 [program.cpus], the machine's CPU of each logical CPU.
    """

    machine: Machine
    program: Program
    cpus: npt.NDArray[np.int64]


def assemble(config: Mapping[str, Any], host: Host) -> System:
    """Return the system that a resolved configuration describes.

    Raises:
        SmplabError: the configuration asks for what does not exist or does not fit together.
    """
    topology = json.dumps(config["topology"], sort_keys=True)
    machine = _machine(topology, config["instr_cycles"], host)
    cpus = place(machine, config["cpus"], config["placement"])
    components = _components(config, host)
    kernel = components.get("kernel")
    if isinstance(kernel, Kernel) and kernel.spaces and machine.costs.tlb_tags and not kernel.tags:
        raise ConfigError(
            "topology.costs.tlb_tags=true: this machine's TLBs keep translations over a change of"
            " space, and the kernel must know that: give kernel.tags=true"
        )
    image = _image(_structure(components), host)
    layout = Layout(len(cpus), machine.nodes, tuple(int(n) for n in machine.node[cpus]))
    values = {k: v for k, v in _numbers(components).items() if k in image.parameters}
    return System(machine, image.load(values, layout), cpus)


def run_point(config: Mapping[str, Any]) -> Metrics:
    """Simulate one point, without a trace, and return its metrics.

    Raises:
        SmplabError: a configuration that cannot be met, or the diagnosis of a run that failed.
    """
    return dict(compute_point({**config, "trace": False}).metrics)


def compute_point(config: Mapping[str, Any]) -> Computed:
    """Simulate one point; return its metrics, and its trace if the configuration asks for one.

    Raises:
        SmplabError: a configuration that cannot be met, or the diagnosis of a run that failed and
            left no trace.
    """
    host = shared_host()
    system = assemble(config, host)
    limits = Limits(
        warmup_cycles=config["warmup_cycles"],
        run_cycles=config["run_cycles"],
        operations=config["operations"],
        max_cycles=config["max_cycles"],
    )
    seed = derived_seed(config["seed"], config["replica"])
    program, machine, cpus = system.program, system.machine, system.cpus
    instr_cycles = config["instr_cycles"]
    if not config.get("trace", False):
        result = simulate(program, machine, cpus, seed, limits, instr_cycles)
        return Computed(_metrics(result, system, config, host))
    ended, trace = simulate_traced(
        program, machine, cpus, seed, limits, instr_cycles, config["trace_events"]
    )
    if isinstance(ended, SimulationError):
        if trace.end == trace.begin:
            raise ended  # before anything was measured
        metrics, failure = {}, ended
    else:
        metrics, failure = _metrics(ended, system, config, host), None
    return Computed(
        metrics,
        {"trace": summary(trace, program)},
        to_perfetto(trace, program, machine, cpus),
        failure,
    )


def _metrics(result: Result, system: System, config: Mapping[str, Any], host: Host) -> Metrics:
    """Return our metrics, and those of plugins."""
    image = system.program.image
    metrics = metrics_of(result, image, system.machine)
    measurement = Measurement(result, image, system.machine, config)
    for metric in host.metrics:
        value = metric.compute(measurement)
        if value is not None:
            metrics[metric.name] = float(value)
    return metrics


def point_identity(config: Mapping[str, Any]) -> str:
    """Return the name of a point: a hash of all that its result depends on.

    That is the resolved configuration, the linked image, the machine description and the engine's
    sources, so that no edit can meet a stale result.

    Raises:
        SmplabError: as `assemble`.
    """
    system = assemble(config, shared_host())
    physics = {k: v for k, v in config.items() if k not in NOT_PHYSICS}
    h = hashlib.sha256(json.dumps(physics, sort_keys=True).encode())
    for part in (system.program.image.digest, system.machine.digest, engine_digest()):
        h.update(part.encode())
    return h.hexdigest()[:16]


def derived_seed(seed: int, replica: int) -> int:
    """Return the seed of a replica; the same for every mechanism, so that they can be paired."""
    return int(np.random.SeedSequence([seed, replica]).generate_state(1, np.uint64)[0] >> 1)


@cache
def _machine(topology: str, instr_cycles: float, host: Host) -> Machine:
    described: Topology = host.registry.build("topology", json.loads(topology))
    described.instr_cycles = instr_cycles
    return described.describe()


def _components(config: Mapping[str, Any], host: Host) -> dict[str, Component]:
    """Make the point's components, each behind those that it uses, and wire them."""
    components: dict[str, Component] = {}

    def add(name: str, component: Component) -> None:
        for slot in component.slots():
            if slot not in components:
                kind = f"mechanism/{slot}"
                add(slot, host.registry.build(kind, config["mechanism"][slot]))
        _wire(component, components)
        components[name] = component

    workload: Workload = host.registry.build("workload", config["workload"])
    if isinstance(workload, KernelWorkload):
        add("kernel", host.registry.build("kernel", config["kernel"]))
        if config["policy"]:
            add("policy", host.registry.build("policy", config["policy"]))
    add("workload", workload)
    return components


def _wire(component: Component, components: Mapping[str, Component]) -> None:
    """Give a component what it uses."""
    for slot in component.slots():
        setattr(component, slot, components[slot])
    if isinstance(component, KernelWorkload | Policy):
        kernel = components["kernel"]
        assert isinstance(kernel, Kernel)
        component.kernel = kernel
        if isinstance(component, Policy):
            kernel.policy = component


Structure = tuple[tuple[str, type[Component], tuple[tuple[str, Any], ...]], ...]


def _structure(components: Mapping[str, Component]) -> Structure:
    """What decides the code: classes, and parameters that are not mere numbers."""
    return tuple(
        (
            name,
            type(component),
            tuple(
                (field.name, getattr(component, field.name))
                for field, info in component.parameters()
                if info.build or not _is_number(getattr(component, field.name))
            ),
        )
        for name, component in components.items()
    )


def _numbers(components: Mapping[str, Component]) -> dict[str, int]:
    return {
        f"{name}.{field.name}": getattr(component, field.name)
        for name, component in components.items()
        for field, info in component.parameters()
        if not info.build and _is_number(getattr(component, field.name))
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@cache
def _image(structure: Structure, host: Host) -> Image:
    """Build the image of a structure; numbers are left at their defaults, since they are data."""
    del host  # a part of the key only: another host may know other classes by the same name
    components: dict[str, Component] = {}
    for name, component, values in structure:
        instance = component(**dict(values))
        _wire(instance, components)
        components[name] = instance
    return build_image(components)
