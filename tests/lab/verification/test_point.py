"""A check's record: numbers, verdict, counterexample."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smplab.lab.executors.work import Computed
from smplab.lab.verification.plan import expand
from smplab.lab.verification.point import check_identity, check_point
from smplab.plugin.host import shared_host


def configs(*overrides: str) -> list[dict[str, Any]]:
    checks = expand(overrides, shared_host(), check_identity)
    return [dict(point.config) for point in checks.points]


def found(*overrides: str) -> Computed:
    (config,) = configs(*overrides)
    return check_point(config)


def test_what_holds() -> None:
    computed = found("mechanism/lock=tas", "scenario=lock_exclusion", "mutant=none")
    assert computed.details["verdict"] == "no_violation"
    assert computed.metrics["violated"] == computed.metrics["bounded"] == 0
    assert computed.metrics["transitions"] >= computed.metrics["states"] > 10
    assert "counterexample" not in computed.details


def test_what_is_violated_shows_the_authors_lines() -> None:
    computed = found("scenario=broken_lock")
    assert computed.details["verdict"] == "violated"
    assert computed.details["kind"] == "check"
    shown = computed.details["counterexample"]
    assert "self.flag.held = 1" in shown["text"]
    assert {event["cpu"] for event in shown["events"]} == {0, 1}
    assert any(event.get("source") == "self.flag.held = 1" for event in shown["events"])
    json.dumps(computed.details, allow_nan=False)


def test_what_is_bounded_says_by_what() -> None:
    computed = found("mechanism/lock=mcs", "scenario=lock_hand_over", "mutant=none", "max_depth=5")
    assert computed.details["verdict"] == "bounded"
    assert computed.details["bounds"] == ["max_depth = 5 steps"]
    assert computed.metrics["bounded"] == 1


def test_fingerprints_leave_progress_out_and_say_so() -> None:
    computed = found(
        "mechanism/lock=tas", "scenario=lock_progress", "mutant=none", "fingerprints=true"
    )
    assert computed.details["verdict"] == "no_violation"
    assert "progress was not judged: fingerprints" in computed.details["notes"]


def test_a_mutant_is_caught_in_the_first_scenario_that_shows_it() -> None:
    (config,) = [
        c for c in configs("mechanism/lock=mcs", "memory_model=sc") if c["mutant"] == "deaf"
    ]
    computed = check_point(config)
    assert computed.details["verdict"] == "mutant_caught"
    assert computed.details["scenario"] == "lock_kernel_wait"
    assert "counterexample" not in computed.details, "only its verdict is of interest"


def test_a_mutant_that_no_scenario_shows_survives() -> None:
    config = next(c for c in configs("mechanism/lock=mcs") if c["mutant"] == "deaf")
    config["tries"] = {k: v for k, v in config["tries"].items() if k != "lock_kernel_wait"}
    assert check_point(config).details["verdict"] == "mutant_survived"
    limited = check_point({**config, "max_depth": 4})
    assert limited.details["verdict"] == "bounded", "it may have been caught further on"


@pytest.mark.parametrize("change", ["cpus=3", "memory_model=sc", "mutant=no_fence", "max_depth=9"])
def test_a_points_name_follows_all_that_its_verdict_depends_on(change: str) -> None:
    base = ("scenario=peterson",) if "mutant" in change else ("scenario=peterson", "mutant=none")
    (one,) = configs("scenario=peterson", "mutant=none")
    (other,) = configs(*base, change)
    assert check_identity(one) != check_identity(other)
    assert check_identity(one) == check_identity(dict(reversed(one.items())))
