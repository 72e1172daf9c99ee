"""From overrides to points: `mechanism/lock=ticket,mcs cpus=range(1,9) replicas=3`.

Hydra composes once for each combination of components; the values of a point are then set on a copy
of that composition. The result is what Hydra's own composition of each point gives, at a hundredth
of its cost. (Defaults lists can refer to choices of components only, never to values, so no value
can change what is composed.)
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf

from smplab.lab.compose import Composer, sweeps, to_plain
from smplab.lab.config import checked, point_config, settings
from smplab.plugin.contexts import Point
from smplab.plugin.errors import ConfigError
from smplab.plugin.host import Host

Identity = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Grid:
    """The points that a command asks for.

    Attributes:
        points: all different, in the order of the grid: the last override varies fastest, replicas
            faster still.
        settings: executor, tracking and objective, which all points share.
    """

    points: tuple[Point, ...]
    settings: dict[str, Any]


def expand(
    overrides: Sequence[str], host: Host, identity: Identity, *, multirun: bool = False
) -> Grid:
    """Return the points that the overrides ask for.

    An experiment's own `grids` are expanded, too; a key that is given here replaces that of the
    grids.

    Args:
        overrides: in Hydra's syntax.
        host: knows the components.
        identity: names a point by all that its result depends on.
        multirun: whether several values of a key are a sweep, or a mistake.

    Raises:
        SmplabError: what is asked for does not exist, is out of bounds, or cannot be built.
    """
    composer = CachingComposer(Composer(host))
    given = composer.parse(overrides)
    points: dict[str, Point] = {}
    shared: dict[str, Any] | None = None
    for lines, in_grid in _experiments(given, composer):
        many = multirun or in_grid
        for combination in combinations(lines, composer, many):
            config = composer.config(combination)
            named = [override.key_or_group for override in combination]
            config = checked(config, named, host)
            if shared is None:
                shared = settings(config)
            elif shared != settings(config):
                raise ConfigError(
                    "executor, tracking and objective belong to the whole sweep; give one value"
                )
            for point in points_of(config, identity):
                points.setdefault(point.hash, point)
    assert shared is not None
    return Grid(tuple(points.values()), shared)


def settings_of(overrides: Sequence[str], host: Host) -> dict[str, Any]:
    """Return executor, tracking and objective as these overrides of them ask, building no point.

    Raises:
        ConfigError: what is asked for does not exist or is out of bounds.
    """
    composer = CachingComposer(Composer(host))
    config = composer.config(composer.parse(overrides))
    return settings(checked(config, (), host))


def points_of(config: Mapping[str, Any], identity: Identity) -> Iterator[Point]:
    """Yield the points of one checked configuration: one a replica."""
    for replica in range(config["replicas"]):
        point = point_config(config, replica)
        yield Point(point, identity(point), config["seed"], replica)


def combinations(
    overrides: Sequence[Override], composer: CachingComposer, multirun: bool
) -> Iterator[tuple[Override, ...]]:
    """Yield the overrides of each point, the last one varying fastest, as Hydra's sweeper does.

    Raises:
        ConfigError: a key has several values, but `multirun` is not set.
    """
    by_key: dict[str, list[Override]] = {}
    for override in overrides:
        if sweeps(override) and not multirun:
            raise ConfigError(
                f"{override.input_line} has several values: add -m to sweep over them, or write "
                "KEY=[a,b] for a list"
            )
        by_key[override.get_key_element()] = composer.alternatives(override)
    yield from itertools.product(*by_key.values())


def _experiments(
    given: Sequence[Override], composer: CachingComposer
) -> Iterator[tuple[list[Override], bool]]:
    """Yield the overrides of each grid of the chosen experiments, and whether it is a grid."""
    chosen = [o for o in given if o.key_or_group == "experiment" and not o.is_delete()]
    if not chosen:
        yield list(given), False
        return
    rest = [override for override in given if override not in chosen]
    keys = {o.key_or_group.replace("/", ".") for o in given}
    for choice in composer.alternatives(chosen[-1]):
        grids = composer.config([choice])["grids"]
        for grid in [{}] if grids is None else _as_grids(grids, str(choice.input_line)):
            own = composer.parse(
                f"{key}={_in_hydras_syntax(value)}"
                for key, value in grid.items()
                if key.replace("/", ".") not in keys
            )
            yield [choice, *own, *rest], grids is not None


def _as_grids(grids: Any, choice: str) -> list[Mapping[str, Any]]:
    if isinstance(grids, list) and grids and all(isinstance(grid, Mapping) for grid in grids):
        return grids
    raise ConfigError(f"{choice}: grids must be a list of mappings from keys to values")


def _in_hydras_syntax(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_in_hydras_syntax, value))
    return "null" if value is None else str(value)


class CachingComposer:
    """Composes once for each combination of components, and tries each value once."""

    def __init__(self, composer: Composer) -> None:
        self._composer = composer
        self._groups: dict[str, bool] = {}
        self._bases: dict[tuple[str, ...], _Base] = {}

    def parse(self, lines: Iterable[str]) -> list[Override]:
        """Parse overrides."""
        return self._composer.parse(list(lines))

    def alternatives(self, override: Override) -> list[Override]:
        """Return an override's alternatives as overrides of one value each."""
        return self._composer.alternatives(override)

    def config(self, overrides: Sequence[Override]) -> dict[str, Any]:
        """Return the resolved configuration of one combination of overrides, plain."""
        composed = [o for o in overrides if self._decides_composition(o)]
        values = [o for o in overrides if not self._decides_composition(o)]
        key = tuple(str(o.input_line) for o in composed)
        if key not in self._bases:
            self._bases[key] = _Base(self._composer, self._composer.compose(composed))
        return self._bases[key].with_values(values)

    def _decides_composition(self, override: Override) -> bool:
        if override.is_hydra_override():
            return True
        if isinstance(override.value(), dict):
            return False
        key = override.key_or_group
        if key not in self._groups:
            self._groups[key] = self._composer.chooses_group(override)
        return self._groups[key]


class _Base:
    """A composed configuration on which values are set.

    A value is typed and checked by OmegaConf the first time that it occurs. What it came to is then
    good for every other point, unless values can see each other: through an interpolation, or
    because one of them sets a part of what another one sets.
    """

    def __init__(self, composer: Composer, config: DictConfig) -> None:
        self._composer = composer
        self._config = config
        self._scratch = copy.deepcopy(config)
        self._interpolates = "${" in str(OmegaConf.to_container(config, resolve=False))
        self._plain = {} if self._interpolates else to_plain(config)
        self._values: dict[str, Any] = {}

    def with_values(self, overrides: Sequence[Override]) -> dict[str, Any]:
        if self._interpolates or not all(map(_is_plain_change, overrides)) or _overlap(overrides):
            config = copy.deepcopy(self._config)
            self._composer.apply(config, overrides)
            return to_plain(config)
        plain = self._plain
        for override in overrides:
            line = str(override.input_line)
            if line not in self._values:
                # Whatever was tried before under this key is overwritten, and no other key matters.
                self._composer.apply(self._scratch, [override])
                self._values[line] = OmegaConf.select(self._scratch, override.key_or_group)
            plain = _with_value(plain, override.key_or_group.split("."), self._values[line])
        return plain


def _is_plain_change(override: Override) -> bool:
    value = override.value()
    if override.type is not OverrideType.CHANGE or isinstance(value, dict | list):
        return False
    return not (isinstance(value, str) and "${" in value)


def _overlap(overrides: Sequence[Override]) -> bool:
    keys = sorted(override.key_or_group + "." for override in overrides)
    return any(after.startswith(before) for before, after in itertools.pairwise(keys))


def _with_value(config: dict[str, Any], keys: Sequence[str], value: Any) -> dict[str, Any]:
    """Return the configuration with one value set; what does not change is shared, not copied."""
    first, *rest = keys
    return {**config, first: _with_value(config[first], rest, value) if rest else value}
