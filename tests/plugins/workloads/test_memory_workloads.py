"""The workloads on memory, as points: with every filling of tlb, and what they measure."""

from __future__ import annotations

from typing import Any

import pytest

from smplab.lab.point import run_point
from smplab.language.errors import SmplabError
from smplab.plugin.errors import ConfigError
from tests.plugins.workloads.test_kernel_workloads import point

VARIANTS = [
    ("map_unmap", {"region": "disjoint", "pages": 4, "depth": 2}),
    ("map_unmap", {"region": "overlapping"}),
    ("map_unmap", {"region": "shared", "pages": 3}),
    ("protect_storm", {"change": "unmap"}),
    ("map_unmap", {"level": 1, "region": "overlapping"}),
    ("protect_storm", {"change": "restrict", "revokers": 1}),
    ("protect_storm", {"pages": 3, "region": "shared"}),
    ("protect_storm", {"filled_by": "thread", "pages": 3, "change": "restrict"}),
    ("protect_storm", {"filled_by": "thread", "region": "shared", "work_cycles": 100}),
    ("realloc", {}),
    ("process_churn", {"child_on": "same"}),
    ("process_churn", {"child_on": "next"}),
    ("ipc_pingpong", {"space": "other"}),
]


def measured(workload: str, how: str, cpus: int, tlb: str = "batched", **values: Any) -> Any:
    """Run a point on a machine whose TLBs suit the filling."""
    config = point(workload, how, cpus, **values)
    config["topology"]["costs"] = {"tlb_broadcast": 400}
    if how != "uniprocessor":
        config["mechanism"]["tlb"] = {"name": tlb}
    config["kernel"] |= {"spaces": 4, "tables": 12, "radix_bits": 5}
    return run_point({**config, "run_cycles": 2 * config["run_cycles"]})


@pytest.mark.parametrize(("workload", "values"), VARIANTS)
@pytest.mark.parametrize(
    ("how", "cpus", "tlb"),
    [
        ("uniprocessor", 1, ""), ("locked", 4, "batched"), ("global", 4, "shootdown"),
        ("messages", 4, "hardware"), ("messages", 4, "batched"),
    ],
)  # fmt: skip
def test_every_workload_runs(
    workload: str, values: dict[str, Any], how: str, cpus: int, tlb: str
) -> None:
    assert measured(workload, how, cpus, tlb, **values)["operations"] > 5


def test_disjoint_regions_share_no_lock() -> None:
    disjoint, shared = (
        measured("map_unmap", "locked", 4, region=region)["operations"]
        for region in ("disjoint", "shared")
    )
    assert disjoint > shared


def test_a_storm_interrupts_all_cpus_of_the_space() -> None:
    one, all_of_them = (measured("protect_storm", "locked", n) for n in (1, 4))
    assert one["ipis_sent"] == 0
    # A CPU is not asked while its pager, in another space, runs.
    assert all_of_them["ipis_sent"] >= 2 * all_of_them["operations"]


def test_batches_send_one_interrupt_for_many_pages() -> None:
    sent = {
        tlb: measured("realloc", "locked", 4, tlb, frames=4)["ipis_sent"]
        for tlb in ("batched", "hardware")
    }
    assert sent["hardware"] == 0 < sent["batched"]


def test_one_call_revokes_all_pages_that_a_thread_maps_itself() -> None:
    few, many = (
        measured("protect_storm", "locked", 4, revokers=1, filled_by="thread", pages=pages)
        for pages in (2, 20)
    )
    assert few["ipis_sent"] / few["operations"] == pytest.approx(3, rel=0.1)
    assert many["ipis_sent"] / many["operations"] == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize("delivery", ["sequential", "multicast"])
def test_the_own_tlb_may_forget_while_the_others_do(delivery: str) -> None:
    config = point("protect_storm", "locked", 4, revokers=1, filled_by="thread")
    config["kernel"] |= {"spaces": 2, "tables": 12, "radix_bits": 5}
    took = {}
    for own in ("first", "meanwhile"):
        config["mechanism"]["tlb"] = {"name": "shootdown", "delivery": delivery, "own_flush": own}
        took[own] = run_point(config)["revoke_latency_mean_cycles"]
    assert took["meanwhile"] < took["first"] - 50

    # Frames that are reused: the machine fails the run if a TLB still translates to one.
    config = point("realloc", "locked", 4)
    config["kernel"] |= {"spaces": 4, "tables": 12, "radix_bits": 5}
    config["mechanism"]["tlb"] = {
        "name": "shootdown", "delivery": delivery, "own_flush": "meanwhile",
    }  # fmt: skip
    assert run_point(config)["operations"] > 5


def test_pages_of_one_region_and_one_call_do_not_fit() -> None:
    with pytest.raises(SmplabError, match="revoke everybody's pages: pages=1"):
        measured("protect_storm", "locked", 2, filled_by="thread", region="shared", pages=2)


def test_a_kernel_that_does_not_know_of_tags_is_refused() -> None:
    config = point("map_unmap", "uniprocessor", 1)
    config["topology"]["costs"] = {"tlb_tags": True}
    config["kernel"] |= {"spaces": 2, "tables": 12}
    with pytest.raises(ConfigError, match=r"give kernel.tags=true"):
        run_point(config)
    config["kernel"]["tags"] = True
    assert run_point(config)["operations"] > 5


def test_1024_pairs_of_threads_talk() -> None:
    config = point("ipc_pairs", "locked", 1024)
    config["topology"]["cpus"] = 1024
    config |= {"warmup_cycles": 0, "run_cycles": None, "operations": 1024}
    assert run_point(config)["operations"] >= 1024


def test_1024_cpus_map_and_unmap() -> None:
    config = point("map_unmap", "locked", 1024)
    config["topology"]["cpus"] = 1024
    config["kernel"] |= {"spaces": 2, "threads": 2, "page_levels": 3, "radix_bits": 5}
    config["kernel"] |= {"tables": 40, "map_nodes": 16, "tick_cycles": 0}
    config |= {"warmup_cycles": 0, "run_cycles": None, "operations": 1024}
    assert run_point(config)["operations"] >= 1024
