"""Flush requests against each other, and kernels that wait without serving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.kernel.contracts import Lock
from smplab.kernel.fillings import fillings_of
from smplab.kernel.kernel import Kernel
from smplab.kernel.scenarios.flushes import FlushAgainstFlush
from smplab.language import Cpu, routine
from smplab.verify import Status
from smplab_plugins.kernels.multiprocessor import Multiprocessor
from tests.kernel.scenarios.trying import explore


@pytest.mark.parametrize("chosen", [
    {"synchronization": "messages"}, {"lock": "tas"}, {"lock": "mcs"}, {"granularity": "global"},
])  # fmt: skip
@pytest.mark.parametrize("model", ["sc", "tso"])
def test_cpus_that_wait_for_each_other_serve(chosen: dict[str, Any], model: str) -> None:
    verdict = explore(FlushAgainstFlush(), model=model, **chosen)
    assert verdict.status is Status.HOLDS
    assert verdict.notes == ()


@pytest.mark.parametrize("model", ["sc", "tso"])
def test_a_full_ring_is_waited_for(model: str) -> None:
    assert explore(FlushAgainstFlush(each=2), model=model).status is Status.HOLDS


@dataclass(eq=False)
class DeafLocks(Multiprocessor):
    """Locks wait as on the bare machine."""

    def connect(self) -> None:
        """Take the hooks of locks back."""
        super().connect()
        for lock in fillings_of(self, Lock):
            vars(lock).pop("wait")
            vars(lock).pop("pause")


@dataclass(eq=False)
class LooksFirst(Multiprocessor):
    """A CPU looks for requests, and only then takes their interrupt as served."""

    @routine(call=True)
    def serve_flushes(self, cpu: Cpu) -> None:
        """Take what has come meanwhile as served."""
        super().serve_flushes(cpu)
        cpu.take_pending("flush")


def test_a_look_before_the_interrupt_is_taken_misses_a_request() -> None:
    assert explore(FlushAgainstFlush(each=2), LooksFirst()).kind == "deadlock"


@pytest.mark.parametrize(
    ("kernel", "mutant", "chosen"),
    [
        (None, "serves_nobody", {"synchronization": "messages"}),
        (DeafLocks(), "", {}),
        (DeafLocks(), "", {"granularity": "global"}),
    ],
)
def test_who_waits_without_serving_ends_in_a_deadlock(
    kernel: Kernel | None, mutant: str, chosen: dict[str, Any]
) -> None:
    verdict = explore(FlushAgainstFlush(), kernel, mutant=mutant, **chosen)
    assert verdict.kind in {"deadlock", "stuck", "livelock"}


def test_an_interrupt_that_overtakes_its_request_is_caught() -> None:
    assert explore(FlushAgainstFlush(), model="tso", mutant="unfenced").kind == "deadlock"
