from __future__ import annotations

import pytest
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from smplab.lab.compose import Composer, publish, sweeps, to_plain
from smplab.plugin.contexts import Components
from smplab.plugin.errors import ConfigError
from smplab.plugin.hookspecs import hookimpl
from smplab.plugin.host import Host
from tests.sample_plugins import SamplePlugin, Ticket, sample_host

HOST = sample_host()


class FairPlugin(SamplePlugin):
    @hookimpl
    def register_components(self, context: Components) -> None:
        super().register_components(context)
        context.add("mechanism/lock", "fair", Ticket)


def fair_host() -> Host:
    host = Host(autoload=False)
    host.register(FairPlugin(), "fair")
    return host


def test_a_composition_is_typed_by_the_components() -> None:
    composer = Composer(HOST)
    config = composer.compose(composer.parse(["mechanism/lock=mcs"]))
    schema = OmegaConf.get_type(config.mechanism.lock)
    assert schema is HOST.registry.get("mechanism/lock", "mcs").schema
    assert "hydra" not in config


def test_each_composer_keeps_to_its_hosts_components() -> None:
    one, other = Composer(HOST), Composer(fair_host())
    choice = "mechanism/lock=fair"
    assert other.compose(other.parse([choice])).mechanism.lock.name == "fair"
    with pytest.raises(ConfigError, match="there is no such mechanism/lock"):
        one.compose(one.parse([choice]))
    assert other.compose(other.parse([choice])).mechanism.lock.name == "fair"


def test_publishing_again_changes_nothing() -> None:
    publish(HOST)
    before = ConfigStore.instance().repo["topology"]
    publish(HOST)
    assert ConfigStore.instance().repo["topology"] is before


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("cpus=1", ["cpus=1"]),
        ("cpus=1,2", ["cpus=1", "cpus=2"]),
        ("cpus=range(1,4)", ["cpus=1", "cpus=2", "cpus=3"]),
        ("cpus=range(0,100,50)", ["cpus=0", "cpus=50"]),
        ("mechanism/lock=glob(*)", ["mechanism/lock=mcs", "mechanism/lock=ticket"]),
        ("workload.think='a,b'", ["workload.think='a,b'"]),
        ("cpus=[1,2]", ["cpus=[1,2]"]),
        (
            "instr_cycles=0.5,1e3,true",
            ["instr_cycles=0.5", "instr_cycles=1000.0", "instr_cycles=True"],
        ),
        (
            "workload.think=a,'b c',x_1",
            ["workload.think=a", "workload.think='b c'", "workload.think=x_1"],
        ),
        ("instr_cycles=range(0,0.3,0.1)", [f"instr_cycles={v}" for v in (0.0, 0.1, 0.2)]),
        ("~policy", ["~policy"]),
        ("+mechanism/store=cohort", ["+mechanism/store=cohort"]),
    ],
)
def test_an_override_has_the_alternatives_that_hydra_sees(
    override: str, expected: list[str]
) -> None:
    composer = Composer(HOST)
    (parsed,) = composer.parse([override])
    found = composer.alternatives(parsed)
    assert sweeps(parsed) == (len(expected) > 1)
    assert [alternative.input_line for alternative in found] == expected
    # Each is what Hydra makes of the text.
    again = composer.parse(expected)
    assert [o.value() for o in found] == [o.value() for o in again]
    assert [type(o.value()) for o in found] == [type(o.value()) for o in again]


def test_a_group_and_a_value_are_told_apart() -> None:
    composer = Composer(HOST)
    for override, group in (
        ("topology=uniform", True), ("mechanism/lock=mcs", True), ("topology={size:3}", False),
        ("cpus=3", False), ("topology.size=3", False),
    ):  # fmt: skip
        assert composer.chooses_group(composer.parse([override])[0]) is group


def test_a_broken_plugin_is_named_where_its_component_is_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = sample_host()
    monkeypatch.setattr(host, "why_missing", lambda kind, name: f"{kind}/{name} comes from x")
    composer = Composer(host)
    workload, policy = composer.parse(["workload=ipc", "policy=ipc"])
    with pytest.raises(ConfigError, match="workload/ipc comes from x"):
        composer.check_choice(workload)
    config = composer.compose([])
    with pytest.raises(ConfigError, match="policy/ipc comes from x"):
        composer.apply(config, [policy])


def test_values_are_set_typed_and_in_place() -> None:
    composer = Composer(HOST)
    config = composer.compose([])
    composer.apply(config, composer.parse(["cpus='7'", "topology.costs.hit=3"]))
    plain = to_plain(config)
    assert (plain["cpus"], plain["topology"]["costs"]["hit"]) == (7, 3)


def test_an_interpolation_of_nothing_is_an_error() -> None:
    with pytest.raises(ConfigError, match="Interpolation key 'b' not found"):
        to_plain(OmegaConf.create({"a": "${b}"}))
