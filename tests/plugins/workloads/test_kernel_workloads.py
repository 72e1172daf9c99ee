"""The workloads that run on a kernel, as points: on every kernel, and what they measure."""

from __future__ import annotations

from typing import Any

import pytest

from smplab.lab.point import point_identity, run_point

WORKLOADS = ("ipc_pingpong", "ipc_pairs", "ipc_clients", "oversubscribed")
KERNELS = ("uniprocessor", "locked", "messages")


def point(workload: str, how: str, cpus: int, lock: str = "mcs", **values: Any) -> dict[str, Any]:
    """Return the configuration of a point; `values` are the workload's."""
    mechanism: dict[str, Any] = {"lock": None, "synchronization": None}
    kernel: dict[str, Any] = {"name": "uniprocessor"}
    if how != "uniprocessor":
        kernel["name"] = "multiprocessor"
        mechanism["synchronization"] = {"name": how}
    if how == "locked":
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


def test_a_second_server_serves_more_clients() -> None:
    one, two = (
        operations("ipc_clients", "locked", 6, servers=n, service_cycles=20_000) for n in (1, 2)
    )
    assert two > 1.5 * one


def test_a_fair_queue_suffers_from_more_threads_than_cpus() -> None:
    alone, crowded, yielding = (
        run_point({**point("oversubscribed", "locked", 4, **values), "run_cycles": 4_000_000})
        for values in ({"live": 1}, {"live": 2}, {"live": 2, "waiting": "yield"})
    )
    assert crowded["operations"] < alone["operations"] / 4
    assert yielding["operations"] > 2 * crowded["operations"]


def test_points_are_named_by_their_numbers() -> None:
    first = point("ipc_pairs", "locked", 2, delay_cycles=500)
    other = point("ipc_pairs", "locked", 2, delay_cycles=600)
    assert point_identity(first) == point_identity(first) != point_identity(other)
