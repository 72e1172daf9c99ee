"""The engine's state: flat arrays, one row a CPU and one a line, and a pool of bit sets.

All of it is int64 but for the sets and random keys, so that the compiled code sees one type and a
slice can stop and go on anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from smplab.language.isa import Cause
from smplab.machine.coherence import NOWHERE
from smplab.machine.histogram import BUCKETS
from smplab.machine.plan import Ints, Plan

# A CPU's row.
PC: Final = 0  # code address of the next ordered instruction
BASE: Final = 1  # first register of its frame
DEPTH: Final = 2  # open calls
STATE: Final = 3  # one of the four below
SINCE: Final = 4  # its time is charged up to here
DONE: Final = 5  # from SINCE to DONE goes to DOING, from DONE on to CAUSE
DOING: Final = 6
CAUSE: Final = 7
SEEN_LINE: Final = 8  # what its last load or atomic met
SEEN_VERSION: Final = 9
FOLLOWER: Final = 10  # the next CPU that arrives at the same line with it, or -1
ASLEEP_AT: Final = 11  # when its WAIT takes effect; it may lie ahead
SLEPT: Final = 12  # its WAIT is already counted
CORE: Final = 13
PLACE: Final = 14
SIBLINGS: Final = 15  # others that run on its core
COUNTERS: Final = 16
ACCOUNT: Final = 28
CPU_WORDS: Final = 40

RUNNING: Final = 0
QUEUED: Final = 1
ASLEEP: Final = 2
HALTED: Final = 3

# A line's row.
OWNER: Final = 0  # core, NOWHERE, SHARED, AT_HOME, or SOLE - core
FREE_AT: Final = 1
VERSION: Final = 2
LAST: Final = 3  # place of the last requester
SETS: Final = 4  # its three sets' first word in the pool, or -1
IN_QUEUE: Final = 5
SLEEPERS: Final = 6
CHOICES: Final = 7
LINE_ROW: Final = 8

FLIGHT_ROOM: Final = 2
"""Interrupts under way that there is room for at first, for each CPU."""
SOLE: Final = -16
"""A line with one sharer needs no set: its owner field is SOLE - core."""

# What a run is at.
HEAP_SIZE: Final = 0
FAULT_CPU: Final = 1
FAULT_PC: Final = 2
FAULT_TICKS: Final = 3
FAULT_DETAIL: Final = 4
SETS_USED: Final = 5
SETS_THERE: Final = 6
OPERATIONS: Final = 7
LAST_TICKS: Final = 8  # time of the last event
LAST_CPU: Final = 9  # its CPU
FAULT_MORE: Final = 10
IN_FLIGHT: Final = 11  # interrupts under way
STATUS_WORDS: Final = 12

# A region's row.
TIMES: Final = 0
SUM: Final = 1
LONGEST: Final = 2
BEGUN: Final = 3  # ticks, or -1
REGION_ROW: Final = 4

Bits = npt.NDArray[np.uint64]


@dataclass(eq=False)
class State:
    """All arrays of a run; `new_state` says how large they are."""

    status: Ints
    cpu: Ints
    line: Ints
    pool: Bits
    heap: Ints
    registers: Ints
    stack: Ints
    draws: Ints
    regions: Ints
    histograms: Ints
    user: Ints
    memory: Ints
    ghost: Ints


def set_words(plan: Plan) -> int:
    """Return the uint64 words of one set of CPUs."""
    return (plan.cpus + 63) // 64


def new_state(plan: Plan, memory: Ints, ghost: Ints) -> State:
    """Return the state at time 0: every CPU at its entry, every line in memory only."""
    image = plan.program.image
    cpus, lines = plan.cpus, len(plan.home_place)
    contexts = plan.contexts if image.is_system else cpus
    areas = 2 * contexts if image.vectors else contexts  # handlers have theirs after all others
    cpu = np.zeros((cpus, CPU_WORDS), np.int64)
    cpu[:, PC] = plan.entry
    cpu[:, BASE] = np.arange(cpus) * 2 * image.registers
    cpu[:, CAUSE] = cpu[:, DOING] = Cause.USER
    cpu[:, SEEN_LINE] = cpu[:, FOLLOWER] = -1
    cpu[:, CORE] = plan.core
    cpu[:, PLACE] = plan.core_place[plan.core]
    cpu[:, SIBLINGS] = np.bincount(plan.core)[plan.core] - 1
    line = np.zeros((lines, LINE_ROW), np.int64)
    line[:, OWNER] = NOWHERE
    line[:, LAST] = line[:, SETS] = -1
    regions = np.zeros((contexts, len(image.regions), REGION_ROW), np.int64)
    regions[:, :, BEGUN] = -1
    sets = max(2, min(lines, 4 * cpus + 16))
    status = np.zeros(STATUS_WORDS, np.int64)
    status[SETS_THERE] = sets
    return State(
        status=status,
        cpu=cpu.ravel(),
        line=line.ravel(),
        pool=np.zeros(sets * 3 * set_words(plan), np.uint64),
        # Each CPU and each line may be in the heap at once, and the interrupts under way that there
        # is room for; four more for the last siblings.
        heap=np.full(
            2 * cpus + 8 + (FLIGHT_ROOM * (cpus + 8) if image.is_system else 0), 2**63 - 1, np.int64
        ),
        registers=np.zeros(areas * 2 * image.registers, np.int64),
        stack=np.zeros(areas * 2 * max(1, image.call_depth), np.int64),
        draws=np.zeros(cpus * len(image.streams), np.int64),
        regions=regions.ravel(),
        histograms=np.zeros(len(image.regions) * BUCKETS, np.int64),
        user=np.zeros(len(image.counters), np.int64),
        memory=memory,
        ghost=ghost,
    )


def grow_pool(state: State) -> None:
    """Double the set pool."""
    state.pool = np.concatenate([state.pool, np.zeros_like(state.pool)])
    state.status[SETS_THERE] *= 2
