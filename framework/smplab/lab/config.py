"""What a configuration holds, and whether it makes sense: everything that needs no Hydra."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smplab.language.component import parameter
from smplab.machine.placement import POLICIES
from smplab.plugin.errors import ConfigError, choices
from smplab.plugin.host import Host
from smplab.plugin.schema import MISSING_VALUE, check, check_value, schema_of

Plain = dict[str, Any]


@dataclass
class Values:
    """The values of a configuration that belong to no plugin. Defaults are in conf/config.yaml."""

    cpus: int = parameter(doc="CPUs that take part", minimum=1)
    placement: str = parameter(
        doc="which of the machine's CPUs these are: as close as possible, as far apart as "
        "possible, or socket by socket",
        choices=POLICIES,
    )
    seed: int = parameter(doc="decides all random numbers, together with the replica", minimum=0)
    replicas: int = parameter(doc="repetitions with random numbers of their own", minimum=1)
    warmup_cycles: int = parameter(doc="simulated first and not counted", unit="cycles", minimum=0)
    run_cycles: int | None = parameter(
        doc="how long is measured; null: until `operations`", unit="cycles", minimum=1
    )
    operations: int | None = parameter(
        doc="how many operations are measured; null: `run_cycles` decides", minimum=1
    )
    max_cycles: int = parameter(
        doc="a run by `operations` that takes longer has failed", unit="cycles", minimum=1
    )
    instr_cycles: float = parameter(
        doc="cost of an instruction that stays inside the CPU; a multiple of 0.05", unit="cycles"
    )
    trace: bool = parameter(
        doc="write what happens in the measured part, for Perfetto; changes no result"
    )
    trace_events: int = parameter(
        doc="how many slices and events a trace holds at most; it ends there", minimum=1
    )
    objective: str | None = parameter(doc="the metric that an optimiser of Hydra's gets to see")


GROUPS = ("topology", "kernel", "mechanism", "policy", "workload", "executor", "tracking")
SETTINGS = ("executor", "tracking", "objective")
"""Keys that say how points are computed and kept, not what is simulated."""
_REQUIRED = ("topology", "kernel", "workload", "executor", "tracking")
_NOT_IN_POINTS = (*SETTINGS, "replicas", "grids")


def root_schema() -> type:
    """Return the dataclass that types the root of the configuration, for Hydra's ConfigStore."""
    groups = [(name, Any, dataclasses.field(default=None)) for name in GROUPS]
    grids = ("grids", Any, dataclasses.field(default=None))
    return dataclasses.make_dataclass("Configuration", [*groups, grids], bases=(schema_of(Values),))


def slots_in_use(config: Mapping[str, Any], host: Host) -> tuple[str, ...]:
    """Return the slots that workload, kernel, policy and, in turn, the fillings use.

    Raises:
        ConfigError: a component does not exist, or a slot in use has no filling.
    """
    fillings = config.get("mechanism") or {}
    users = [(kind, config[kind]) for kind in ("workload", "kernel", "policy") if config.get(kind)]
    found: list[str] = []
    while users:
        kind, values = users.pop(0)
        for slot in host.find(kind, values["name"]).slots():
            if slot in found:
                continue
            found.append(slot)
            if not fillings.get(slot):
                names = host.registry.names(f"mechanism/{slot}")
                raise ConfigError(
                    f"{kind} {values['name']} uses the slot {slot}: give mechanism/{slot}=NAME; "
                    + choices("", names)
                )
            users.append((f"mechanism/{slot}", fillings[slot]))
    return tuple(found)


def refuse_unused(named: Iterable[str], config: Mapping[str, Any], in_use: tuple[str, ...]) -> None:
    """Refuse slots that the user named and nobody uses.

    Args:
        named: what the user set: "mechanism/lock", "mechanism.lock.nodes", "cpus", ...
        config: the resolved configuration.
        in_use: the slots in use.

    Raises:
        ConfigError: names the slot and the workload.
    """
    for key in named:
        first, _, rest = key.replace("/", ".").partition(".")
        slot = rest.partition(".")[0]
        if first == "mechanism" and slot and slot not in in_use:
            used = ", ".join(in_use) if in_use else "none"
            raise ConfigError(
                f"{key} is set, but workload {config['workload']['name']} with kernel "
                f"{config['kernel']['name']} does not use the slot {slot}; it uses: {used}"
            )


def checked(config: Plain, named: Iterable[str], host: Host) -> Plain:
    """Return the configuration of a point, less what it does not use, after checking all values.

    Args:
        config: resolved, plain, with all keys of the root.
        named: keys that the user set.
        host: knows the components.

    Raises:
        ConfigError: key, value and what is valid.
    """
    for kind in _REQUIRED:
        if not config[kind]:
            raise ConfigError(f"{kind} is not chosen; {choices('', host.registry.names(kind))}")
    named = list(named)
    config = {**config, "policy": _policy(config, named, host)}
    in_use = slots_in_use(config, host)
    refuse_unused(named, config, in_use)
    fillings = config["mechanism"] or {}
    mechanism = {slot: fillings[slot] if slot in in_use else None for slot in sorted(fillings)}
    config = {**config, "mechanism": mechanism}
    known = {*GROUPS, "grids", *(field.name for field in dataclasses.fields(Values))}
    for key in config:
        if key not in known:
            raise ConfigError(f"the configuration has no key {key}; {choices(key, known)}")
    for field in dataclasses.fields(Values):
        info = field.metadata["parameter"]
        if config[field.name] == MISSING_VALUE:
            raise ConfigError(f"{field.name} must be given: {info.doc}")
        check_value(config[field.name], info, field.name)
    for kind, values in _components(config):
        check(host.find(kind, values["name"]).component, values, kind.replace("/", "."))
    _check_kernel(config, host)
    _check_ends(config)
    return config


def point_config(config: Mapping[str, Any], replica: int) -> Plain:
    """Return what is simulated: the configuration without its settings, with its replica."""
    point = {key: value for key, value in config.items() if key not in _NOT_IN_POINTS}
    return {**point, "replica": replica}


def settings(config: Mapping[str, Any]) -> Plain:
    """Return how points are computed and kept."""
    return {key: config[key] for key in SETTINGS}


def _components(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for kind in GROUPS:
        if kind == "mechanism":
            for slot, values in config["mechanism"].items():
                if values:
                    yield f"mechanism/{slot}", values
        elif config[kind]:
            yield kind, config[kind]


def _policy(config: Mapping[str, Any], named: Iterable[str], host: Host) -> Any:
    """Return the policy with its values, or None without a kernel that it could speak to.

    Raises:
        ConfigError: one is chosen that the kernel does not take, or none where there must be one.
    """
    from smplab.kernel.kernel import Kernel
    from smplab.kernel.policy import Policy

    chosen = config["kernel"]["name"]
    kernel = host.find("kernel", chosen).component
    if not issubclass(kernel, Kernel):
        for key in named:
            if key.partition(".")[0] == "policy":
                raise ConfigError(
                    f"{key} is set, but kernel={chosen}, on which workload"
                    f" {config['workload']['name']} is to run, takes no policy: leave it out, or"
                    " choose another kernel"
                )
        return None
    policies = {n: host.find("policy", n).component for n in host.registry.names("policy")}
    if not config["policy"]:
        raise ConfigError(f"policy is not chosen; {choices('', policies)}")
    name = config["policy"]["name"]
    acting = [n for n, other in policies.items() if issubclass(other, Policy) and other.acts]
    if name in acting and not kernel.multiprocessor:
        raise ConfigError(
            f"policy={name} says how objects are protected from other CPUs, and kernel={chosen}"
            f" runs on one: leave policy out; {choices('', set(policies) - set(acting))}"
        )
    return config["policy"]


def _check_kernel(config: Mapping[str, Any], host: Host) -> None:
    from smplab.kernel.kernel import Kernel, KernelWorkload

    workload, chosen = config["workload"]["name"], config["kernel"]["name"]
    kernels = {n: host.find("kernel", n).component for n in host.registry.names("kernel")}
    wanted = issubclass(host.find("workload", workload).component, KernelWorkload)
    kernel = kernels[chosen]
    if issubclass(kernel, Kernel) != wanted:
        fitting = ", ".join(
            n for n, other in kernels.items() if issubclass(other, Kernel) == wanted
        )
        raise ConfigError(
            f"workload={workload} does not run on kernel={chosen}: give kernel=NAME, one of"
            f" {fitting}"
        )
    if issubclass(kernel, Kernel) and not kernel.multiprocessor and config["cpus"] > 1:
        raise ConfigError(f"kernel={chosen} runs on one CPU: cpus={config['cpus']} must be 1")


def _check_ends(config: Mapping[str, Any]) -> None:
    if (config["run_cycles"] is None) == (config["operations"] is None):
        both = config["operations"] is not None
        raise ConfigError(
            f"operations={config['operations']} and run_cycles={config['run_cycles']} both say "
            "when a run ends: set run_cycles=null"
            if both
            else "nothing says when a run ends: give run_cycles or operations"
        )
    if round(config["instr_cycles"] * 20, 9) % 1 or config["instr_cycles"] < 0:
        raise ConfigError(
            f"instr_cycles={config['instr_cycles']}: must be a multiple of 0.05, and not negative"
        )
