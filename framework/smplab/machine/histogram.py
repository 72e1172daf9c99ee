"""Latency histograms with a bounded relative error, after HdrHistogram (G. Tene).

Values below 128 have a bucket each; above, every power of two is cut into 64 buckets, so that a
bucket is never wider than 1/64 of the values in it. Counts are int64 [BUCKETS], values are cycles.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

SUB_BITS: Final = 6
"""Every power of two has 2**SUB_BITS buckets."""

BUCKETS: Final = (63 - SUB_BITS + 1) << SUB_BITS
"""Enough for every non-negative int64."""


def bucket_of(value: int) -> int:
    """Return the bucket of a latency >= 0."""
    shift = max(0, value.bit_length() - SUB_BITS - 1)
    return (shift << SUB_BITS) + (value >> shift)


def bounds_of(bucket: int) -> tuple[int, int]:
    """Return the least and the greatest latency of a bucket."""
    shift = max(0, (bucket >> SUB_BITS) - 1)
    least = (bucket - (shift << SUB_BITS)) << shift
    return least, least + (1 << shift) - 1


def percentile(counts: npt.NDArray[np.int64], percent: float) -> float:
    """Return the latency that `percent` % of the counted ones do not exceed, NaN if there are none.

    The answer is the middle of the bucket that holds it, off by at most 1/128 of itself.
    """
    total = int(counts.sum())
    if total == 0:
        return float("nan")
    rank = max(1, int(np.ceil(total * percent / 100)))
    bucket = int(np.searchsorted(np.cumsum(counts), rank))
    least, greatest = bounds_of(bucket)
    return (least + greatest) / 2
