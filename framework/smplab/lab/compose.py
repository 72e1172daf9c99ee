"""All contact with Hydra's composition: search path, schemas, overrides, errors in our words.

Hydra keeps its state in singletons of the process (ConfigStore, Plugins), so `publish` makes one
host's components and folders theirs; a `Composer` does it whenever another host was in between.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, Transformer, ValueType
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from smplab.lab.config import GROUPS, root_schema
from smplab.lab.tree import configuration_folder, experiments
from smplab.lab.verification import config as verification
from smplab.plugin.errors import ConfigError, choices
from smplab.plugin.host import Host

CONFIG_NAME = "config"
ELSEWHERE = {
    CONFIG_NAME: ("scenario",),
    "verify": ("topology", "workload", "policy", "experiment"),
}
"""Groups that another verb than the one with this primary configuration knows."""
VERSION_BASE = "1.3"


class _PluginFolders(SearchPathPlugin):
    """Adds the configuration folders of plugins behind our own.

    Registered from code, not discovered in `hydra_plugins`: there it would run in every Hydra
    application of the environment.
    """

    folders: tuple[tuple[str, str], ...] = ()

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        for provider, folder in self.folders:
            search_path.append(provider, folder)


_published: Host | None = None


def publish(host: Host) -> None:
    """Make the components, folders and experiments of `host` known to Hydra."""
    global _published  # noqa: PLW0603  # mirrors the state of Hydra's own singletons
    if host is _published:
        return
    version.setbase(VERSION_BASE)
    _PluginFolders.folders = tuple(("plugin", folder) for folder in host.folders)
    Plugins.instance().register(_PluginFolders)
    store = ConfigStore.instance()
    for group in (*GROUPS, "scenario", "experiment"):
        store.repo.pop(group, None)
    store.store(name="smplab_values", node=root_schema(), provider="smplab")
    store.store(name="verify_values", node=verification.root_schema(), provider="smplab")
    for entry in host.registry:
        store.store(group=entry.kind, name=entry.name, node=entry.schema, provider=str(entry.owner))
    for name, folder in experiments().items():
        node = OmegaConf.load(folder / "experiment.yaml")
        store.store(group="experiment", name=name, node=node, package="_global_", provider="smplab")
    # Hydra copies its whole store before it composes, two fifths of the time, and then copies once
    # more what it loads from there. It is a singleton: nobody needs a second one.
    setattr(store, "__deepcopy__", lambda _memo: store)  # noqa: B010 - no attribute of its class
    _published = host


class Composer:
    """Composes configurations of one host's plugins.

    Attributes:
        primary: the file of conf/ that it starts from.
    """

    def __init__(self, host: Host, primary: str = CONFIG_NAME) -> None:
        publish(host)
        self.host = host
        self.primary = primary
        path = create_config_search_path(str(configuration_folder()))
        self._loader = ConfigLoaderImpl(config_search_path=path)
        file = OmegaConf.load(configuration_folder() / f"{primary}.yaml")
        assert isinstance(file, DictConfig)
        choices_made = [item for item in file["defaults"] if not isinstance(item, str)]
        self._chosen = {str(group) for item in choices_made for group in item}

    def parse(self, overrides: Sequence[str]) -> list[Override]:
        """Parse overrides in Hydra's grammar.

        Raises:
            ConfigError: one of them is none.
        """
        parser = OverridesParser.create(config_loader=self._loader)
        try:
            parsed = list(parser.parse_overrides(list(overrides)))
        except HydraException as error:
            reason = str(error).splitlines()[0]
            bad = getattr(error, "override", None) or " ".join(overrides)
            raise ConfigError(f"{bad!r} is no override (KEY=VALUE): {reason}") from None
        for override in parsed:
            if not override.key_or_group:
                raise ConfigError(f"{override.input_line!r} is no override: it has no key")
        return parsed

    def alternatives(self, override: Override) -> list[Override]:
        """Return an override's alternatives as overrides of one value each: cpus=1, cpus=2.

        Raises:
            ConfigError: an interval, which has no list of values.
        """
        if not sweeps(override):
            return [override]
        if override.value_type is ValueType.INTERVAL_SWEEP:
            raise ConfigError(
                f"{override.input_line}: an interval needs an optimiser (hydra/sweeper=...); "
                "a grid takes a list or range(start,stop,step)"
            )
        key = override.get_key_element()
        return [self._single(override, key, value) for value in override.sweep_iterator()]

    def _single(self, override: Override, key: str, value: Any) -> Override:
        line = f"{key}={Transformer.str(value)}"
        if type(value) not in {int, float, bool}:
            return self.parse([line])[0]
        # Numbers parse to themselves; not to parse them again saves a third of a point's cost.
        return dataclasses.replace(
            override, value_type=ValueType.ELEMENT, _value=value, input_line=line
        )

    def chooses_group(self, override: Override) -> bool:
        """Tell whether an override chooses a component, as Hydra sees it, or sets a value."""
        exists = bool(self._loader.repository.group_exists(override.key_or_group))
        return exists and not isinstance(override.value(), dict)

    def check_choice(self, override: Override) -> None:
        """Refuse the choice of a component that does not exist.

        Raises:
            ConfigError: with the choices that there are, or the broken plugin that it comes from.
        """
        if override.is_hydra_override() or not self.chooses_group(override):
            return
        group = override.key_or_group
        if group in ELSEWHERE[self.primary]:
            verb, other = ("run", "verify") if self.primary == CONFIG_NAME else ("verify", "run")
            line = override.input_line
            raise ConfigError(f"{line}: smplab {verb} takes no {group}; smplab {other} does")
        options = self._loader.repository.get_group_options(group, ObjectType.CONFIG)
        name = override.value()
        if override.is_delete() or (isinstance(name, str) and name in options):
            return
        if group == "mechanism":
            self._refuse_component(group, override)
        if name is None or isinstance(name, list):
            raise ConfigError(f"{override.input_line}: give one name; {choices('', options)}")
        broken = self.host.why_missing(group, str(name))
        raise ConfigError(
            broken or f"{group}={name}: there is no such {group}; {choices(name, options)}"
        )

    def compose(self, overrides: Iterable[Override]) -> DictConfig:
        """Compose with overrides that choose components or speak to Hydra itself.

        Raises:
            ConfigError: what is asked for does not exist.
        """
        publish(self.host)
        given = list(overrides)
        for override in given:
            self.check_choice(override)
        try:
            config = self._loader.load_configuration(
                self.primary, [self._line(o) for o in given], RunMode.RUN
            )
        except HydraException as error:
            raise ConfigError(in_our_words(error)) from error
        return without_hydra(config)

    def _line(self, override: Override) -> str:
        """Return an override for Hydra, which must be told to add a slot that has no default."""
        line = str(override.input_line)
        group = override.key_or_group
        new = group.startswith("mechanism/") and group not in self._chosen
        return f"+{line}" if new and override.type is OverrideType.CHANGE else line

    def apply(self, config: DictConfig, overrides: Sequence[Override]) -> None:
        """Set values in a composed configuration, in place, as Hydra does it.

        Raises:
            ConfigError: a key does not exist, or a value has the wrong type.
        """
        for override in overrides:
            if override.type.name == "CHANGE":
                self._check_key(config, override)
            try:
                ConfigLoaderImpl._apply_overrides_to_config([override], config)
            except (HydraException, OmegaConfBaseException) as error:
                line = override.input_line
                raise ConfigError(f"{line}: {in_our_words(error)}") from error

    def _refuse_component(self, group: str, override: Override) -> None:
        """Refuse a text where a component is chosen, in a group that Hydra does not know."""
        if isinstance(override.value(), dict):
            return
        if group == "mechanism":
            slots = [kind for kind in self.host.registry.kinds() if kind.startswith("mechanism/")]
            raise ConfigError(f"{override.input_line}: name a slot; {choices('', slots)}")
        reason = self.host.why_missing(group, str(override.value()))
        raise ConfigError(reason or f"{override.input_line}: no {group} is installed")

    def _check_key(self, config: DictConfig, override: Override) -> None:
        key = override.key_or_group
        if "/" in key or override.package is not None:
            raise ConfigError(
                f"{override.input_line}: there is no group {key}; "
                + choices(key, self.host.registry.kinds())
            )
        if key in (*GROUPS, "scenario", "experiment") and override.value() is not None:
            self._refuse_component(key, override)
        if key.endswith(".name"):
            group = key.removesuffix(".name").replace(".", "/")
            raise ConfigError(f"{override.input_line}: choose with {group}={override.value()}")
        node: Any = config
        where = ""
        for part in key.split("."):
            if not isinstance(node, DictConfig) or OmegaConf.is_missing(config, where or "cpus"):
                raise ConfigError(f"{override.input_line}: {where} has no keys below it")
            if part not in list(node):  # `in` leaves out keys whose value is still missing
                owner = f"{where} ({node['name']})" if "name" in node else where
                raise ConfigError(
                    f"{override.input_line}: {owner or 'the configuration'} has no key {part}; "
                    + choices(part, (str(k) for k in node if k != "name"))
                )
            where = f"{where}.{part}" if where else part
            node = node._get_node(part)
            node = None if node is None or node._is_none() else node


def without_hydra(config: DictConfig) -> DictConfig:
    """Return a composed configuration without Hydra's own part."""
    bare = copy.copy(config)
    with open_dict(bare):
        del bare["hydra"]
    return bare


def in_our_words(error: BaseException) -> str:
    """Return the cause of an error of Hydra's or OmegaConf's in one line."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = " ".join(lines[:2] if lines[0].endswith(":") else lines[:1]) if lines else repr(error)
    return "it needs a value, not null" if text.endswith("is not Optional") else text


def to_plain(config: DictConfig) -> dict[str, Any]:
    """Return a configuration as plain data, interpolations resolved; missing values are "???".

    Raises:
        ConfigError: an interpolation names what does not exist.
    """
    try:
        plain = OmegaConf.to_container(config, resolve=True)
    except OmegaConfBaseException as error:
        raise ConfigError(in_our_words(error)) from error
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def sweeps(override: Override) -> bool:
    """Tell whether an override has several values."""
    return bool(override.is_sweep_override())
