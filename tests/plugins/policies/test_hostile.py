"""Hostile hints: what is said, where, how often; and that every system survives it."""

from __future__ import annotations

from typing import Any

import pytest

from smplab.api import ALONE, COARSE, FINE, SHARED
from smplab.lab.point import run_point
from smplab.language.errors import SmplabError
from smplab_plugins.policies.hostile import Hostile
from tests.kernel.combinations import Combination, every, name_of, pairwise
from tests.plugins.policies.declaring import (
    CONCURRENCY,
    CPUS,
    GRAIN,
    GROUP,
    OBJECTS,
    PROCESSORS,
    heard,
)
from tests.plugins.workloads.test_kernel_workloads import point

NEVER: dict[str, Any] = {"policy_pause_cycles": 10**9}
"""It makes no calls but those that workloads declare."""


def attacked(workload: str, one: Combination, **policy: Any) -> dict[str, float]:
    """Run a workload under attack; the metrics."""
    config = point(workload, "uniprocessor", one["cpus"])
    slots = [slot for slot in one if slot not in {"kernel", "cpus"}]
    config["mechanism"] = {slot: {"name": one[slot]} for slot in slots}
    config["kernel"] |= {"name": one["kernel"], "spaces": 4, "tables": 12, "radix_bits": 5}
    config["topology"]["costs"] = {"tlb_broadcast": 400}
    return run_point({**config, "policy": {"name": "hostile", **policy}, "run_cycles": 10**6})


LOCKED: Combination = {
    "kernel": "multiprocessor", "synchronization": "locked", "granularity": "object",
    "lock": "ticket", "tlb": "batched", "tracking": "bitmap", "accounting": "none", "cpus": 4,
}  # fmt: skip
ONE_LOCK = {"lock": "mcs", "fine_lock": "mcs", "tlb": "batched", "tracking": "bitmap"}
CHANGING = [
    one
    for one in every(workload=["ipc_clients", "map_unmap"], cpus=[4])
    if "dynamic" in one.values()
    and one == {**one, **{k: ONE_LOCK[k] for k in one if k in ONE_LOCK}}
]


@pytest.mark.parametrize("one", pairwise(CHANGING), ids=name_of)
def test_every_kernel_survives_it(one: Combination) -> None:
    metrics = attacked(one["workload"], {k: v for k, v in one.items() if k != "workload"})
    assert metrics["operations"] > 5
    assert 0 < metrics["count_hostile_refused"] < metrics["count_hostile_calls"]


def test_it_calls_on_one_cpu_or_on_all_and_pauses_as_told() -> None:
    everywhere, last, seldom = (
        attacked("ipc_pairs", LOCKED, **policy)["count_hostile_calls"]
        for policy in ({}, {"threads_on": "last"}, {"pause_cycles": 20_000})
    )
    assert everywhere > 2 * last > 0
    assert everywhere > 2 * seldom > 0


def test_what_is_said_is_random_and_the_same_each_time() -> None:
    assert attacked("ipc_pairs", LOCKED) == attacked("ipc_pairs", LOCKED)


def test_it_needs_a_tick() -> None:
    config = point("ipc_pairs", "locked", 2)
    config["kernel"]["tick_cycles"] = 0
    with pytest.raises(SmplabError, match=r"never block, .*: give kernel\.tick_cycles"):
        run_point({**config, "policy": {"name": "hostile"}})


@pytest.mark.parametrize(
    ("declared", "call"),
    [
        (("share", 1, 0, 0), (CONCURRENCY, 1, SHARED, 0)),
        (("share", 1, 100, 0), (CONCURRENCY, 1, ALONE, 0)),
        (("share", 1, 100, 8), (CONCURRENCY, 1, ALONE, 0)),
        (("involve", 1, 0, 1), (PROCESSORS, 1, 1, 1)),
        (("group", 1, 4, 0), (GROUP, 1, 5, 0)),
        (("spread", 3, 1, 0), (GRAIN, 3, FINE, 0)),
        (("spread", 3, 8, 0), (GRAIN, 3, COARSE, 0)),
    ],
)
def test_declarations_are_turned_round(declared: Any, call: Any) -> None:
    calls, counters = heard(Hostile(), [declared], **NEVER)
    assert calls == [call]
    assert counters == {**counters, "hostile_calls": 1, "hostile_refused": 0}


def test_it_says_all_kinds_of_things() -> None:
    calls, counters = heard(Hostile(), [("wait", 200_000, 0, 0)])
    assert {call[0] for call in calls} == {CONCURRENCY, PROCESSORS, GROUP, GRAIN}
    said = {number for call in calls for number in call[1:]}
    assert {-(2**63), -1, 0, 1, CPUS, OBJECTS, 2**63 - 1} <= said
    assert 0 < counters["hostile_refused"] < counters["hostile_calls"]
