from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf.errors import ValidationError

from smplab.language.component import Component, parameter
from smplab.plugin.errors import ConfigError, PluginError
from smplab.plugin.schema import build, check, parameters, schema_of
from tests.sample_plugins import LockContention, Matrix, Uniform

if TYPE_CHECKING:
    from smplab.language.component import ParameterInfo as Unheard


def test_parameters_are_listed_with_nested_ones_and_without_slots() -> None:
    found = {p.name: p for p in parameters(Uniform)}
    assert list(found)[:4] == ["size", "clock_ghz", "costs.hit", "costs.rmw"]
    assert found["costs.hit"].default == 7
    assert found["costs.rmw"].default == 15
    assert found["size"].info.maximum == 64
    assert [p.name for p in parameters(LockContention)] == ["think_cycles", "think"]


def test_a_parameter_without_default_is_required() -> None:
    file, sockets = parameters(Matrix)
    assert file.required
    assert not sockets.required


def test_the_schema_types_a_configuration() -> None:
    config = OmegaConf.structured(schema_of(Uniform, "uniform"))
    assert config.name == "uniform"
    assert config.costs.hit == 7
    config.size = "5"
    assert config.size == 5
    with pytest.raises(ValidationError):
        config.size = "many"
    with pytest.raises(ValidationError):
        config.costs.hit = None


def test_an_optional_parameter_may_be_null_and_a_required_one_is_missing() -> None:
    config = OmegaConf.structured(schema_of(Matrix, "matrix"))
    assert OmegaConf.is_missing(config, "file")
    config.sockets = 2
    config.sockets = None
    assert config.sockets is None


@given(size=st.integers(1, 64), hit=st.integers(1, 1000), clock=st.floats(0.1, 9))
def test_building_gives_back_what_the_schema_holds(size: int, hit: int, clock: float) -> None:
    config = OmegaConf.structured(schema_of(Uniform, "uniform"))
    config.size, config.costs.hit, config.clock_ghz = size, hit, clock
    plain: Any = OmegaConf.to_container(config)
    machine = build(Uniform, plain, "topology")
    assert (machine.size, machine.costs.hit, machine.clock_ghz) == (size, hit, clock)
    assert machine.costs.rmw == 15
    check(Uniform, plain, "topology")


def test_building_completes_a_nested_table_with_the_components_own_defaults() -> None:
    assert build(Uniform, {"costs": {"rmw": 1}}, "topology").costs.hit == 7


def test_building_refuses_unknown_and_missing_keys() -> None:
    with pytest.raises(ConfigError, match=r"topology has no key sice; did you mean size\?"):
        build(Uniform, {"sice": 3}, "topology")
    with pytest.raises(ConfigError, match=r"topology.file must be given: a CSV file"):
        build(Matrix, {"name": "matrix"}, "topology")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 0}, r"topology.size=0: must be at least 1"),
        ({"size": 65}, r"topology.size=65: must be at most 64"),
        ({"costs": {"hit": 0}}, r"topology.costs.hit=0: must be at least 1 cycles"),
        ({"costs": {"hut": 3}}, r"topology.costs has no key hut; did you mean hit\?"),
        ({"sice": 3}, r"topology has no key sice; did you mean size\?"),
    ],
)
def test_values_are_checked_against_what_parameters_declare(
    values: dict[str, Any], message: str
) -> None:
    plain: Any = OmegaConf.to_container(OmegaConf.structured(schema_of(Uniform, "uniform")))
    nested = {**plain["costs"], **values.pop("costs", {})}
    with pytest.raises(ConfigError, match=message):
        check(Uniform, {**plain, **values, "costs": nested}, "topology")


def test_a_wrong_choice_lists_the_valid_ones() -> None:
    message = r"workload.think=unifrom: did you mean uniform\? choose from: constant, uniform"
    with pytest.raises(ConfigError, match=message):
        check(LockContention, {"think_cycles": 1, "think": "unifrom"}, "workload")


@dataclass(eq=False)
class Undeclared(Component):
    size: int = 3


@dataclass(eq=False)
class Listed(Component):
    sizes: list[int] = parameter(doc="too much")


@dataclass(eq=False)
class Forgotten(Component):
    thing: Unheard = parameter(3, "its type exists for type checkers alone")


@dataclass(eq=False)
class Elsewhere(Component):
    other: ClassVar[Unheard]
    size: int = parameter(3, "fine")


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (Undeclared, "Undeclared.size is no parameter"),
        (Listed, "the type of Listed.sizes is 'list"),
        (Forgotten, "the type of Forgotten.thing, 'Unheard', is unknown"),
    ],
)
def test_what_cannot_be_a_parameter_is_refused(component: type, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        list(parameters(component))


def test_annotations_of_other_fields_need_not_resolve() -> None:
    assert [p.name for p in parameters(Elsewhere)] == ["size"]


def test_inherited_parameters_resolve_in_the_module_of_their_class() -> None:
    @dataclass(eq=False)
    class Derived(Uniform):
        """Declared where Costs is not known by name."""

        extra: int = parameter(1, "one more")

    assert [p.name for p in parameters(Derived)][-1] == "extra"
    assert dataclasses.is_dataclass(schema_of(Derived, "derived"))
