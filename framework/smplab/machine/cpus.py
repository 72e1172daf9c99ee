"""What the engine notes of a CPU: where its time goes, where it waits, what its regions took."""

from __future__ import annotations

from typing import Any

import numpy as np

from smplab.machine.bits import leading_zeros
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.histogram import BUCKETS, SUB_BITS
from smplab.machine.jit import ONE, UINT64, inlined
from smplab.machine.lines import bit, has_copy, sets_of
from smplab.machine.state import (
    ACCOUNT,
    ASLEEP,
    ASLEEP_AT,
    BEGUN,
    CAUSE,
    CORE,
    CPU_WORDS,
    DOING,
    DONE,
    IN_QUEUE,
    LINE_ROW,
    LONGEST,
    QUEUED,
    SEEN_LINE,
    SEEN_VERSION,
    SINCE,
    SLEEPERS,
    SLEPT,
    STATE,
    SUM,
    TIMES,
    VERSION,
)  # fmt: skip


@inlined
def charge(cpu: Any, me: Any, until: Any) -> None:
    """Charge a CPU's time up to `until`, where its next thing begins."""
    since = cpu[me + SINCE]
    done = cpu[me + DONE]
    doing = me + ACCOUNT + cpu[me + DOING]
    cpu[doing] += done - since
    cause = me + ACCOUNT + cpu[me + CAUSE]
    cpu[cause] += until - done
    cpu[me + SINCE] = until


@inlined
def join_queue(line: Any, row: Any, pool: Any, words: Any, status: Any, cpu: Any, who: Any) -> None:
    """Put a CPU whose time is charged into a line's queue."""
    queue = sets_of(line, row, status, words) + words
    pool[queue + (who >> 6)] |= bit(who)
    line[row + IN_QUEUE] += 1
    cpu[who * CPU_WORDS + STATE] = QUEUED


@inlined
def would_sleep(line: Any, pool: Any, cpu: Any, me: Any, number: Any) -> Any:
    """Whether a WAIT on this line sleeps, as things are."""
    row = number * LINE_ROW
    return (
        cpu[me + SEEN_LINE] == number
        and cpu[me + SEEN_VERSION] == line[row + VERSION]
        and has_copy(line, row, pool, cpu[me + CORE])
    )


@inlined
def fall_asleep(
    line: Any, row: Any, pool: Any, words: Any, status: Any, cpu: Any, who: Any, ticks: Any
) -> None:
    """Put a CPU among a line's sleepers, from `ticks` on."""
    me = who * CPU_WORDS
    sleepers = sets_of(line, row, status, words) + 2 * words
    pool[sleepers + (who >> 6)] |= bit(who)
    line[row + SLEEPERS] += 1
    cpu[me + STATE] = ASLEEP
    cpu[me + ASLEEP_AT] = ticks
    cpu[me + SLEPT] = 0


@inlined
def end_region(
    regions: Any, histograms: Any, row: Any, begun_row: Any, region: Any, now: Any
) -> None:
    """Record a latency in the CPU's row of a region; `begun_row` of the context says since when."""
    cycles = (now - regions[begun_row + BEGUN]) // TICKS_PER_CYCLE
    regions[begun_row + BEGUN] = -1
    regions[row + TIMES] += 1
    regions[row + SUM] += cycles
    regions[row + LONGEST] = max(regions[row + LONGEST], cycles)
    length = 64 - leading_zeros(UINT64(cycles) | ONE)
    shift = max(np.int64(0), length - SUB_BITS - 1)
    bucket = (shift << SUB_BITS) + (cycles >> shift)
    histograms[region * BUCKETS + bucket] += 1
