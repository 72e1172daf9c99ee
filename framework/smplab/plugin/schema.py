"""What a component's dataclass says about its parameters: names, types, defaults, bounds.

One declaration serves three readers: Hydra gets a schema to check types against, `smplab plugins
show` gets the documentation, and a configuration becomes an instance again in the worker.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass
from typing import Any

from smplab.language.component import ParameterInfo
from smplab.plugin.errors import ConfigError, PluginError, choices

MISSING_VALUE = "???"
"""OmegaConf's mark of a value that must still be given."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a component, as users see it.

    Attributes:
        name: dotted below the component: "backoff_cycles", "costs.occ_r".
        type: int, bool, float, str, or one of these or None.
        default: its value when not set; `dataclasses.MISSING` when it must be given.
        info: what the author says of it.
    """

    name: str
    type: Any
    default: Any
    info: ParameterInfo

    @property
    def required(self) -> bool:
        """Whether a configuration must give it."""
        return self.default is MISSING


def parameters(component: type, prefix: str = "", given: object = None) -> Iterator[Parameter]:
    """Yield the parameters of a dataclass, those of nested dataclasses included.

    Args:
        component: a dataclass.
        prefix: what the names begin with.
        given: an instance whose values are the defaults, instead of the class's own.

    Raises:
        PluginError: a field is no parameter, or its type cannot be one.
    """
    for field in _fields(component):
        type_ = _type_of(component, field)
        default = _default_of(field) if given is None else getattr(given, field.name)
        name = prefix + field.name
        if dataclasses.is_dataclass(type_):
            nested = None if default is MISSING else default
            yield from parameters(typing.cast(type, type_), name + ".", nested)
        elif "parameter" in field.metadata:
            yield Parameter(name, type_, default, field.metadata["parameter"])
        else:
            raise PluginError(
                f"{component.__name__}.{field.name} is no parameter: declare it with "
                "parameter(default, 'what it is') or annotate it ClassVar"
            )


def schema_of(component: type, name: str | None = None, given: object = None) -> type:
    """Return a dataclass with the parameters' types and defaults, for Hydra's ConfigStore.

    It has the key `name` first, if one is given, and nothing but plain values.
    """
    fields: list[tuple[str, Any, Any]] = []
    if name is not None:
        fields.append(("name", str, dataclasses.field(default=name)))
    for field in _fields(component):
        type_ = _type_of(component, field)
        default = _default_of(field) if given is None else getattr(given, field.name)
        if dataclasses.is_dataclass(type_):
            nested = schema_of(
                typing.cast(type, type_), given=None if default is MISSING else default
            )
            fields.append((field.name, nested, dataclasses.field(default_factory=nested)))
        else:
            value = MISSING_VALUE if default is MISSING else default
            fields.append((field.name, type_, dataclasses.field(default=value)))
    return dataclasses.make_dataclass(component.__name__, fields, kw_only=True)


def build(component: type, values: Mapping[str, Any], where: str) -> Any:
    """Return an instance with these values; `where` is the configuration's key, for errors.

    Raises:
        ConfigError: a key is unknown or a required one missing.
    """
    fields = {field.name: field for field in _fields(component)}
    given = {key: value for key, value in values.items() if key != "name"}
    _refuse_unknown(given, fields, where)
    for key, field in fields.items():
        if key not in given and _default_of(field) is MISSING:
            raise ConfigError(f"{where}.{key} must be given: {field.metadata['parameter'].doc}")
        type_ = _type_of(component, field)
        if key in given and dataclasses.is_dataclass(type_):
            nested = typing.cast(type, type_)
            # A nested table may be given in part; the rest is the component's default, not the
            # nested class's.
            default = _default_of(field)
            rest = {} if default is MISSING else _shallow(default)
            given[key] = build(nested, {**rest, **given[key]}, f"{where}.{key}")
    return component(**given)


def check(component: type, values: Mapping[str, Any], where: str) -> None:
    """Check that values are complete, known, and within what the parameters declare.

    Raises:
        ConfigError: with the key, the value and what is valid.
    """
    fields = {field.name: field for field in _fields(component)}
    _refuse_unknown([key for key in values if key != "name"], fields, where)
    for name, field in fields.items():
        key = f"{where}.{name}"
        if name not in values or values[name] == MISSING_VALUE:
            raise ConfigError(f"{key} must be given: {field.metadata['parameter'].doc}")
        if "parameter" in field.metadata:
            check_value(values[name], field.metadata["parameter"], key)
        else:
            check(typing.cast(type, _type_of(component, field)), values[name], key)


def check_value(value: Any, info: ParameterInfo, where: str) -> None:
    """Check one value against its bounds and choices; None passes.

    Raises:
        ConfigError: with the key, the value and what is valid.
    """
    if value is None:
        return
    unit = f" {info.unit}" if info.unit else ""
    if info.minimum is not None and value < info.minimum:
        raise ConfigError(f"{where}={value}: must be at least {info.minimum}{unit}")
    if info.maximum is not None and value > info.maximum:
        raise ConfigError(f"{where}={value}: must be at most {info.maximum}{unit}")
    if info.choices and value not in info.choices:
        raise ConfigError(f"{where}={value}: {choices(value, info.choices)}")


def _refuse_unknown(given: Iterable[str], known: Iterable[str], where: str) -> None:
    known = list(known)
    for key in given:
        if key not in known:
            raise ConfigError(f"{where} has no key {key}; {choices(key, known)}")


def _fields(component: type) -> Iterator[dataclasses.Field[Any]]:
    for field in dataclasses.fields(component):
        if field.init and not field.metadata.get("slot"):
            yield field


def _default_of(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _shallow(instance: Any) -> dict[str, Any]:
    return {field.name: getattr(instance, field.name) for field in _fields(type(instance))}


_PLAIN = tuple(t for plain in (int, float, str, bool) for t in (plain, plain | None))


def _type_of(component: type, field: dataclasses.Field[Any]) -> Any:
    """Resolve a field's annotation in the module of the class that declares it.

    Only this field's: others of the class may name what exists for type checkers alone.
    """
    where = f"{component.__name__}.{field.name}"
    owner = next(c for c in component.__mro__ if field.name in inspect.get_annotations(c))
    alone = type(component.__name__, (), {"__annotations__": {field.name: field.type}})
    try:
        type_ = typing.get_type_hints(alone, vars(sys.modules[owner.__module__]))[field.name]
    except NameError as error:
        raise PluginError(f"the type of {where}, {field.type!r}, is unknown: {error}") from error
    if not dataclasses.is_dataclass(type_) and type_ not in _PLAIN:
        raise PluginError(
            f"the type of {where} is {field.type!r}; a parameter is an int, float, str or bool, "
            "or one of these or None, or a dataclass of parameters"
        )
    return type_
