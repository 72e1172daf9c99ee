"""Each kind of failure is told once."""

from __future__ import annotations

import dataclasses
from typing import Any

from smplab.lab.failures import describe
from smplab.lab.records import Record
from tests.lab import fakes
from tests.lab.test_curves import record


def failed(error: str, status: str = "failed", **config: Any) -> Record:
    return dataclasses.replace(record(fakes.config(**config), status), error=error)


def test_messages_that_differ_in_numbers_are_one_kind() -> None:
    bad = [failed(f"Deadlock: CPU {n} waits for 0x{n}f", cpus=n) for n in (1, 2, 3)]
    bad.append(failed("the worker died", "crashed", cpus=4))
    where = "topology=opteron48 lock=ticket"
    assert describe(bad, bad) == [
        f"failed: 3 points, first {where} cpus=1: Deadlock: CPU 1 waits for 0x1f",
        f"crashed: 1 point, {where} cpus=4: the worker died",
    ]


def test_the_same_words_with_another_status_are_another_kind() -> None:
    bad = [failed("why", "failed", cpus=1), failed("why", "timeout", cpus=2)]
    assert len(describe(bad, bad)) == 2


def test_nothing_is_said_of_nothing() -> None:
    assert describe([], [record(fakes.config())]) == []
