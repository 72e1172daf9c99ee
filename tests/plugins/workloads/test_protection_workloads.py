"""The workloads whose objects have changing needs, as points: what they count, what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from smplab.lab.point import run_point
from smplab.language.errors import SmplabError
from tests.plugins.workloads.test_kernel_workloads import point

VARIANTS = [
    ("remote_share", {"object": "thread", "remote_percent": 30}),
    ("remote_share", {"object": "tree", "remote_percent": 30}),
    ("phases", {"kinds": "both", "phase_cycles": 20_000}),
    ("phases", {"kinds": "ipc", "others": "user", "degree": 3, "phase_cycles": 20_000}),
    ("phases", {"kinds": "map", "servers": 2, "phase_cycles": 20_000}),
    ("subsystems", {}),
    ("subsystems", {"phase_cycles": 2_500}),
    ("subtrees", {"memory": "own"}),
    ("subtrees", {"memory": "shared", "whole_by": "single_calls", "filled": False}),
    ("regime_changes", {"others": "kernel"}),
    ("regime_changes", {"what": "grain", "others": "user", "involved": 2, "home": "next"}),
]
ONE_OF_EACH = [VARIANTS[i] for i in (0, 1, 3, 6, 8, 9)]
DECLARING = ONE_OF_EACH[:-1]  # regime_changes asks the kernel itself
ON_ONE_CPU = [VARIANTS[i] for i in (0, 1, 2, 7, 8, 9)]


def configured(
    workload: str, how: str, cpus: int, policy: str = "static", run: dict[str, Any] | None = None,
    kernel: dict[str, Any] | None = None, **values: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return the configuration of a point; `how` may be dynamic, too."""
    config = point(workload, "locked" if how == "dynamic" else how, cpus, **values)
    if how == "dynamic":
        config["mechanism"]["synchronization"] = {"name": "dynamic"}
        config["mechanism"]["granularity"] = {"name": "dynamic"}
        config["mechanism"]["fine_lock"] = {"name": "ttas"}
        config["mechanism"]["grace"] = {"name": "epochs"}
    config["topology"]["cpus"] = max(8, cpus)
    config["kernel"] |= {"spaces": 2, "tables": 12, "radix_bits": 5, "regions": 3, **(kernel or {})}
    config["policy"] = {"name": policy}
    return {**config, **(run or {})}


def measured(workload: str, how: str, cpus: int, **values: Any) -> dict[str, float]:
    """Run a point; its metrics."""
    return run_point(configured(workload, how, cpus, **values))


def until(operations: int) -> dict[str, Any]:
    """Measure so many operations, from the very first one on."""
    return {"warmup_cycles": 0, "run_cycles": None, "operations": operations}


@pytest.mark.parametrize(("workload", "values"), VARIANTS)
@pytest.mark.parametrize("how", ["locked", "messages"])
def test_every_workload_runs(workload: str, values: dict[str, Any], how: str) -> None:
    assert measured(workload, how, 4, **values)["operations"] >= 3


@pytest.mark.parametrize(("workload", "values"), ON_ONE_CPU)
def test_what_makes_sense_on_one_cpu_runs_there(workload: str, values: dict[str, Any]) -> None:
    assert measured(workload, "uniprocessor", 1, **values)["operations"] >= 3


@pytest.mark.parametrize(("workload", "values"), DECLARING)
def test_what_is_declared_makes_sense_to_the_kernel(workload: str, values: dict[str, Any]) -> None:
    metrics = measured(workload, "dynamic", 4, policy="hints", run={"warmup_cycles": 0}, **values)
    assert metrics["operations"] >= 3
    assert metrics["count_hints_calls"] > 0
    assert metrics["count_hints_refused"] == 0


@pytest.mark.parametrize(("workload", "values"), ONE_OF_EACH)
def test_malice_stops_nobody(workload: str, values: dict[str, Any]) -> None:
    run = {"run_cycles": 1_000_000}
    metrics = measured(workload, "dynamic", 4, policy="hostile", run=run, **values)
    assert metrics["operations"] >= 1


# --- remote_share ---------------------------------------------------------------------------------


@pytest.mark.parametrize("object_", ["thread", "tree"])
def test_the_share_of_remote_operations_is_as_asked_for(object_: str) -> None:
    for percent in (0, 40, 100):
        metrics = measured("remote_share", "locked", 4, object=object_, remote_percent=percent)
        local, remote = metrics["count_local"], metrics["count_remote"]
        assert local + remote == pytest.approx(metrics["operations"], abs=4)
        assert 100 * remote / (local + remote) == pytest.approx(percent, abs=10)
        assert ("local_latency_mean_cycles" in metrics) == (percent < 100)
        assert ("remote_latency_mean_cycles" in metrics) == (percent > 0)


@pytest.mark.parametrize("target", ["others", "first"])
def test_on_one_cpu_everything_is_local(target: str) -> None:
    metrics = measured("remote_share", "locked", 1, remote_percent=100, target=target)
    assert metrics["count_remote"] == 0 < metrics["count_local"]


@pytest.mark.parametrize("object_", ["thread", "tree"])
def test_a_share_may_go_to_one_cpu_which_has_none_itself(object_: str) -> None:
    values = {"object": object_, "target": "first", "think_cycles": 2000}
    for percent, least, most in ((0, 0, 0), (50, 0.1, 0.5), (100, 0.5, 0.999)):
        metrics = measured("remote_share", "locked", 4, remote_percent=percent, **values)
        remote = metrics["count_remote"]
        assert least <= remote / (remote + metrics["count_local"]) <= most


@pytest.mark.parametrize("object_", ["thread", "tree"])
def test_a_crowd_asks_the_home_of_the_one_object_from_the_threshold_on(object_: str) -> None:
    def sent(threshold: int) -> float:
        config = configured(
            "remote_share", "dynamic", 4, "hints", object=object_, target="first",
            remote_percent=100,
        )  # fmt: skip
        keys = ("delegated_from_cpus", "trees_delegated_from_cpus")
        config["policy"] |= dict.fromkeys(keys, threshold)
        metrics = run_point(config)
        assert metrics["count_hints_refused"] == 0
        return metrics["ipis_sent"] / metrics["operations"]

    assert sent(5) == sent(0), "four CPUs are below five"
    assert sent(4) != sent(0)


# --- phases ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("percent", "degree"), [(0, 0), (30, 0), (50, 3), (100, 2), (100, 1)])
def test_a_round_is_a_fixed_amount_of_work(percent: int, degree: int) -> None:
    values = {"phase_cycles": 20_000, "operation_cycles": 1000, "kinds": "ipc", "degree": degree}
    metrics = measured(
        "phases", "locked", 4, run=until(4), parallel_percent=percent, **values
    )  # fmt: skip
    cpus = degree or 4
    together = -(-40 * percent // 100 // cpus) * cpus
    # CPU 0 may have gone on, where the others were still to see the end.
    assert metrics["count_steps_sequential"] == pytest.approx(4 * (40 - 40 * percent // 100), abs=1)
    assert metrics["count_steps_parallel"] == pytest.approx(4 * together, abs=1)
    phases = [metrics.get(f"{kind}_latency_mean_cycles", 0) for kind in ("sequential", "parallel")]
    assert metrics["latency_mean_cycles"] == pytest.approx(sum(phases), rel=0.01)


@pytest.mark.parametrize("others", ["idle", "user"])
def test_cpus_without_work_idle_or_not(others: str) -> None:
    metrics = measured("phases", "locked", 4, others=others, parallel_percent=0)
    idle = metrics["cycles_idle"] / (4 * metrics["cycles"])
    assert idle > 0.7 if others == "idle" else idle < 0.1


# --- subsystems -----------------------------------------------------------------------------------


def test_operations_of_subsystems_add_up() -> None:
    metrics = measured("subsystems", "locked", 8)
    counts = [metrics[f"count_{name}"] for name in ("local_ipc", "server", "disjoint", "shared")]
    assert min(counts) > 10
    assert sum(counts) == pytest.approx(metrics["operations"], abs=8)


@pytest.mark.parametrize("how", ["locked", "messages", "dynamic"])
def test_a_turn_has_each_subsystem_do_its_work_on_each_cpu(how: str) -> None:
    values = {"phase_cycles": 8000, "operation_cycles": 1000}
    metrics = measured("subsystems", how, 8, run=until(2), **values)
    assert metrics["operations"] == 2
    for name in ("local_ipc", "disjoint"):
        assert metrics[f"count_{name}"] == 2 * 8 * 8
    for name in ("server", "shared"):
        assert metrics[f"count_{name}"] == 2 * 4 * 8


@pytest.mark.parametrize("cpus", [4, 8])
def test_sets_of_cpus_may_change_their_roles_alone(cpus: int) -> None:
    values = {"phase_cycles": 8000, "operation_cycles": 1000, "change": "apart"}
    metrics = measured("subsystems", "locked", cpus, run=until(5), **values)
    each = cpus // 4
    done = [metrics[f"count_{name}"] for name in ("local_ipc", "server", "disjoint", "shared")]
    phases = [done[0] / each, done[1], done[2] / each, done[3]]
    # When the fifth turn is over, the other sets are in the middle of theirs.
    assert 5 * 4 * 8 <= sum(phases) <= (5 + 3) * 4 * 8
    assert min(phases) >= 5 * 8


@pytest.mark.parametrize(("from_cpus", "delegated"), [(0, False), (9, False), (8, True)])
def test_hints_are_told_of_a_crowd(from_cpus: int, delegated: bool) -> None:
    """A request is an interrupt, and so is its answer; under the lock there are few."""
    only = {"local_ipc_share": 0, "server_share": 0, "disjoint_share": 0, "shared_share": 1}
    policy = {"name": "hints", "trees_delegated_from_cpus": from_cpus}
    run = {**until(1), "policy": policy}
    metrics = measured("subsystems", "dynamic", 8, run=run, phase_cycles=400_000, **only)
    shared = 400_000 // 2100
    assert metrics["count_shared"] == shared
    assert (metrics["ipis_sent"] > 3 * shared) == delegated
    assert delegated or metrics["ipis_sent"] < 2 * shared


def test_sets_may_be_left_out_and_larger_than_others() -> None:
    config = {"phase_cycles": 8000, "operation_cycles": 1000, "disjoint_share": 0,
              "shared_share": 0, "server_share": 3}  # fmt: skip
    metrics = measured("subsystems", "locked", 8, run=until(1), **config)
    assert metrics["count_disjoint"] == metrics["count_local_ipc"] == 8 * 8
    assert metrics["count_server"] == 8 + 8  # whether two CPUs share them, or six
    none = dict.fromkeys(("local_ipc_share", "server_share", "disjoint_share", "shared_share"), 0)
    with pytest.raises(SmplabError, match="must be above 0"):
        measured("subsystems", "locked", 4, **none)


# --- subtrees -------------------------------------------------------------------------------------


@pytest.mark.parametrize("memory", ["own", "shared"])
def test_the_share_of_whole_revocations_is_as_asked_for(memory: str) -> None:
    for percent in (0, 50, 100):
        metrics = measured("subtrees", "locked", 4, memory=memory, whole_percent=percent)
        whole, single = metrics["count_whole"], metrics["count_single"]
        assert whole + single == pytest.approx(metrics["operations"], abs=4)
        assert 100 * whole / (whole + single) == pytest.approx(percent, abs=12)
        assert ("whole_latency_mean_cycles" in metrics) == (percent > 0)


def test_others_begin_when_a_shared_memory_is_protected_as_declared() -> None:
    early, later = (
        measured("subtrees", "dynamic", 4, policy="hints", memory="shared", early=early)
        for early in (True, False)
    )
    assert later["count_hints_calls"] == 0 < later["operations"]
    assert early["operations"] > 0


# --- regime_changes -------------------------------------------------------------------------------


@pytest.mark.parametrize("others", ["user", "kernel"])
def test_others_work_while_regimes_change_and_while_they_do_not(others: str) -> None:
    flips, quiet = (
        measured("regime_changes", "dynamic", 4, others=others, flips=flips)
        for flips in (True, False)
    )
    assert quiet["operations"] == 0 < flips["operations"]
    assert quiet["count_work"] > 100
    assert flips["count_work"] > 100


@pytest.mark.parametrize("what", ["concurrency", "grain"])
def test_changes_are_settled_sooner_or_later(what: str) -> None:
    metrics = measured("regime_changes", "dynamic", 4, what=what, involved=2, pause_cycles=100)
    static = measured("regime_changes", "locked", 4, what=what, involved=2, pause_cycles=100)
    assert 3 <= metrics["operations"] < static["operations"]


def test_idle_cpus_do_nothing_and_are_not_in_the_way() -> None:
    metrics = measured("regime_changes", "dynamic", 4, others="idle")
    assert metrics["operations"] > 0
    assert metrics["cycles_idle"] > 0.7 * 3 * metrics["cycles"]


@pytest.mark.parametrize("cpus", [1, 4])
def test_the_home_alone_turns_a_lock_on_at_once(cpus: int) -> None:
    own, following = (
        measured("regime_changes", "dynamic", cpus, others="user", home=home, run=until(10))
        for home in ("own", "next")
    )
    both = ["on_latency_mean_cycles", "off_latency_mean_cycles"]
    # Five of each: the directions take turns, and the first one is on.
    sides = sum(own[name] for name in both)
    assert sides == pytest.approx(2 * own["latency_mean_cycles"], rel=0.01)
    if cpus == 1:
        assert following["ipis_sent"] == own["ipis_sent"] == 0
        assert following["latency_mean_cycles"] == own["latency_mean_cycles"]
    else:
        assert following["ipis_sent"] == 2 * own["ipis_sent"] == 10 * (cpus - 1)
        on, off = (following[name] for name in both)
        assert own[both[0]] < on / 2
        assert off == pytest.approx(on, rel=0.5)


@pytest.mark.parametrize("home", ["own", "next"])
def test_a_grain_changes_alike_whoever_asks(home: str) -> None:
    values = {"what": "grain", "others": "user", "home": home}
    metrics = measured("regime_changes", "dynamic", 4, run=until(10), **values)
    assert metrics["ipis_sent"] == 10 * 3


# --- what they refuse -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("workload", "message", "values"),
    [
        ("phases", "degree is more than there are CPUs", {"degree": 5}),
        ("phases", "kernel.threads", {"servers": 4}),
        ("subsystems", "takes a CPU each, or more", {"shared_share": 20}),
        ("subsystems", "raise kernel.priorities", {"kernel": {"priorities": 1}}),
        ("regime_changes", "involved exceeds the CPUs", {"involved": 5}),
        ("regime_changes", "kernel.threads=3 or more", {"kernel": {"threads": 2}}),
        ("subtrees", "lower kernel.regions", {"kernel": {"radix_bits": 2, "regions": 5}}),
        ("remote_share", "spaces=2 or more", {"object": "tree", "kernel": {"spaces": 0}}),
        ("phases", "spaces=2 or more", {"kernel": {"spaces": 1}}),
    ],
)
def test_what_does_not_fit_is_refused(workload: str, message: str, values: dict[str, Any]) -> None:
    with pytest.raises(SmplabError, match=message):
        measured(workload, "locked", 4, **values)


def test_a_region_has_a_page_for_each_cpu() -> None:
    values = {"kernel": {"radix_bits": 2, "page_levels": 4, "tables": 30}}
    with pytest.raises(SmplabError, match=r"raise kernel\.radix_bits"):
        measured("remote_share", "locked", 5, object="tree", **values)


@pytest.mark.parametrize(("workload", "values"), ONE_OF_EACH)
def test_128_cpus(workload: str, values: dict[str, Any]) -> None:
    kernel = {"radix_bits": 9, "tables": 6, "map_nodes": 1024, "regions": 2}
    values = {name: value for name, value in values.items() if name != "degree"}
    metrics = measured(workload, "locked", 128, kernel=kernel, run=until(2), **values)
    assert metrics["operations"] >= 2
