from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from omegaconf import OmegaConf

from smplab.lab import config
from smplab.lab.grid import expand
from smplab.lab.tree import configuration_folder
from smplab.machine.description import Costs
from smplab.plugin.errors import ConfigError
from smplab.plugin.host import shared_host
from tests.sample_plugins import identity, sample_host

HOST = sample_host()


def plain(**changes: Any) -> dict[str, Any]:
    """Return a resolved configuration, as a composition gives it."""
    costs = dataclasses.asdict(Costs(hit=7))
    return {
        "topology": {"name": "uniform", "size": 4, "clock_ghz": 2.0, "costs": costs},
        "kernel": {"name": "none"},
        "mechanism": {"lock": {"name": "ticket", "backoff_cycles": 0}},
        "policy": None,
        "workload": {"name": "lock_contention", "think_cycles": 1, "think": "constant"},
        "executor": {"name": "serial", "timeout_s": 0},
        "tracking": {"name": "none"},
        "cpus": 2, "placement": "compact", "seed": 1, "replicas": 2, "warmup_cycles": 0,
        "run_cycles": 10, "operations": None, "max_cycles": 100, "instr_cycles": 1.0,
        "trace": False, "trace_events": 100,
        "objective": None, "grids": None,
    } | changes  # fmt: skip


def test_what_makes_sense_passes_unchanged() -> None:
    assert config.checked(plain(), ["cpus", "mechanism/lock"], HOST) == plain()


def test_every_value_has_a_default_in_the_yaml_and_a_documentation() -> None:
    defaults = OmegaConf.to_container(OmegaConf.load(configuration_folder() / "config.yaml"))
    assert isinstance(defaults, dict)
    fields = dataclasses.fields(config.Values)
    assert {field.name for field in fields} == set(defaults) - {"defaults", "grids"}
    assert all(field.metadata["parameter"].doc for field in fields)


def test_what_is_simulated_and_how_are_kept_apart() -> None:
    point = config.point_config(plain(), replica=1)
    settings = config.settings(plain())
    assert set(settings) == {"executor", "tracking", "objective"}
    assert not set(settings) & set(point)
    assert point["replica"] == 1
    assert "replicas" not in point


def test_slots_are_those_of_the_workload_and_of_the_fillings() -> None:
    store = {"name": "cohort", "fair": True}
    lock = {"name": "mcs", "nodes": 1}
    found = plain(workload={"name": "faults"}, mechanism={"lock": lock, "store": store})
    assert config.slots_in_use(found, HOST) == ("store", "lock")
    assert config.slots_in_use(plain(), HOST) == ("lock",)
    assert config.slots_in_use(plain(workload={"name": "private"}), HOST) == ()


def test_a_slot_in_use_needs_a_filling() -> None:
    with pytest.raises(ConfigError, match=r"uses the slot lock: give mechanism/lock=NAME; .*mcs"):
        config.slots_in_use(plain(mechanism={"lock": None}), HOST)


def test_slots_that_nobody_uses_become_null() -> None:
    private = {"name": "private", "think_cycles": 1}
    found = config.checked(plain(workload=private), ["cpus"], HOST)
    assert found["mechanism"] == {"lock": None}


@pytest.mark.parametrize("key", ["mechanism/lock", "mechanism.lock.nodes", "mechanism.lock"])
def test_naming_a_slot_that_nobody_uses_is_an_error(key: str) -> None:
    private = plain(workload={"name": "private", "think_cycles": 1})
    with pytest.raises(ConfigError, match=f"{key} is set, but workload private .* uses: none"):
        config.refuse_unused([key], private, ())
    config.refuse_unused([key], plain(), ("lock",))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"topology": None}, "topology is not chosen; choose from: matrix, uniform"),
        ({"cpus": 0}, "cpus=0: must be at least 1"),
        ({"cpus": "???"}, "cpus must be given: CPUs that take part"),
        ({"placement": "far"}, "placement=far: choose from: compact, scatter, sockets"),
        ({"extra": 1}, "the configuration has no key extra"),
        ({"workload": {"name": "gone"}}, "workload=gone: no such component"),
        ({"workload": {"name": "private"}}, "workload.think_cycles must be given"),
        ({"executor": {"name": "serial", "timeout_s": -1}}, "executor.timeout_s=-1: must be at"),
        ({"topology": {"name": "matrix", "file": "???", "sockets": None}}, "topology.file must"),
        ({"operations": 5}, "operations=5 and run_cycles=10 both say when a run ends"),
        ({"run_cycles": None}, "nothing says when a run ends"),
        ({"instr_cycles": 0.01}, "instr_cycles=0.01: must be a multiple of 0.05"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config.checked(plain(**changes), [], HOST)


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (
            ["workload=ipc_pairs"],
            "workload=ipc_pairs does not run on kernel=none: .* multiprocessor, uniprocessor",
        ),
        (
            ["kernel=uniprocessor"],
            "workload=lock_contention does not run on kernel=uniprocessor: .*, one of none",
        ),
        (
            ["workload=ipc_pairs", "kernel=uniprocessor", "cpus=1,2"],
            "kernel=uniprocessor runs on one CPU: cpus=2 must be 1",
        ),
        (
            ["workload=ipc_pairs", "kernel=uniprocessor", "mechanism/synchronization=locked"],
            "kernel uniprocessor does not use the slot synchronization; it uses: none",
        ),
    ],
)
def test_kernel_workload_and_cpus_go_together(overrides: list[str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        expand(overrides, shared_host(), identity, multirun=True)


@pytest.mark.parametrize(
    ("overrides", "slots"),
    [
        (["workload=lock_contention", "kernel=none"], {"lock"}),
        (["kernel=uniprocessor", "cpus=1"], set()),
        (
            ["kernel=multiprocessor"],
            {"granularity", "lock", "synchronization", "tlb", "tracking", "accounting"},
        ),
        (
            ["kernel=multiprocessor", "mechanism/synchronization=messages"],
            {"synchronization", "tlb", "tracking", "accounting"},
        ),
        (
            [
                "kernel=multiprocessor",
                "mechanism/synchronization=messages",
                "mechanism/tlb=hardware",
            ],
            {"synchronization", "tlb", "accounting"},
        ),
    ],
)
def test_a_kernel_s_slots_are_those_of_its_fillings_too(
    overrides: list[str], slots: set[str]
) -> None:
    (point,) = expand(["workload=ipc_pairs", *overrides], shared_host(), identity).points
    mechanism = point.config["mechanism"]
    assert {slot for slot, filling in mechanism.items() if filling} == slots
    for unused in {"granularity", "lock", "synchronization"} - slots:
        (name, *_) = shared_host().registry.names(f"mechanism/{unused}")
        named = ["workload=ipc_pairs", *overrides, f"mechanism/{unused}={name}"]
        with pytest.raises(ConfigError, match=f"does not use the slot {unused}"):
            expand(named, shared_host(), identity)


@pytest.mark.parametrize(
    ("overrides", "policy"),
    [
        (["workload=lock_contention"], None),
        (["workload=ipc_pairs", "kernel=uniprocessor", "cpus=1"], {"name": "static"}),
        (["workload=ipc_pairs", "kernel=uniprocessor", "cpus=1", "policy=static"],
         {"name": "static"}),
        (["workload=ipc_pairs", "kernel=multiprocessor"], {"name": "static"}),
        (["workload=ipc_pairs", "kernel=multiprocessor", "policy=hints",
          "policy.shared_from_percent=20"],
         {"name": "hints", "shared_from_percent": 20, "trees_shared_from_percent": 3,
         "delegated_from_cpus": 0, "trees_delegated_from_cpus": 0, "fine_from_cpus": 2}),
    ],
)  # fmt: skip
def test_a_policy_goes_with_a_kernel(overrides: list[str], policy: dict[str, Any] | None) -> None:
    (point,) = expand(overrides, shared_host(), identity).points
    assert point.config["policy"] == policy


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (
            ["policy=static"],
            "policy is set, but kernel=none, on which workload lock_contention .* takes no policy",
        ),
        (
            ["workload=ipc_pairs", "kernel=uniprocessor", "cpus=1", "policy=hints"],
            "policy=hints says how .* kernel=uniprocessor runs on one: .*; choose from: static",
        ),
        (
            ["workload=ipc_pairs", "kernel=multiprocessor", "policy=hint"],
            "there is no such policy; did you mean hints?",
        ),
        (
            ["workload=ipc_pairs", "kernel=multiprocessor", "policy.shared_from_percent=20"],
            r"policy \(static\) has no key shared_from_percent",
        ),
        (
            ["workload=ipc_pairs", "kernel=multiprocessor", "policy=hints",
             "policy.shared_from_percent=102"],
            "policy.shared_from_percent=102: must be at most 101 %",
        ),
    ],
)  # fmt: skip
def test_a_policy_that_makes_no_sense_is_refused(overrides: list[str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        expand(overrides, shared_host(), identity)


def test_a_kernel_needs_a_policy() -> None:
    kernel = shared_host().registry.get("kernel", "multiprocessor")
    bare = plain(kernel={"name": kernel.name}, workload={"name": "ipc_pairs"})
    with pytest.raises(ConfigError, match="policy is not chosen; choose from: hints, hostile"):
        config.checked(bare, [], shared_host())
