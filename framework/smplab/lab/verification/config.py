"""What a check's configuration holds, and whether it makes sense."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smplab.language.component import parameter
from smplab.plugin.errors import ConfigError, choices
from smplab.plugin.host import Host
from smplab.plugin.schema import check, check_value, schema_of
from smplab.verify.options import MemoryModel, Options, Progress

Plain = dict[str, Any]


@dataclass
class CheckValues:
    """The values of a check that belong to no plugin. Defaults are in conf/verify.yaml."""

    cpus: int = parameter(doc="CPUs that take part", minimum=1, maximum=8)
    memory_model: str = parameter(
        doc="when a store becomes visible to other CPUs: sc, at once; tso, when it leaves a store "
        "buffer, in order; pso, in order for each word",
        choices=("sc", "tso", "pso"),
    )
    mutant: str = parameter(
        doc="all: each weakening that a component names must be caught as well; none; or the name "
        "of one, to be checked alone and shown"
    )
    store_buffer: int = parameter(
        doc="stores that a CPU may have pending under tso and pso", minimum=1, maximum=8
    )
    reduction: bool = parameter(doc="merge steps that no other CPU can observe")
    symmetry: bool = parameter(doc="identify states that differ by a renaming of CPUs")
    fingerprints: bool = parameter(
        doc="keep 64 bits of each state: less memory, some states may be missed, no progress judged"
    )
    random_values: int = parameter(
        doc="a random bound up to this is tried with every value, else with both ends", minimum=1
    )
    max_states: int = parameter(doc="the search ends after so many states", minimum=1)
    max_depth: int = parameter(doc="the search ends after so many steps from the start", minimum=1)
    max_memory_mib: int = parameter(doc="the search ends at so much memory", unit="MiB", minimum=1)
    max_wall_s: int = parameter(doc="the search ends after so long", unit="s", minimum=1)


GROUPS = ("kernel", "mechanism", "scenario", "executor", "tracking")
SETTINGS = ("executor", "tracking")
"""Keys that say how points are computed and kept, not what is checked."""


def root_schema() -> type:
    """Return the dataclass that types the root of the configuration, for Hydra's ConfigStore."""
    groups = [(name, Any, dataclasses.field(default=None)) for name in GROUPS]
    return dataclasses.make_dataclass("Verification", groups, bases=(schema_of(CheckValues),))


def checked(config: Plain, host: Host) -> Plain:
    """Return a resolved configuration after checking all of its values.

    Raises:
        ConfigError: key, value and what is valid.
    """
    known = {*GROUPS, *(field.name for field in dataclasses.fields(CheckValues))}
    for key in config:
        if key not in known:
            raise ConfigError(f"the configuration has no key {key}; {choices(key, known)}")
    for field in dataclasses.fields(CheckValues):
        check_value(config[field.name], field.metadata["parameter"], field.name)
    for kind in ("executor", "tracking"):
        if not config[kind]:
            raise ConfigError(f"{kind} is not chosen; {choices('', host.registry.names(kind))}")
    chosen = [(kind, config[kind]) for kind in ("scenario", "kernel", *SETTINGS) if config[kind]]
    fillings = {slot: values for slot, values in (config["mechanism"] or {}).items() if values}
    chosen += [(f"mechanism/{slot}", values) for slot, values in fillings.items()]
    for kind, values in chosen:
        check(host.find(kind, values["name"]).component, values, kind.replace("/", "."))
    return {**config, "mechanism": fillings}


def options_of(config: Mapping[str, Any], progress: str) -> Options:
    """Return what the checker is asked for, with the progress that the scenario asks.

    Raises:
        VerifyError: the values leave nothing to explore.
    """
    return Options(
        memory_model=MemoryModel(config["memory_model"]),
        store_buffer=config["store_buffer"],
        reduction=config["reduction"],
        symmetry=config["symmetry"],
        fingerprints=config["fingerprints"],
        progress=Progress.NONE if config["fingerprints"] else Progress(progress),
        random_values=config["random_values"],
        max_states=config["max_states"],
        max_depth=config["max_depth"],
        max_memory_bytes=config["max_memory_mib"] * 2**20,
        max_wall_s=float(config["max_wall_s"]),
    )
