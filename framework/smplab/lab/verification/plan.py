"""From overrides to checks: `mechanism/lock=mcs cpus=2,3 memory_model=sc,tso`.

Each combination of values is checked in each scenario of the slots that are named: a point. Each
mutant is one point more (`smplab.lab.verification.mutants`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smplab.kernel.scenario import KernelScenario
from smplab.lab.compose import Composer
from smplab.lab.grid import CachingComposer, combinations
from smplab.lab.verification.config import SETTINGS, checked
from smplab.lab.verification.mutants import Listed, mutant_points
from smplab.lab.verification.system import (
    Tried,
    default_values,
    mutants_of,
    point_config,
    slots_needed,
)
from smplab.plugin.contexts import Point
from smplab.plugin.errors import ConfigError, choices
from smplab.plugin.host import Host

Identity = Callable[[Mapping[str, Any]], str]
CONFIG_NAME = "verify"


@dataclass(frozen=True)
class Checks:
    """What a command asks for.

    Attributes:
        points: all different, mutants last.
        settings: executor and tracking, which all points share.
        listed: mutants that are not run, and why.
    """

    points: tuple[Point, ...]
    settings: dict[str, Any]
    listed: tuple[Listed, ...] = ()


def expand(
    overrides: Sequence[str], host: Host, identity: Identity, *, multirun: bool = False
) -> Checks:
    """Return the checks that the overrides ask for.

    Args:
        overrides: in Hydra's syntax.
        host: knows the components.
        identity: names a point by all that its verdict depends on.
        multirun: whether several values of a key are a sweep, or a mistake.

    Raises:
        SmplabError: what is asked for does not exist, is out of bounds, or cannot be built.
    """
    found = [(c, scenarios_of(c, host)) for c in _configs(overrides, host, multirun)]
    shared = {key: found[0][0][key] for key in SETTINGS}
    if any(shared[key] != config[key] for config, _ in found for key in SETTINGS):
        raise ConfigError("executor and tracking belong to the whole sweep; give one value")
    plain = [p for config, tried in found for p in _plain_points(config, tried, host)]
    weakened, listed = mutant_points([f for f in found if f[0]["mutant"] == "all"], host)
    points = points_of([*plain, *weakened], identity)
    return Checks(tuple({p.hash: p for p in points}.values()), shared, tuple(listed))


def points_of(configs: Iterable[Mapping[str, Any]], identity: Identity) -> Iterator[Point]:
    """Yield the points of resolved configurations."""
    for config in configs:
        yield Point(config, identity(config), 0, 0)


def scenarios_of(config: Mapping[str, Any], host: Host) -> list[Tried]:
    """Return the scenario that is chosen, or all those of the slots that are named.

    Raises:
        ConfigError: nothing is named, or what is named does not go together.
    """
    named = config["mechanism"]
    entries = [entry for entry in host.registry if entry.kind == "scenario"]
    if config["scenario"]:
        chosen = host.find("scenario", config["scenario"]["name"])
        tried = [Tried(config["scenario"], chosen.component, slots_needed(chosen, config, host))]
    elif config["kernel"] or named:
        if config["kernel"]:
            entries = [e for e in entries if issubclass(e.component, KernelScenario)]
        else:
            entries = [e for e in entries if e.slots() and set(e.slots()) <= set(named)]
        tried = [
            Tried(default_values(e), e.component, slots_needed(e, config, host)) for e in entries
        ]
    else:
        slots = [kind for kind in host.registry.kinds() if kind.startswith("mechanism/")]
        raise ConfigError(
            "name what to verify: a slot's filling, as mechanism/lock=mcs, a kernel or a scenario; "
            f"slots: {', '.join(slots)}; scenarios: {', '.join(e.name for e in entries)}"
        )
    if config["kernel"] and not any(one.on_kernel for one in tried):
        name = tried[0].values["name"]
        raise ConfigError(f"kernel is named, but scenario {name} runs on the bare machine")
    for slot in named:
        if not any(slot in one.slots for one in tried):
            which = f"scenario {tried[0].values['name']} does not use" if tried else "nothing tries"
            raise ConfigError(f"mechanism/{slot} is named, but {which} the slot {slot}")
    return tried


def _configs(overrides: Sequence[str], host: Host, multirun: bool) -> Iterator[dict[str, Any]]:
    composer = CachingComposer(Composer(host, CONFIG_NAME))
    for line in overrides:
        kind = line.partition("=")[0]
        if kind.startswith("mechanism/") and not host.registry.names(kind):
            slots = [k for k in host.registry.kinds() if k.startswith("mechanism/")]
            raise ConfigError(f"{line}: there is no slot {kind}; {choices(kind, slots)}")
    for combination in combinations(composer.parse(overrides), composer, multirun):
        yield checked(composer.config(combination), host)


def _plain_points(
    config: Mapping[str, Any], tried: Sequence[Tried], host: Host
) -> Iterator[dict[str, Any]]:
    """Yield the points of one combination that stand for themselves: no mutants, or one by name."""
    mutant = config["mutant"]
    if mutant in {"all", "none"}:
        yield from (point_config(config, [one]) for one in tried)
        return
    known: dict[str, None] = {}
    for one in tried:
        components = [
            host.find(f"mechanism/{slot}", config["mechanism"][slot]["name"]).component
            for slot in one.slots
        ]
        if one.on_kernel:
            components.append(host.find("kernel", config["kernel"]["name"]).component)
        names = [n for component in (*components, one.component) for n in mutants_of(component)]
        known |= dict.fromkeys(names)
        if mutant in names:
            yield point_config(config, [one], mutant)
    if mutant not in known:
        raise ConfigError(f"mutant={mutant}: {choices(mutant, ['all', 'none', *known])}")
