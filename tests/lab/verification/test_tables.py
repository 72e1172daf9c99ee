"""How verdicts are shown."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from smplab.lab.verification.mutants import Listed
from smplab.lab.verification.tables import show


def row(verdict: str, **changes: object) -> dict[str, object]:
    """Return a row as `smplab.lab.verification.report.rows` makes it."""
    mutant = verdict.startswith("mutant_")
    owned = {"owner": "mechanism/lock=mcs", "wrong": "the wait sleeps and serves no requests"}
    return {
        "mechanism": {"lock": "mcs"}, "kernel": "", "scenario": "lock_progress", "kind": "deadlock",
        "mutant": "deaf" if mutant else "", "cpus": 2, "memory_model": "tso", "verdict": verdict,
        "bounds": [], "notes": [], "error": None, "metrics": {"states": 4_596_123.0, "depth": 88.0},
        **(owned if mutant else {}), **changes,
    }  # fmt: skip


def shown(*rows: dict[str, object], listed: tuple[Listed, ...] = (), width: int = 80) -> str:
    """Return what is printed."""
    file = io.StringIO()
    show(Console(file=file, width=width, soft_wrap=True), rows, listed)
    return file.getvalue()


def test_checks_stand_below_what_was_checked() -> None:
    text = shown(row("no_violation"), row("violated", cpus=3))
    assert text.index("lock=mcs, 2 CPUs") < text.index("no_violation")
    assert text.index("lock=mcs, 3 CPUs") < text.index("violated")


def test_a_table_fits_80_columns() -> None:
    metrics = dict.fromkeys(("states", "transitions", "states_per_s", "bytes_per_state"), 1.5e8)
    text = shown(row("no_violation", scenario="lock_kernel_wait", metrics=metrics))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


def test_bounds_and_errors_are_told() -> None:
    text = shown(row("bounded", bounds=["max_states = 3"]), row("failed", error="it broke"))
    assert "lock_progress, tso: max_states = 3" in text
    assert "lock_progress, tso: it broke" in text


def test_mutants_say_what_is_wrong_and_who_caught_them() -> None:
    text = shown(row("mutant_caught"), row("mutant_survived", memory_model="sc"))
    assert "deaf: the wait sleeps and serves no requests" in text
    assert "caught by lock_progress: deadlock, tso, 2 CPUs" in text
    assert "survived, sc, 2 CPUs" in text


def test_a_mutant_of_a_scenario_says_which_mechanism_it_was_tried_with() -> None:
    text = shown(row("mutant_caught", owner="scenario=lock_progress"))
    assert "caught by lock_progress: deadlock, tso, 2 CPUs, lock=mcs" in text


def test_mutants_that_cannot_be_shown_are_listed_with_the_reason() -> None:
    one = Listed("mechanism/grace=token_ring", "plain_pass", "a plain store", "it only waits")
    text = shown(listed=(one,))
    assert "mutants of mechanism/grace=token_ring" in text
    assert "plain_pass: a plain store" in text
    assert "not run: it only waits" in text


@pytest.mark.parametrize(
    ("states", "text"),
    [(7.0, "7"), (9_999.0, "9,999"), (12_345.0, "12.3k"), (999_999.0, "1M"), (4.6e9, "4.6G")],
)
def test_large_numbers_are_short(states: float, text: str) -> None:
    line = shown(row("no_violation", metrics={"states": states})).splitlines()[-1]
    assert text in line.split()
