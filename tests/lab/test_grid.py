from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.utils import create_config_search_path
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from hypothesis import given, settings
from hypothesis import strategies as st

from smplab.lab.compose import Composer, publish, to_plain, without_hydra
from smplab.lab.grid import CachingComposer, combinations, expand
from smplab.lab.tree import configuration_folder
from smplab.plugin.contexts import ConfigurationFolders
from smplab.plugin.errors import ConfigError
from smplab.plugin.hookspecs import hookimpl
from smplab.plugin.host import Host
from tests.sample_plugins import SamplePlugin, identity, sample_host

HOST = sample_host()


def configs(*overrides: str, multirun: bool = False, host: Host = HOST) -> list[dict[str, Any]]:
    found = expand(overrides, host, identity, multirun=multirun)
    return [dict(point.config) for point in found.points]


def test_without_overrides_there_is_one_point_with_the_defaults() -> None:
    (config,) = configs()
    assert config["topology"]["name"] == "uniform"
    assert config["topology"]["costs"]["hit"] == 7
    in_use = {slot: filling for slot, filling in config["mechanism"].items() if filling}
    assert in_use == {"lock": {"name": "ticket", "backoff_cycles": 0}}
    assert (config["kernel"], config["policy"]) == ({"name": "none"}, None)
    assert (config["cpus"], config["seed"], config["replica"]) == (4, 1, 0)
    assert not {"executor", "tracking", "objective", "hydra", "grids", "replicas"} & set(config)


def test_settings_are_kept_apart_from_the_points() -> None:
    found = expand(["executor.timeout_s=3"], HOST, identity)
    assert found.settings["executor"] == {"name": "serial", "timeout_s": 3}
    assert found.settings["tracking"] == {"name": "mlflow"}
    assert found.points[0].hash == expand([], HOST, identity).points[0].hash


def test_a_grid_is_the_product_and_the_last_key_varies_fastest() -> None:
    found = configs("mechanism/lock=ticket,mcs", "cpus=range(1,4)", multirun=True)
    assert [(c["mechanism"]["lock"]["name"], c["cpus"]) for c in found] == [
        (lock, cpus) for lock in ("ticket", "mcs") for cpus in (1, 2, 3)
    ]


def test_replicas_are_points_that_differ_in_the_replica_alone() -> None:
    found = expand(["mechanism/lock=ticket,mcs", "replicas=3"], HOST, identity, multirun=True)
    assert [(p.seed, p.replica) for p in found.points] == [(1, r) for r in (0, 1, 2)] * 2
    assert len({p.hash for p in found.points}) == 6
    first, second = (dict(p.config) for p in found.points[:2])
    assert first | {"replica": 1} == second


def test_a_replica_is_the_same_point_however_many_there_are() -> None:
    few = {p.hash for p in expand(["replicas=2"], HOST, identity).points}
    many = {p.hash for p in expand(["replicas=5"], HOST, identity).points}
    assert few < many


def test_a_point_that_comes_twice_counts_once() -> None:
    assert len(configs("cpus=1,2,1", multirun=True)) == 2


def test_points_do_not_depend_on_the_order_of_overrides() -> None:
    forward = expand(["cpus=2", "seed=3", "workload=private"], HOST, identity)
    backward = expand(["workload=private", "seed=3", "cpus=2"], HOST, identity)
    assert forward.points[0].hash == backward.points[0].hash


def test_slots_that_the_workload_does_not_use_are_null() -> None:
    (config,) = configs("workload=private")
    assert set(config["mechanism"]) >= {"lock", "synchronization"}
    assert not any(config["mechanism"].values())


def test_an_interpolation_follows_the_value_that_it_names() -> None:
    found = configs("cpus=1,2,3", "workload.think_cycles=${cpus}", multirun=True)
    assert [c["workload"]["think_cycles"] for c in found] == [1, 2, 3]


def test_a_table_and_a_value_in_it_are_both_set_in_their_order() -> None:
    (config,) = configs("topology.costs={hit:5,rmw:6}", "topology.costs.hit=9")
    assert (config["topology"]["costs"]["hit"], config["topology"]["costs"]["rmw"]) == (9, 6)


def test_setting_a_value_does_not_change_other_points() -> None:
    found = configs("topology.costs.hit=5,6", "topology.costs.rmw=1,2", multirun=True)
    costs = [(c["topology"]["costs"]["hit"], c["topology"]["costs"]["rmw"]) for c in found]
    assert costs == [(5, 1), (5, 2), (6, 1), (6, 2)]


def test_hydra_composes_once_for_each_combination_of_components(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []
    original = Composer.compose

    def counted(self: Composer, overrides: Any) -> Any:
        calls.append(overrides)
        return original(self, overrides)

    monkeypatch.setattr(Composer, "compose", counted)
    configs("mechanism/lock=ticket,mcs", "cpus=range(1,33)", "seed=1,2,3", multirun=True)
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["cpus=1,2"], "cpus=1,2 has several values: add -m"),
        (["cpuss=3"], r"configuration has no key cpuss; did you mean cpus\?"),
        (["topology.sise=3"], r"topology \(uniform\) has no key sise; did you mean size\?"),
        (["topology.costs.hitt=3"], r"topology.costs has no key hitt; did you mean hit\?"),
        (["topology.size.x=3"], "topology.size has no keys below it"),
        (["policy.x=3"], r"policy \(static\) has no key x; there are none"),
        (["objective.x=3"], "objective has no keys below it"),
        (["mechanism.lokc.nodes=3"], r"mechanism has no key lokc; did you mean lock\?"),
        (["cpus=many"], "cpus=many: Value 'many' of type 'str' could not be converted to Integer"),
        (["cpus=1.5"], "cpus=1.5: Value '1.5' of type 'float'"),
        (["cpus=null"], "cpus=null: it needs a value"),
        (["cpus=0"], "cpus=0: must be at least 1"),
        (["placement=compat"], r"placement=compat: did you mean compact\?"),
        (["workload.think=uniform2"], r"workload.think=uniform2: did you mean uniform\?"),
        (["topology=uniforn"], r"topology=uniforn: .*did you mean uniform\?"),
        (["mechanism/lock=mc"], r"no such mechanism/lock; did you mean mcs\?"),
        (["mechanism/lock=[mcs,ticket]"], "give one name; choose from: mcs, ticket"),
        (["mechanism/lok=mcs"], r"no group mechanism/lok; did you mean mechanism/lock "),
        (["mechanism=mcs"], "name a slot; choose from: mechanism/"),
        (["topology=null"], "give one name; choose from: matrix, uniform"),
        (["topology.name=matrix"], "choose with topology=matrix"),
        (["policy=greedy"], "there is no such policy; choose from: static"),
        (["scenario=greedy"], "no scenario is installed"),
        (["topology=matrix"], "topology.file must be given: a CSV file"),
        (["~topology"], "topology is not chosen; choose from: matrix, uniform"),
        (["+extra=1"], "the configuration has no key extra"),
        (["+topology.extra=1"], "topology has no key extra"),
        (["cpus"], "'cpus' is no override"),
        (["=3"], "it has no key"),
        (["cpus=(3"], "is no override"),
        (["cpus=${nothing}"], "Interpolation key 'nothing' not found"),
        (["cpus=interval(1,3)"], "an interval needs an optimiser"),
        (["executor.timeout_s=1,2"], "belong to the whole sweep"),
        (["workload=private", "mechanism/lock=mcs"], "does not use the slot lock; it uses: none"),
        (["workload=private", "mechanism.lock.backoff_cycles=1"], "does not use the slot lock"),
        (["workload=faults"], r"workload faults uses the slot store: give mechanism/store=N"),
        (["operations=5"], "both say when a run ends: set run_cycles=null"),
        (["run_cycles=null"], "nothing says when a run ends"),
        (["instr_cycles=0.33"], "must be a multiple of 0.05"),
        (["instr_cycles=-1"], "must be a multiple of 0.05"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_message(overrides: list[str], message: str) -> None:
    several = not overrides[0].startswith("cpus=1,2")
    with pytest.raises(ConfigError, match=message) as caught:
        configs(*overrides, multirun=several)
    assert "\n" not in str(caught.value)


def test_the_slots_of_fillings_are_in_use_too() -> None:
    (config,) = configs("workload=faults", "+mechanism/store=cohort", "mechanism/lock=mcs")
    assert config["mechanism"]["lock"]["name"] == "mcs"
    assert config["mechanism"]["store"]["name"] == "cohort"


def test_instr_cycles_takes_every_multiple_of_a_tick() -> None:
    costs = [ticks / 20 for ticks in range(41)]
    found = configs(f"instr_cycles={','.join(map(str, costs))}", multirun=True)
    assert [config["instr_cycles"] for config in found] == costs


# What follows compares with Hydra's own composition of the very same points.

VALUES = {
    "cpus": st.integers(1, 48),
    "seed": st.integers(0, 9),
    "placement": st.sampled_from(["compact", "scatter", "sockets"]),
    "topology.size": st.integers(1, 64),
    "topology.costs.hit": st.integers(1, 9) | st.just("${cpus}"),
    "topology.clock_ghz": st.sampled_from(["1.5", "3", "${topology.size}"]),
    "topology.costs": st.sampled_from(["{hit:2}", "{rmw:4,far:${seed}}"]),
    "instr_cycles": st.sampled_from(["0.5", "1", "2.0"]),
    "workload.think_cycles": st.integers(0, 9) | st.sampled_from(["'12'", "${seed}"]),
    "++workload.think_cycles": st.integers(0, 9),
    "warmup_cycles": st.sampled_from(["0", "${workload.think_cycles}"]),
}
GROUPS = {
    "mechanism/lock": st.sampled_from(["ticket", "mcs"]),
    "workload": st.just("lock_contention"),
    "tracking": st.sampled_from(["mlflow", "none"]),
}
FORMS = st.sampled_from(["{}", "choice({})", "sort({})", "{}"])


@st.composite
def override_sets(draw: st.DrawFn) -> list[str]:
    keys = draw(st.lists(st.sampled_from([*VALUES, *GROUPS]), max_size=5))
    lines = []
    for key in keys:
        strategy: st.SearchStrategy[Any] = {**VALUES, **GROUPS}[key]
        values = draw(st.lists(strategy, min_size=1, max_size=3, unique=True))
        text = ",".join(map(str, values))
        swept = len(values) > 1 and "{" not in text and "'" not in text
        lines.append(f"{key}={draw(FORMS).format(text) if swept else text}")
    if draw(st.booleans()):
        lines.append(f"cpus=range(1,{draw(st.integers(2, 5))})")
    return lines


publish(HOST)
OURS = CachingComposer(Composer(HOST))
HYDRAS = ConfigLoaderImpl(create_config_search_path(str(configuration_folder())))


def hydras_own(combination: list[str]) -> dict[str, Any]:
    publish(HOST)
    config = HYDRAS.load_configuration("config", combination, RunMode.RUN)
    return to_plain(without_hydra(config))


def in_one_form(override: Override) -> str:
    """Return an override as Hydra's sweeper writes it."""
    return f"{override.get_key_element()}={override.get_value_element_as_str()}"


def agrees(overrides: list[str], data: st.DataObject) -> None:
    parsed = OverridesParser.create(config_loader=HYDRAS).parse_overrides(overrides)
    hydras = BasicSweeper.split_arguments(parsed, None)[0]
    ours = list(combinations(OURS.parse(overrides), OURS, multirun=True))
    assert [[in_one_form(o) for o in combination] for combination in ours] == hydras
    number = data.draw(st.integers(0, len(ours) - 1))
    assert OURS.config(ours[number]) == hydras_own(hydras[number])


@settings(max_examples=60)
@given(override_sets(), st.data())
def test_points_are_those_of_hydras_own_composition(
    overrides: list[str], data: st.DataObject
) -> None:
    agrees(overrides, data)


@pytest.mark.exhaustive
@settings(max_examples=1000)
@given(override_sets(), st.data())
def test_many_points_are_those_of_hydras_own_composition(
    overrides: list[str], data: st.DataObject
) -> None:
    agrees(overrides, data)


class RingPlugin(SamplePlugin):
    folder: Path

    @hookimpl
    def add_configuration(self, context: ConfigurationFolders) -> None:
        context.add(self.folder)


@pytest.fixture
def ring_host(tmp_path: Path) -> Host:
    """Return a host with a plugin that brings YAML of its own."""
    (tmp_path / "topology").mkdir()
    (tmp_path / "topology" / "big.yaml").write_text("defaults: [uniform]\nsize: 64\n")
    (tmp_path / "topology" / "odd.yaml").write_text("defaults: [uniform]\nsise: 64\n")
    (tmp_path / "topology" / "bare.yaml").write_text("name: uniform\nsize: 65\n")
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "twice.yaml").write_text(
        "# @package _global_\n"
        "defaults:\n  - override /mechanism/lock: mcs\n"
        "seed: 7\n"
        "grids:\n"
        "  - {topology: uniform, cpus: [1, 2], mechanism/lock: 'ticket,mcs'}\n"
        "  - {topology: big, cpus: 'range(3,5)'}\n"
    )
    (tmp_path / "experiment" / "wrong.yaml").write_text("# @package _global_\ngrids: 3\n")
    (tmp_path / "experiment" / "plain.yaml").write_text("# @package _global_\ncpus: 9\n")
    host = Host(autoload=False)
    plugin = RingPlugin()
    plugin.folder = tmp_path
    host.register(plugin, "ring", "smplab-ring")
    return host


def test_plugins_bring_configuration_that_refines_components(ring_host: Host) -> None:
    (config,) = configs("topology=big", host=ring_host)
    assert (config["topology"]["name"], config["topology"]["size"]) == ("uniform", 64)
    with pytest.raises(ConfigError, match="sise"):
        configs("topology=odd", host=ring_host)
    with pytest.raises(ConfigError, match="topology=big: there is no such topology"):
        configs("topology=big")  # another host, which lacks the plugin


def test_yaml_without_a_schema_is_checked_all_the_same(ring_host: Host) -> None:
    with pytest.raises(ConfigError, match=r"topology.* (65|costs|must)"):
        configs("topology=bare", host=ring_host)


def test_an_experiment_brings_its_grids(ring_host: Host) -> None:
    found = configs("experiment=twice", host=ring_host)
    assert [
        (c["topology"]["size"], c["mechanism"]["lock"]["name"], c["cpus"], c["seed"]) for c in found
    ] == [
        (4, "ticket", 1, 7), (4, "mcs", 1, 7), (4, "ticket", 2, 7), (4, "mcs", 2, 7),
        (64, "mcs", 3, 7), (64, "mcs", 4, 7),
    ]  # fmt: skip


def test_what_is_given_replaces_what_the_grids_say(ring_host: Host) -> None:
    found = configs("experiment=twice", "cpus=5", "seed=1", "mechanism/lock=mcs", host=ring_host)
    assert [(c["topology"]["size"], c["cpus"], c["seed"]) for c in found] == [(4, 5, 1), (64, 5, 1)]


def test_an_experiment_without_grids_is_a_configuration(ring_host: Host) -> None:
    (config,) = configs("experiment=plain", host=ring_host)
    assert config["cpus"] == 9
    with pytest.raises(ConfigError, match="grids must be a list"):
        configs("experiment=wrong", host=ring_host)
