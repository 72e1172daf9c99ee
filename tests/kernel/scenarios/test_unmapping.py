"""Revocations against each other and against loads, with each filling, and with their mutants."""

from __future__ import annotations

from typing import Any

import pytest

from smplab.kernel.scenarios.unmapping import UnmapAgainstLoad, UnmapAgainstUnmap, Unmapping
from smplab.verify import Status
from tests.kernel.scenarios.trying import explore

FILLINGS: list[dict[str, Any]] = [
    {"tlb": "hardware"},
    {"tlb": "shootdown", "tracking": "broadcast"},
    {"tlb": "batched", "tracking": "broadcast"},
    {"tlb": "shootdown", "tracking": "bitmap"},
    {"tlb": "batched", "tracking": "bitmap"},
    {"tlb": "batched", "tracking": "bitmap", "tlb_delivery": "multicast"},
]


def leaves_nothing(scenario: Unmapping, how: dict[str, Any]) -> tuple[str, ...]:
    """Check that everything was explored, and no stale translation met; return what was noted."""
    verdict = explore(scenario, **how)
    assert verdict.status is Status.HOLDS
    return verdict.notes


@pytest.mark.parametrize("scenario", [UnmapAgainstLoad, UnmapAgainstUnmap])
def test_who_reports_a_revocation_leaves_no_translation(scenario: type[Unmapping]) -> None:
    how = {"tlb": "batched", "tlb_delivery": "multicast", "model": "tso"}
    assert leaves_nothing(scenario(), how) == ()


@pytest.mark.exhaustive
@pytest.mark.parametrize("how", ["messages", "locked"])
@pytest.mark.parametrize("model", ["sc", "tso"])
@pytest.mark.parametrize("filling", FILLINGS)
@pytest.mark.parametrize("scenario", [UnmapAgainstLoad, UnmapAgainstUnmap])
def test_every_filling_leaves_no_translation(
    scenario: type[Unmapping], filling: dict[str, Any], model: str, how: str
) -> None:
    assert leaves_nothing(scenario(), {**filling, "synchronization": how, "model": model}) == ()


@pytest.mark.exhaustive
@pytest.mark.parametrize("filling", FILLINGS)
def test_a_third_cpu_keeps_no_translation(filling: dict[str, Any]) -> None:
    """Where there are over ten million states, progress is not judged."""
    for note in leaves_nothing(UnmapAgainstUnmap(), {**filling, "cpus": 3}):
        assert note.startswith("progress was not judged")


CAUGHT: list[tuple[Unmapping, str, str, dict[str, Any]]] = [
    (UnmapAgainstLoad(), "hardware", "own_only", {}),
    (UnmapAgainstLoad(), "shootdown", "set_unfenced", {"model": "tso"}),
    (UnmapAgainstLoad(), "batched", "one_missed", {}),
    (UnmapAgainstUnmap(), "batched", "unrecorded", {"cpus": 3}),
    (UnmapAgainstUnmap(), "batched", "own_kept", {}),
]
CAUGHT_AS_WELL: list[tuple[Unmapping, str, str, dict[str, Any]]] = [
    (UnmapAgainstLoad(), "shootdown", "one_missed", {}),
    (UnmapAgainstLoad(), "shootdown", "not_added", {}),
    (UnmapAgainstLoad(), "shootdown", "not_awaited", {}),
    (UnmapAgainstLoad(), "batched", "not_added", {}),
    (UnmapAgainstLoad(), "batched", "not_awaited", {}),
    (UnmapAgainstLoad(), "batched", "set_unfenced", {"model": "tso"}),
    (UnmapAgainstLoad(), "batched", "gathered_early", {}),
    (UnmapAgainstLoad(pages=1), "batched", "plain_add", {"cpus": 3}),
    (UnmapAgainstUnmap(), "batched", "removed_loaded", {"cpus": 3}),
]


@pytest.mark.parametrize(("scenario", "tlb", "mutant", "how"), CAUGHT)
def test_a_mutant_of_a_filling_is_caught(
    scenario: Unmapping, tlb: str, mutant: str, how: dict[str, Any]
) -> None:
    verdict = explore(scenario, tlb=tlb, mutant=mutant, **how)
    assert "a stale translation" in verdict.violation


@pytest.mark.exhaustive
@pytest.mark.parametrize(("scenario", "tlb", "mutant", "how"), CAUGHT_AS_WELL)
def test_every_other_mutant_is_caught(
    scenario: Unmapping, tlb: str, mutant: str, how: dict[str, Any]
) -> None:
    verdict = explore(scenario, tlb=tlb, mutant=mutant, **how)
    assert "a stale translation" in verdict.violation
