"""Random system calls on one to eight CPUs leave behind what their meaning allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from smplab.kernel.kernel import Kernel
from smplab.language.build import build_image
from smplab.language.image import Layout
from smplab.machine import simulate, simulate_reference
from smplab.machine.result import Limits
from smplab_plugins.kernels.uniprocessor import Uniprocessor
from tests.kernel.calls import RandomCalls, read_log
from tests.kernel.combinations import Combination, every, name_of, pairwise, wired
from tests.kernel.model import PENDING, Call, Life, NotAllowed, check
from tests.kernel.systems import KERNELS, AnyKernel, components, load, run
from tests.kernel.words import Words, check_places

LONG_ENOUGH = Limits(run_cycles=1_000_000)
"""Two hundred times the longest timeout and more: what waits then waits for ever."""

SYSTEMS = [("uniprocessor", 1)] + [(how, n) for how in KERNELS[1:] for n in (1, 2, 3, 4)]

CAPACITIES = {
    "smallest": {"threads": 3, "priorities": 1, "message_words": 1, "mailbox_entries": 1},
    "larger": {"threads": 4, "priorities": 3, "message_words": 9, "mailbox_entries": 3},
}
# Without spaces nothing of the fillings for memory is compiled: one of them stands for all.
ALL = [
    one
    for one in every(cpus=range(1, 9), room=CAPACITIES)
    if one.get("tlb", "batched") == "batched" and one.get("tracking", "bitmap") == "bitmap"
]


def smallest(how: str) -> Kernel:
    """Return a kernel whose capacities are as small as they may be."""
    if how == "uniprocessor":
        return Uniprocessor(threads=3, priorities=1, message_words=1)
    return AnyKernel(threads=3, priorities=1, message_words=1, mailbox_entries=1)


def meetings(one: Combination, seeds: range) -> int:
    """Run a system of random calls once a seed; return how many messages passed."""
    workload = RandomCalls(live=3, calls=8)
    image = build_image(wired(one, workload, **CAPACITIES[one["room"]]))
    layout = Layout(one["cpus"], 1, (0,) * one["cpus"])
    # Many CPUs that take turns under one lock are that much slower.
    tick_cycles, limits = 2_000, LONG_ENOUGH
    if one["cpus"] > 4:
        tick_cycles, limits = 20_000, Limits(run_cycles=3_000_000)
    elif one["cpus"] > 2:
        tick_cycles = 6_000
    ticks = {"kernel.tick_cycles": tick_cycles}
    programs = [
        image.load({**ticks, "workload.patience": p, "workload.churn": churn}, layout)
        for p in range(4)
        for churn in (0, 50)
    ]
    total = 0
    for seed in seeds:
        program = programs[seed % len(programs)]
        words = Words.of(program, workload.kernel, run(program, limits, seed))
        total += check(read_log(words, workload, one["cpus"]))
        check_places(words)
    return total


@pytest.mark.parametrize("one", pairwise(ALL), ids=name_of)
def test_every_log_is_one_that_the_meaning_allows(one: Combination) -> None:
    assert meetings(one, range(60)) > 60


@pytest.mark.exhaustive
@pytest.mark.parametrize("one", ALL, ids=name_of)
def test_every_log_of_many(one: Combination) -> None:
    assert meetings(one, range(1000, 1500)) > 500


def test_the_random_calls_meet_full_mailboxes() -> None:
    workload = RandomCalls(live=3, calls=8, pause_cycles=100)
    program = load(
        components("messages", workload, kernel=smallest("messages")), 4, kernel_tick_cycles=2_000
    )
    counter = program.image.counters.index("mailbox_full")
    assert sum(run(program, LONG_ENOUGH, seed).user_counters[counter] for seed in range(20)) > 0


@pytest.mark.parametrize(("how", "cpus"), SYSTEMS)
def test_engine_and_reference_agree(how: str, cpus: int) -> None:
    workload = RandomCalls(live=3, calls=8)
    program = load(
        components(how, workload, kernel=smallest(how)),
        cpus,
        kernel_tick_cycles=2_000,
        workload_patience=1,
        workload_churn=30,
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
REFUSED = replace(SENT, result=-2)


def lives(*lists: list[Call]) -> dict[int, list[Life]]:
    """Threads 0, 1, ... that live, with their calls."""
    return {number: [Life(calls)] for number, calls in enumerate(lists)}


def test_the_model_counts_meetings() -> None:
    assert check(lives([SENT], [GOT])) == 1
    assert check(lives([WAITS_FOR_1], [])) == 0


def test_the_model_knows_death() -> None:
    dead = [Life([], dead=True)]
    assert check({0: [Life([REFUSED])], 1: dead}) == 0
    assert check({0: [Life([SENT])], 1: [*dead, Life([GOT])]}) == 1
    assert check({0: [Life([SENT])], 1: [Life([WAITS], dead=True)]}) == 0, "died with the message"
    assert check({0: [Life([WAITS_FOR_1], dead=True)], 1: [Life([GOT])]}) == 1, "nobody looks"


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (lives([SENT], [WAITS]), "1 messages to 1 were lost by 0 deaths"),
        (lives([SENT], [GOT, GOT]), "received twice"),
        (lives([SENT], [GOT], [GOT]), "received twice"),
        (lives([WAITS_FOR_1], [GOT]), "should have got 0"),
        (lives([WAITS_FOR_1], [WAITS]), "both wait and could meet"),
        (lives([replace(WAITS_FOR_1, send_timeout=5)], []), "its timeout has passed"),
        (lives([SENT], [replace(GOT, source=2)]), "from somebody else"),
        (lives([replace(SENT, to=2)], [GOT], []), "no order of meetings"),
        (lives([replace(SENT, to=0)]), "should have got -2"),
        (lives([REFUSED], []), "no order of meetings"),
        ({0: [Life([WAITS_FOR_1])], 1: [Life([], dead=True)]}, "waits for 1, which is dead"),
        (
            {0: [Life([SENT])], 1: [Life([WAITS])], 2: [Life([WAITS], dead=True)]},
            "1 messages to 1 were lost by 0 deaths",
        ),
    ],
)
def test_the_model_refuses(log: dict[int, list[Life]], reason: str) -> None:
    with pytest.raises(NotAllowed, match=reason):
        check(log)
