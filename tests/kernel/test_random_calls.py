"""Random system calls on one to four CPUs leave behind what their meaning allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from smplab.kernel.contracts import Lock
from smplab.kernel.kernel import Kernel
from smplab.machine import simulate, simulate_reference
from smplab.machine.result import Limits
from smplab_plugins.kernels.uniprocessor import Uniprocessor
from smplab_plugins.locks.clh import ClhLock
from smplab_plugins.locks.tas import TasLock
from smplab_plugins.locks.ticket import TicketLock
from smplab_plugins.locks.ttas import TtasLock
from tests.kernel.calls import RandomCalls, read_log
from tests.kernel.model import PENDING, Call, NotAllowed, check
from tests.kernel.systems import AnyKernel, address, components, load, run

LONG_ENOUGH = Limits(run_cycles=600_000)
"""Two hundred times the longest timeout and more: what waits then waits for ever."""

SYSTEMS = [("uniprocessor", 1)] + [(how, n) for how in ("locked", "messages") for n in (1, 2, 3, 4)]


def smallest(how: str) -> Kernel:
    """Return a kernel whose capacities are as small as they may be."""
    if how == "uniprocessor":
        return Uniprocessor(threads=3, priorities=1, message_words=1)
    return AnyKernel(threads=3, priorities=1, message_words=1, mailbox_entries=1)


def larger(how: str) -> Kernel:
    """Return a kernel with some room."""
    if how == "uniprocessor":
        return Uniprocessor(threads=4, priorities=3, message_words=9)
    return AnyKernel(threads=4, priorities=3, message_words=9, mailbox_entries=3)


def meetings(how: str, cpus: int, kernel: Kernel, seeds: range, lock: Lock | None = None) -> int:
    """Run a system of random calls once a seed; return how many messages passed."""
    workload = RandomCalls(live=3, calls=8)
    parts = components(how, workload, kernel=kernel, lock=lock)
    total = 0
    programs = [load(parts, cpus, kernel_tick_cycles=2_000, workload_patience=p) for p in range(4)]
    for seed in seeds:
        program = programs[seed % 4]
        result = run(program, LONG_ENOUGH, seed)
        total += check(read_log(result, address(program, "workload.log"), workload, cpus))
    return total


@pytest.mark.parametrize(("how", "cpus"), SYSTEMS)
@pytest.mark.parametrize("make", [smallest, larger])
def test_every_log_is_one_that_the_meaning_allows(make: Any, how: str, cpus: int) -> None:
    assert meetings(how, cpus, make(how), range(120)) > 120


@pytest.mark.exhaustive
@pytest.mark.parametrize(("how", "cpus"), SYSTEMS)
@pytest.mark.parametrize("make", [smallest, larger])
def test_every_log_of_many(make: Any, how: str, cpus: int) -> None:
    assert meetings(how, cpus, make(how), range(1000, 11_000)) > 10_000


def test_the_random_calls_meet_full_mailboxes() -> None:
    workload = RandomCalls(live=3, calls=8, pause_cycles=100)
    program = load(
        components("messages", workload, kernel=smallest("messages")), 4, kernel_tick_cycles=2_000
    )
    counter = program.image.counters.index("mailbox_full")
    assert sum(run(program, LONG_ENOUGH, seed).user_counters[counter] for seed in range(20)) > 0


@pytest.mark.parametrize("lock", [ClhLock, TasLock, TicketLock, TtasLock])
def test_any_lock_protects_threads(lock: type[Lock]) -> None:
    assert meetings("locked", 3, smallest("locked"), range(80), lock()) > 80


@pytest.mark.parametrize(("how", "cpus"), SYSTEMS)
def test_engine_and_reference_agree(how: str, cpus: int) -> None:
    workload = RandomCalls(live=3, calls=8)
    program = load(
        components(how, workload, kernel=smallest(how)),
        cpus,
        kernel_tick_cycles=2_000,
        workload_patience=1,
    )
    fast, slow = (
        run(program, Limits(run_cycles=40_000), 7, engine)
        for engine in (simulate, simulate_reference)
    )
    assert np.array_equal(fast.memory, slow.memory)
    assert np.array_equal(fast.counters, slow.counters)
    assert np.array_equal(fast.account_ticks, slow.account_ticks)


SENT = Call(to=1, source=-2, send_timeout=-1, receive_timeout=0, result=0, sent=7, received=0)
GOT = Call(to=-2, source=-1, send_timeout=0, receive_timeout=-1, result=0, sent=8, received=7)
WAITS_FOR_1 = replace(SENT, result=PENDING)
WAITS = replace(GOT, result=PENDING, received=0)


def test_the_model_counts_meetings() -> None:
    assert check({0: [SENT], 1: [GOT]}) == 1
    assert check({0: [WAITS_FOR_1], 1: []}) == 0


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ({0: [SENT], 1: [WAITS]}, "should have got -1"),
        ({0: [SENT], 1: [GOT, GOT]}, "received twice"),
        ({0: [SENT], 1: [GOT], 2: [GOT]}, "received twice"),
        ({0: [WAITS_FOR_1], 1: [GOT]}, "should have got 0"),
        ({0: [WAITS_FOR_1], 1: [WAITS]}, "both wait and could meet"),
        ({0: [replace(WAITS_FOR_1, send_timeout=5)], 1: []}, "its timeout has passed"),
        ({0: [SENT], 1: [replace(GOT, source=2)]}, "from somebody else"),
        ({0: [replace(SENT, to=2)], 1: [GOT], 2: []}, "no order of meetings"),
        ({0: [replace(SENT, to=0)]}, "should have got -2"),
    ],
)
def test_the_model_refuses(log: dict[int, list[Call]], reason: str) -> None:
    with pytest.raises(NotAllowed, match=reason):
        check(log)
