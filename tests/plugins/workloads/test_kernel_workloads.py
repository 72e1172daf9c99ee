"""The workloads that run on a kernel, as points: on every kernel, and what they measure."""

from __future__ import annotations

from typing import Any

import pytest

from smplab.lab.point import point_identity, run_point

WORKLOADS = ("ipc_pingpong", "ipc_pairs", "ipc_clients", "oversubscribed")
KERNELS = ("uniprocessor", "locked", "global", "messages")
GRANULARITY = {"locked": "object", "global": "global"}


def point(workload: str, how: str, cpus: int, lock: str = "mcs", **values: Any) -> dict[str, Any]:
    """Return the configuration of a point; `values` are the workload's."""
    mechanism: dict[str, Any] = {"granularity": None, "lock": None, "synchronization": None}
    kernel: dict[str, Any] = {"name": "uniprocessor"}
    if how != "uniprocessor":
        kernel["name"] = "multiprocessor"
        mechanism |= {"tlb": {"name": "batched"}, "tracking": {"name": "bitmap"}}
        mechanism["accounting"] = {"name": "none"}
        mechanism["synchronization"] = {"name": "messages" if how == "messages" else "locked"}
    if how in GRANULARITY:
        mechanism["granularity"] = {"name": GRANULARITY[how]}
        mechanism["lock"] = {"name": lock}
    kernel["tick_cycles"] = 50_000
    return {
        "topology": {"name": "uniform", "cpus": 8},
        "kernel": kernel,
        "mechanism": mechanism,
        "policy": None,
        "workload": {"name": workload, **values},
        "cpus": cpus,
        "placement": "compact",
        "seed": 1,
        "replica": 0,
        "warmup_cycles": 20_000,
        "run_cycles": 400_000,
        "operations": None,
        "max_cycles": 10**9,
        "instr_cycles": 1.0,
    }


def operations(workload: str, how: str, cpus: int, **values: Any) -> float:
    """Run a point; return how many operations it completed."""
    return run_point(point(workload, how, cpus, **values))["operations"]


@pytest.mark.parametrize("workload", WORKLOADS)
@pytest.mark.parametrize(
    ("how", "cpus"), [("uniprocessor", 1)] + [(how, n) for how in KERNELS[1:] for n in (1, 4)]
)
def test_every_workload_runs_on_every_kernel(workload: str, how: str, cpus: int) -> None:
    assert operations(workload, how, cpus) > 20


@pytest.mark.parametrize("lock", ["clh", "tas", "ticket", "ttas"])
def test_any_lock_of_the_slot_serves(lock: str) -> None:
    assert operations("ipc_clients", "locked", 4, lock=lock) > 20


@pytest.mark.parametrize("how", KERNELS)
def test_longer_messages_take_longer(how: str) -> None:
    short, long = (operations("ipc_pingpong", how, 1, length=n) for n in (0, 64))
    assert long < short


def test_what_several_cpus_cost_one() -> None:
    alone, messages, locked = (operations("ipc_pingpong", how, 1) for how in
                               ("uniprocessor", "messages", "locked"))  # fmt: skip
    assert locked < messages < alone


@pytest.mark.parametrize("how", ["locked", "messages"])
def test_a_server_on_another_cpu_is_farther(how: str) -> None:
    same, last = (operations("ipc_pingpong", how, 2, server_on=on) for on in ("same", "last"))
    assert last < same / 2


@pytest.mark.parametrize("how", ["locked", "messages"])
def test_pairs_share_nothing(how: str) -> None:
    one, four = (operations("ipc_pairs", how, n, distribution="constant") for n in (1, 4))
    assert four > 3.9 * one


def test_one_lock_for_the_kernel_costs_one_cpu_less_and_many_more() -> None:
    one, four = (
        [operations("ipc_pairs", how, n, delay_cycles=0) for how in ("locked", "global")]
        for n in (1, 4)
    )
    assert one[1] > one[0]
    assert four[1] < four[0] / 2


def test_a_second_server_serves_more_clients() -> None:
    one, two = (
        operations("ipc_clients", "locked", 6, servers=n, service_cycles=20_000) for n in (1, 2)
    )
    assert two > 1.5 * one


def crowd(lock: str, threads: int, **values: Any) -> dict[str, float]:
    """Run threads on 4 CPUs that share a lock of their own; the metrics."""
    config = point("oversubscribed", "messages", 4, threads=threads, **values)
    config["workload"]["lock"] = lock
    return run_point({**config, "run_cycles": 4_000_000})


@pytest.mark.parametrize("lock", ["ticket", "mcs", "clh"])
def test_a_fair_queue_suffers_from_one_thread_more_than_cpus(lock: str) -> None:
    alone, crowded = (crowd(lock, n)["operations"] for n in (4, 5))
    assert crowded < alone / 2
    assert crowd(lock, 5, waiting="yield")["operations"] > 1.5 * crowded


@pytest.mark.parametrize("lock", ["tas", "ttas"])
def test_whoever_runs_takes_a_lock_without_order(lock: str) -> None:
    alone, crowded = (crowd(lock, n)["operations"] for n in (4, 5))
    assert crowded > alone / 2


@pytest.mark.parametrize("lock", ["tas", "ttas", "ticket", "mcs", "clh"])
@pytest.mark.parametrize("waiting", ["spin", "yield"])
def test_threads_exclude_each_other_wherever_they_are_preempted(lock: str, waiting: str) -> None:
    """The critical sections of all threads, one after the other, fill the time at most."""
    values = {"critical_section_cycles": 2000, "think_cycles": 0}
    metrics = crowd(lock, 7, waiting=waiting, **values)
    assert 5 < metrics["operations"] <= 4_000_000 / 2000


def test_threads_are_spread_over_the_cpus() -> None:
    with pytest.raises(Exception, match=r"exceeds kernel\.threads"):
        run_point(point("oversubscribed", "locked", 2, threads=9))
    assert operations("oversubscribed", "locked", 2, threads=8) > 0
    alone = run_point(point("oversubscribed", "locked", 4, threads=1))
    assert alone["fairness"] == pytest.approx(1 / 4)


def test_points_are_named_by_their_numbers() -> None:
    first = point("ipc_pairs", "locked", 2, delay_cycles=500)
    other = point("ipc_pairs", "locked", 2, delay_cycles=600)
    assert point_identity(first) == point_identity(first) != point_identity(other)
