"""A configuration becomes a system, a run, metrics; and is named by all that decides them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from smplab.lab.point import assemble, compute_point, derived_seed, point_identity, run_point
from smplab.language.errors import SmplabError
from smplab.plugin.host import shared_host


@pytest.fixture
def config() -> dict[str, Any]:
    """A small point on a small machine."""
    return {
        "topology": {"name": "uniform", "cpus": 8},
        "kernel": {"name": "none"},
        "mechanism": {"lock": {"name": "mcs"}},
        "policy": None,
        "workload": {"name": "lock_contention", "critical_section_cycles": 200},
        "cpus": 4,
        "placement": "compact",
        "seed": 1,
        "replica": 0,
        "warmup_cycles": 10_000,
        "run_cycles": 100_000,
        "operations": None,
        "max_cycles": 10**9,
        "instr_cycles": 1.0,
    }


def changed(config: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Return a copy with another value at a dotted key."""
    copied = copy.deepcopy(config)
    *path, last = key.split(".")
    inner = copied
    for name in path:
        inner = inner[name]
    inner[last] = value
    return copied


def test_a_point_has_metrics(config: dict[str, Any]) -> None:
    metrics = run_point(config)
    assert metrics["cycles"] == 100_000
    assert 0 < metrics["operations"] <= 100_000 / 200
    assert metrics["cycles_user"] > 0


def test_a_point_gives_the_same_metrics_again(config: dict[str, Any]) -> None:
    assert run_point(config) == run_point(config)


def test_points_that_differ_in_numbers_share_their_image(config: dict[str, Any]) -> None:
    host = shared_host()
    other = changed(changed(config, "workload.critical_section_cycles", 300), "cpus", 8)
    assert assemble(config, host).program.image is assemble(other, host).program.image


def test_points_that_differ_in_structure_do_not(config: dict[str, Any]) -> None:
    host = shared_host()
    other = changed(config, "workload.think_distribution", "exponential")
    assert assemble(config, host).program.image is not assemble(other, host).program.image


def test_a_number_reaches_the_program(config: dict[str, Any]) -> None:
    slow = run_point(changed(config, "workload.critical_section_cycles", 2000))
    assert slow["operations"] < run_point(config)["operations"] / 4


def test_path_costs_follow_the_cost_of_an_instruction(config: dict[str, Any]) -> None:
    config = {**config, "topology": {"name": "skylake4"}}
    one, two = (
        assemble({**config, "instr_cycles": n}, shared_host()).machine.costs for n in (1.0, 2.0)
    )
    assert two.kernel_entry + two.switch < one.kernel_entry + one.switch


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cpus", 5),
        ("seed", 2),
        ("replica", 1),
        ("placement", "scatter"),
        ("instr_cycles", 2.0),
        ("run_cycles", 100_001),
        ("topology.cpus", 16),
        ("mechanism.lock", {"name": "clh"}),
        ("workload.think_cycles", 7),
    ],
)
def test_whatever_is_simulated_is_in_the_name(
    config: dict[str, Any], key: str, value: object
) -> None:
    assert point_identity(changed(config, key, value)) != point_identity(config)


def test_how_it_is_computed_is_not_in_the_name(config: dict[str, Any]) -> None:
    ran_elsewhere = {**config, "executor": {"name": "ray"}, "tracking": {"name": "none"}}
    assert point_identity(ran_elsewhere) == point_identity(config)


def on_a_kernel(policy: dict[str, Any]) -> dict[str, Any]:
    """Return a small point with a kernel and a policy."""
    return {
        "topology": {"name": "uniform", "cpus": 8},
        "kernel": {"name": "multiprocessor", "threads": 3, "tick_cycles": 20_000},
        "mechanism": {
            "synchronization": {"name": "messages"},
            "tlb": {"name": "hardware"},
            "accounting": {"name": "none"},
        },
        "policy": policy,
        "workload": {"name": "ipc_pairs"},
        "cpus": 2,
        "placement": "compact",
        "seed": 1,
        "replica": 0,
        "warmup_cycles": 0,
        "run_cycles": 200_000,
        "operations": None,
        "max_cycles": 10**9,
        "instr_cycles": 1.0,
    }


def test_a_policy_is_a_part_of_the_system() -> None:
    seldom = on_a_kernel({"name": "hostile", "pause_cycles": 4_000})
    often = changed(seldom, "policy.pause_cycles", 1_000)
    calls = [run_point(one)["count_hostile_calls"] for one in (seldom, often)]
    assert 0 < calls[0] < calls[1]
    assert point_identity(seldom) != point_identity(often)
    host = shared_host()
    assert assemble(seldom, host).program.image is assemble(often, host).program.image


def test_a_policy_s_threads_need_room() -> None:
    crowded = changed(on_a_kernel({"name": "hostile"}), "kernel.threads", 1)
    with pytest.raises(SmplabError, match=r"kernel.threads=1: .*: raise kernel.threads"):
        assemble(crowded, shared_host())


def test_too_many_cpus_are_refused(config: dict[str, Any]) -> None:
    with pytest.raises(SmplabError, match="cpus=9 is more than topology uniform"):
        run_point(changed(config, "cpus", 9))


def test_an_unknown_lock_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(
        SmplabError, match="mechanism/lock=msc: no such component; did you mean mcs"
    ):
        run_point(changed(config, "mechanism.lock", {"name": "msc"}))


def test_replicas_have_seeds_of_their_own() -> None:
    seeds = {derived_seed(seed, replica) for seed in range(20) for replica in range(20)}
    assert len(seeds) == 400
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_trace_changes_neither_the_metrics_nor_the_name(config: dict[str, Any]) -> None:
    traced = {**config, "trace": True, "trace_events": 50}
    computed = compute_point(traced)
    assert computed.metrics == run_point(traced) == compute_point(config).metrics
    assert computed.trace is not None
    assert compute_point(config).trace is None
    assert computed.details["trace"]["cut"]
    assert point_identity(traced) == point_identity(config)


def test_a_point_that_fails_is_traced_up_to_there(config: dict[str, Any]) -> None:
    late = {"run_cycles": None, "operations": 10**6, "max_cycles": 50_000}
    traced = {**config, **late, "trace": True, "trace_events": 10**5}
    computed = compute_point(traced)
    assert "max_cycles" in str(computed.failure)
    assert 40_000 < computed.details["trace"]["to_cycle"] <= 50_000
    assert computed.trace is not None
    early = {**traced, "max_cycles": 10_001, "warmup_cycles": 10_000}
    with pytest.raises(SmplabError, match="max_cycles"):
        run_point(early)
