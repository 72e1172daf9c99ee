"""From overrides to checks: which scenarios, which mutants, where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

import smplab_plugins
from smplab.api import Components, Mutant, hookimpl
from smplab.kernel.scenarios.locks import LockProgress
from smplab.lab.verification.plan import Checks, expand
from smplab.lab.verification.point import check_identity
from smplab.language.errors import SmplabError
from smplab.plugin.host import Host, shared_host
from smplab_plugins.locks.tas import TasLock

LOCK_SCENARIOS = [
    "lock_exclusion", "lock_hand_over", "lock_kernel_wait", "lock_progress", "lock_two_held",
]  # fmt: skip


def planned(*overrides: str, multirun: bool = True) -> Checks:
    return expand(overrides, shared_host(), check_identity, multirun=multirun)


def honest(checks: Checks) -> list[Mapping[str, Any]]:
    return [p.config for p in checks.points if not p.config["mutant"]]


def mutants(checks: Checks) -> dict[str, Mapping[str, Any]]:
    return {p.config["mutant"]: p.config for p in checks.points if p.config["mutant"]}


def test_a_named_slot_is_tried_in_all_of_its_scenarios() -> None:
    checks = planned("mechanism/lock=tas")
    assert [config["scenario"]["name"] for config in honest(checks)] == LOCK_SCENARIOS
    assert all(set(config["mechanism"]) == {"lock"} for config in honest(checks))


def test_only_what_is_named_is_verified() -> None:
    both = planned("mechanism/lock=tas", "mechanism/grace=epochs", "mutant=none")
    slots = {(c["scenario"]["name"].partition("_")[0], *c["mechanism"]) for c in honest(both)}
    assert slots == {("lock", "lock"), ("grace", "grace")}


def test_a_grid_has_a_point_for_each_scenario_and_combination() -> None:
    checks = planned("mechanism/lock=tas,mcs", "cpus=2,3", "memory_model=sc,tso", "mutant=none")
    assert len(checks.points) == 5 * 2 * 2 * 2
    assert len({point.hash for point in checks.points}) == len(checks.points)


def test_a_mutant_is_one_point_however_large_the_grid() -> None:
    checks = planned("mechanism/grace=token_ring", "cpus=3,2", "memory_model=tso,sc")
    found = mutants(checks)
    assert set(found) == {
        "one_short", "no_fence", "no_fence_at_wake", "no_kick", "plain_target", "plain_pass",
        "begun_early", "kicked_for_good",
    }  # fmt: skip
    assert {config["cpus"] for name, config in found.items() if name != "plain_pass"} == {2}
    assert found["plain_pass"]["cpus"] == 3, "it takes three"
    assert found["one_short"]["memory_model"] == "sc", "the strongest model that shows it"
    assert found["no_fence"]["memory_model"] == "tso"
    assert list(found["no_fence"]["tries"]) == ["grace_idle", "grace_joining", "grace_readers"]
    assert len(checks.points) == 2 * 2 * 3 + 8


@dataclass(eq=False)
class Fenceless(TasLock):
    """A lock with a weakening that store buffers alone do not show."""

    mutants: ClassVar[dict[str, Mutant]] = {
        "loads_pass": Mutant("no fence between two loads", not_shown="loads never pass loads here"),
    }


class Extra:
    @hookimpl
    def register_components(self, context: Components) -> None:
        context.add("mechanism/lock", "fenceless", Fenceless)
        context.add("scenario", "one_more", LockProgress)


def with_extra(*overrides: str) -> Checks:
    host = Host(autoload=False)
    host.register(smplab_plugins, "smplab")
    host.register(Extra(), "extra")
    return expand(overrides, host, lambda config: json.dumps(dict(config)))


def test_a_plugins_own_scenario_tries_every_filling() -> None:
    names = [config["scenario"]["name"] for config in honest(with_extra("mechanism/lock=mcs"))]
    assert names == [*LOCK_SCENARIOS, "one_more"]


def test_what_neither_model_shows_is_listed_with_the_reason() -> None:
    checks = with_extra("mechanism/lock=fenceless")
    assert not mutants(checks)
    (one,) = checks.listed
    assert (one.owner, one.name) == ("mechanism/lock=fenceless", "loads_pass")
    assert one.reason == "loads never pass loads here"


def test_what_the_command_cannot_show_is_listed() -> None:
    listed = planned("mechanism/grace=epochs", "memory_model=sc").listed
    names = {"plain_increment", "no_fence_at_wake", "no_fence_at_join"}
    assert {one.name for one in listed} == names
    assert all("memory_model=tso" in one.reason for one in listed)
    alone = planned("mechanism/lock=mcs", "cpus=1").listed
    assert all("cpus=2" in one.reason for one in alone)


def test_a_mutant_that_changes_nothing_is_listed() -> None:
    listed = planned("mechanism/lock=ticket", "mechanism.lock.backoff_cycles=5").listed
    assert listed == (), "cycles are data: the code is the same"


def test_a_scenario_of_no_slot_stands_for_itself() -> None:
    checks = planned("scenario=peterson", "scenario.rounds=1")
    (config,) = honest(checks)
    assert config["scenario"] == {"name": "peterson", "rounds": 1}
    assert config["mechanism"] == {}
    assert set(mutants(checks)) == {"no_fence", "own_turn"}


def test_one_mutant_can_be_checked_alone() -> None:
    checks = planned("mechanism/lock=mcs", "mutant=deaf", "scenario=lock_kernel_wait")
    (point,) = checks.points
    assert point.config["mutant"] == "deaf"
    assert point.config["tries"] is None


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ((), "name what to verify: a slot's filling"),
        (("mechanism/lock=msc",), "did you mean mcs"),
        (("mechanism/lok=mcs",), "did you mean mechanism/lock"),
        (("scenario=petersn",), "did you mean peterson"),
        (("scenario=lock_progress",), "uses the slot lock: give mechanism/lock=NAME"),
        (("mechanism/lock=mcs", "scenario=peterson"), "peterson does not use the slot lock"),
        (("mechanism/lock=mcs", "mutant=unheard"), "choose from: all, deaf"),
        (("mechanism/lock=mcs", "memory_model=x86"), "choose from: pso, sc, tso"),
        (("mechanism/lock=mcs", "cpus=9"), "cpus=9: must be at most 8"),
        (("mechanism/lock=mcs", "cups=2"), "did you mean cpus"),
        (("mechanism/lock=mcs", "mechanism.lock.nodes=0"), "must be at least 1"),
        (("mechanism/lock=mcs", "workload=lock_contention"), "takes no workload; smplab run"),
        (("mechanism/lock=mcs", "executor=serial,process"), "executor and tracking belong"),
    ],
)
def test_what_makes_no_sense_is_refused(overrides: tuple[str, ...], message: str) -> None:
    with pytest.raises(SmplabError, match=message):
        planned(*overrides)


def test_several_values_need_m() -> None:
    with pytest.raises(SmplabError, match="add -m"):
        planned("mechanism/lock=mcs,tas", multirun=False)


KERNEL = (
    "kernel=multiprocessor", "mechanism/synchronization=messages", "mechanism/tlb=hardware",
    "mechanism/accounting=none",
)  # fmt: skip


def test_a_named_kernel_is_tried_in_the_scenarios_that_run_on_one() -> None:
    configs = honest(planned(*KERNEL))
    by_name = {config["scenario"]["name"]: config for config in configs}
    assert {"rendezvous", "mailbox_full", "unmap_against_unmap"} <= set(by_name)
    config = by_name["rendezvous"]
    assert config["kernel"]["name"] == "multiprocessor"
    assert config["kernel"]["mailbox_entries"] == 1, "as small as the scenario has it"
    assert set(config["mechanism"]) == {"synchronization", "tlb", "accounting"}
    (config,) = honest(planned("mechanism/lock=tas", "scenario=lock_exclusion"))
    assert config["kernel"] is None


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        (("scenario=rendezvous",), "runs on a kernel, and none is named: give kernel=NAME"),
        (("scenario=rendezvous", "kernel=none"), "not on kernel=none"),
        (("scenario=rendezvous", "kernel=uniprocessor"), "kernel=uniprocessor runs on one CPU"),
        (KERNEL[:1], "mechanism/synchronization=NAME"),
        ((*KERNEL, "mechanism/lock=tas"), "does not use the slot lock"),
        (("scenario=peterson", "kernel=multiprocessor"), "peterson runs on the bare machine"),
    ],
)
def test_a_kernel_goes_with_what_runs_on_it(overrides: tuple[str, ...], text: str) -> None:
    with pytest.raises(SmplabError, match=text):
        planned(*overrides)


def test_a_slot_below_without_scenarios_is_not_judged() -> None:
    """Nobody claims to catch a lock's mutants where no scenario of the slot `lock` is checked."""
    cascade = ("mechanism/granularity=dynamic", "mechanism/lock=tas", "mechanism/grace=epochs")
    checks = planned(*cascade, "mechanism/fine_lock=tas", "memory_model=sc")
    listed = {one.name: one for one in checks.listed if one.owner == "mechanism/fine_lock=tas"}
    assert set(listed) == set(TasLock.mutants)
    assert "no scenario that is checked belongs to this slot" in listed["not_atomic"].reason
    tried = mutants(checks)["not_atomic"]["tries"]
    assert {"lock_exclusion", "granularity_cascade"} < set(tried)
