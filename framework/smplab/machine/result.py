"""What a run is asked for and what it gives back; the same for engine and reference."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from smplab.machine.description import TICKS_PER_CYCLE

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Limits:
    """When a run ends.

    With both `run_cycles` and `operations` it ends at whichever comes first; with neither, when
    every CPU has halted.

    Attributes:
        warmup_cycles: what happens earlier is simulated but not counted.
        run_cycles: the run ends this long after the warm-up; None: `operations` decides.
        operations: the run ends when so many operations (region 0) are complete after the warm-up.
        max_cycles: with `operations`: a run that is not done by then fails with CycleLimit.
        max_local_instructions: a CPU that executes more without an ordered one fails with Livelock.
    """

    warmup_cycles: int = 0
    run_cycles: int | None = None
    operations: int | None = None
    max_cycles: int = 10**10
    max_local_instructions: int = 10**7


class Counter(IntEnum):
    """Columns of `Result.counters`. All count from the end of the warm-up.

    An access is counted when it is served, so one that still queues at the end is not.
    """

    INSTRUCTIONS = 0  # FREE ones excluded
    LOADS = 1
    STORES = 2
    ATOMICS = 3
    HITS = 4  # accesses served by the CPU's own cache
    TRANSFERS = 5  # accesses served by another cache
    MEMORY_FETCHES = 6  # accesses that no cache could serve
    INVALIDATIONS = 7  # copies of others that this CPU's writes killed
    QUEUED = 8  # accesses that found the line busy
    QUEUE_TICKS = 9  # time spent waiting for busy lines
    WAITS = 10  # times the CPU slept in WAIT
    FAR_ATOMICS = 11  # atomics executed at the home node
    IPIS_SENT = 12
    IPIS_RECEIVED = 13  # interrupts of other CPUs, or its own, that reached this one
    TIMER_TICKS = 14  # times the timer fired
    MASKED = 15  # of both, those that came while interrupts were off
    MERGED = 16  # of both, those that found their vector pending already
    INTERRUPTS = 17  # handlers run
    KERNEL_ENTRIES = 18
    SWITCHES = 19  # contexts resumed
    TLB_HITS = 20
    TLB_MISSES = 21
    WALK_LOADS = 22  # loads of page tables by misses; they are counted as loads, too
    TLB_DROPS = 23  # single pages removed from the own TLB, or broadcast
    TLB_FLUSHES = 24  # the TLB emptied, or of one space, changes of space included


@dataclass(frozen=True, eq=False)
class Result:
    """Everything that a run measured.

    Attributes:
        end_cycles: when the run ended, cycles from the start of time, rounded up.
        measured_cycles: end less warm-up.
        operations: completed operations (ends of region 0) within the measured time.
        counters: int64 [cpus, len(Counter)].
        account_ticks: int64 [cpus, len(Cause)]; every row adds up to the measured time exactly.
        region_count, region_sum_cycles, region_max_cycles: int64 [cpus, regions].
        histograms: int64 [regions, buckets], latencies as `smplab.machine.histogram` buckets them.
        user_counters: int64 [len(image.counters)], what COUNT added up.
        memory: int64 [memory_words], simulated memory as it was at the end.
        instructions_total: local and ordered instructions of the whole run, warm-up included.
        accesses_total: memory accesses of the whole run, warm-up included.
    """

    end_cycles: int
    measured_cycles: int
    operations: int
    counters: Counts
    account_ticks: Counts
    region_count: Counts
    region_sum_cycles: Counts
    region_max_cycles: Counts
    histograms: Counts
    user_counters: Counts
    memory: Counts
    instructions_total: int
    accesses_total: int

    @property
    def account_cycles(self) -> npt.NDArray[np.float64]:
        """The account in cycles, float64 [cpus, len(Cause)]."""
        return self.account_ticks / TICKS_PER_CYCLE
