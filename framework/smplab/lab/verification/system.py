"""From a check's configuration to the program that the checker explores."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smplab.kernel.contracts import Scenario
from smplab.kernel.kernel import Kernel
from smplab.kernel.scenario import KernelScenario
from smplab.lab.verification.config import SETTINGS
from smplab.language.build import build_image
from smplab.language.component import Component, Mutant
from smplab.language.image import Layout, Program
from smplab.plugin.errors import ConfigError, choices
from smplab.plugin.host import Host
from smplab.plugin.registry import Entry


@dataclass(frozen=True)
class Tried:
    """A scenario that a configuration is tried in.

    Attributes:
        values: its parameters, with its `name`.
        component: its class.
        slots: those that it, its kernel, and the fillings of their slots use.
    """

    values: Mapping[str, Any]
    component: type[Component]
    slots: tuple[str, ...]

    @property
    def on_kernel(self) -> bool:
        """Whether its threads run on a kernel."""
        return issubclass(self.component, KernelScenario)


@dataclass(frozen=True, eq=False)
class System:
    """A scenario, its slots filled, and the program it became."""

    program: Program
    scenario: Scenario


def slots_needed(entry: Entry, config: Mapping[str, Any], host: Host) -> tuple[str, ...]:
    """Return the slots that a scenario, its kernel and, in turn, their fillings use.

    Raises:
        ConfigError: one of them has no filling, or the scenario no kernel.
    """
    found: list[str] = []
    users = [entry]
    if issubclass(entry.component, KernelScenario):
        users.append(_kernel_of(entry, config, host))
    while users:
        user = users.pop(0)
        for slot in user.slots():
            if slot in found:
                continue
            kind = f"mechanism/{slot}"
            if slot not in config["mechanism"]:
                raise ConfigError(
                    f"{user.kind} {user.name} uses the slot {slot}: give {kind}=NAME; "
                    + choices("", host.registry.names(kind))
                )
            found.append(slot)
            users.append(host.find(kind, config["mechanism"][slot]["name"]))
    return tuple(found)


def _kernel_of(entry: Entry, config: Mapping[str, Any], host: Host) -> Entry:
    able: dict[str, Entry] = {}
    single = []
    for name in host.registry.names("kernel"):
        kernel = host.find("kernel", name)
        if issubclass(kernel.component, Kernel):
            able[name] = kernel
            single += [] if kernel.component.multiprocessor else [name]
    chosen = config["kernel"]["name"] if config["kernel"] else None
    if chosen not in able:
        named = f"not on kernel={chosen}" if chosen else "and none is named"
        raise ConfigError(
            f"scenario {entry.name} runs on a kernel, {named}: give kernel=NAME; "
            + choices("", able)
        )
    if chosen in single and config["cpus"] > 1:
        raise ConfigError(f"kernel={chosen} runs on one CPU: cpus={config['cpus']} must be 1")
    return able[chosen]


def default_values(entry: Entry) -> dict[str, Any]:
    """Return a component's configuration with nothing set: its name and its defaults."""
    return dataclasses.asdict(entry.schema())


def mutants_of(component: type) -> Mapping[str, Mutant]:
    """Return the weakenings that a registered class names."""
    found: Mapping[str, Mutant] = getattr(component, "mutants", {})
    return found


def point_config(
    config: Mapping[str, Any], tried: Sequence[Tried], mutant: str = "", *, catch: bool = False
) -> dict[str, Any]:
    """Return what is checked: a combination's values, less what these scenarios do not use.

    Args:
        config: a checked configuration.
        tried: one scenario, or, with `catch`, those that may catch the mutant.
        mutant: the weakening that is built, or none.
        catch: the point asks whether any of the scenarios catches the mutant.
    """
    slots = {slot for one in tried for slot in one.slots}
    tries = {
        one.values["name"]: {k: v for k, v in one.values.items() if k != "name"} for one in tried
    }
    return {k: v for k, v in config.items() if k not in SETTINGS} | {
        "mechanism": {k: v for k, v in config["mechanism"].items() if k in slots},
        "kernel": _kernel_values(config, tried),
        "scenario": None if catch else dict(tried[0].values),
        "tries": tries if catch else None,
        "mutant": mutant or None,
    }


def _kernel_values(config: Mapping[str, Any], tried: Sequence[Tried]) -> dict[str, Any] | None:
    """The kernel of a point: with what its scenario fixes, if it has one scenario."""
    on_kernel = [one.component for one in tried if issubclass(one.component, KernelScenario)]
    if not on_kernel:
        return None
    fixed = on_kernel[0].capacities if len(tried) == 1 else {}
    return {**config["kernel"], **fixed}


def scenarios_in(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the scenarios of a point: its own, or those that may catch its mutant, in order."""
    if config["tries"]:
        yield from ({"name": name, **values} for name, values in config["tries"].items())
    else:
        yield config["scenario"]


def assemble(config: Mapping[str, Any], scenario: Mapping[str, Any], host: Host) -> System:
    """Return one of a point's scenarios as a program.

    Raises:
        SmplabError: the configuration asks for what does not exist or does not fit together.
    """
    made: dict[str, Component] = {}
    top: Scenario = host.registry.build("scenario", scenario)
    _fill(top, config, host, made)
    if isinstance(top, KernelScenario):
        values = {**config["kernel"], **top.capacities}
        kernel: Kernel = host.registry.build("kernel", values)
        _fill(kernel, config, host, made)
        made["kernel"] = top.kernel = kernel
    for component in (*made.values(), top):
        if config["mutant"] in component.mutants:
            component.mutant = config["mutant"]
    image = build_image({**made, "scenario": top}, main="scenario")
    layout = Layout(config["cpus"], 1, (0,) * config["cpus"])
    return System(image.load({}, layout), top)


def _fill(
    user: Component, config: Mapping[str, Any], host: Host, made: dict[str, Component]
) -> None:
    """Give a component the fillings of its slots; what is used comes before who uses it."""
    for slot in user.slots():
        if slot not in made:
            filling = host.registry.build(f"mechanism/{slot}", config["mechanism"][slot])
            _fill(filling, config, host, made)
            made[slot] = filling
        setattr(user, slot, made[slot])
