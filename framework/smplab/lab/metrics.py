"""The metrics of a point: what a run measured, as named numbers with units in their names."""

from __future__ import annotations

import numpy as np

from smplab.language.image import Image
from smplab.language.isa import Cause
from smplab.machine.description import TICKS_PER_CYCLE, Machine
from smplab.machine.histogram import percentile
from smplab.machine.result import Counter, Result

Metrics = dict[str, float]

PERCENTILES = {"p50": 50.0, "p95": 95.0, "p99": 99.0, "p999": 99.9}
COUNTED = {
    "instructions": Counter.INSTRUCTIONS,
    "loads": Counter.LOADS,
    "stores": Counter.STORES,
    "atomics": Counter.ATOMICS,
    "far_atomics": Counter.FAR_ATOMICS,
    "hits": Counter.HITS,
    "transfers": Counter.TRANSFERS,
    "memory_fetches": Counter.MEMORY_FETCHES,
    "invalidations": Counter.INVALIDATIONS,
    "queued_accesses": Counter.QUEUED,
    "waits": Counter.WAITS,
}
COUNTED_IN_SYSTEMS = {
    "ipis_sent": Counter.IPIS_SENT,
    "ipis_received": Counter.IPIS_RECEIVED,
    "timer_ticks": Counter.TIMER_TICKS,
    "interrupts": Counter.INTERRUPTS,
    "interrupts_masked": Counter.MASKED,
    "interrupts_merged": Counter.MERGED,
    "kernel_entries": Counter.KERNEL_ENTRIES,
    "context_switches": Counter.SWITCHES,
    "tlb_hits": Counter.TLB_HITS,
    "tlb_misses": Counter.TLB_MISSES,
    "tlb_walk_loads": Counter.WALK_LOADS,
    "tlb_drops": Counter.TLB_DROPS,
    "tlb_flushes": Counter.TLB_FLUSHES,
}
"""Only of images with interrupts, contexts or translation; in others they cannot happen."""


def metrics_of(result: Result, image: Image, machine: Machine) -> Metrics:
    """Return the metrics of one run.

    `cycles` is the measured time; `cycles_<cause>` add up over the CPUs to cycles times CPUs.
    Region "operation" gives `latency_*_cycles`, any other region `<region>_latency_*_cycles`; a
    region that no CPU finished has none.
    """
    totals = result.counters.sum(axis=0)
    out: Metrics = {
        "operations": float(result.operations),
        "cycles": float(result.measured_cycles),
        "throughput_ops_per_s": _rate(result.operations, result.measured_cycles, machine),
    }
    for number, region in enumerate(image.regions):
        prefix = "latency" if number == 0 else f"{region}_latency"
        out |= _latency(result, number, prefix)
    counted = COUNTED | (COUNTED_IN_SYSTEMS if image.is_system else {})
    out |= {name: float(totals[column]) for name, column in counted.items()}
    out["queue_cycles"] = float(totals[Counter.QUEUE_TICKS]) / TICKS_PER_CYCLE
    spent = result.account_ticks.sum(axis=0) / TICKS_PER_CYCLE
    out |= {f"cycles_{cause.name.lower()}": float(spent[cause]) for cause in Cause}
    out |= {
        f"count_{name}": float(n)
        for name, n in zip(image.counters, result.user_counters, strict=True)
    }
    out["fairness"] = jain(result.region_count[:, 0])
    return out


def jain(shares: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    """Jain's fairness index of the CPUs' shares: 1 when all are equal, 1/n when one has all.

    R. Jain, D. Chiu and W. Hawe, DEC-TR-301, 1984. Without any operation it is 1.
    """
    squares = float((shares.astype(float) ** 2).sum())
    return float(shares.sum()) ** 2 / (len(shares) * squares) if squares else 1.0


def _rate(operations: int, cycles: int, machine: Machine) -> float:
    return operations / cycles * machine.clock_ghz * 1e9 if cycles else 0.0


def _latency(result: Result, region: int, prefix: str) -> Metrics:
    count = int(result.region_count[:, region].sum())
    if not count:
        return {}
    mean = float(result.region_sum_cycles[:, region].sum()) / count
    histogram = result.histograms[region]
    return {
        f"{prefix}_mean_cycles": mean,
        **{
            f"{prefix}_{name}_cycles": float(percentile(histogram, p))
            for name, p in PERCENTILES.items()
        },
        f"{prefix}_max_cycles": float(result.region_max_cycles[:, region].max()),
    }
