"""Means and their 95 % confidence intervals, of replicas and of ratios of replicas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean over replicas.

    Attributes:
        mean: of the values.
        sd: sample standard deviation; NaN for a single value.
        ci95: half the width of the 95 % confidence interval of the mean; NaN for a single value.
        n: number of values.
    """

    mean: float
    sd: float
    ci95: float
    n: int


@cache
def student_t(freedom: int) -> float:
    """Return the two-sided 95 % quantile of Student's t with `freedom` degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


def estimate(values: Sequence[float]) -> Estimate:
    """Return mean, standard deviation and confidence interval (Student's t) of `values`.

    Without values everything is NaN. Identical values give an interval of exactly 0.
    """
    n = len(values)
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(mean, math.nan, math.nan, 1)
    if min(values) == max(values):
        return Estimate(values[0], 0.0, 0.0, n)
    sd = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1))
    return Estimate(mean, sd, student_t(n - 1) * sd / math.sqrt(n), n)


def ratio(above: Sequence[float], below: Sequence[float]) -> Estimate:
    """Return mean(above) / mean(below) with its interval, for paired replicas.

    Replica i of both ran with the same random numbers, so that what they share cancels: the
    interval is that of the delta method with the covariance (W. G. Cochran, Sampling Techniques,
    3rd ed., section 6.3), with Student's t for the few replicas that a sweep has.

    Raises:
        ValueError: the two have different lengths.
    """
    if len(above) != len(below):
        raise ValueError(f"replicas are not paired: {len(above)} against {len(below)}")
    top, bottom = estimate(above), estimate(below)
    if top.n == 0 or bottom.mean == 0:
        return Estimate(math.nan, math.nan, math.nan, top.n)
    quotient = top.mean / bottom.mean
    residuals = [(a - quotient * b) / bottom.mean for a, b in zip(above, below, strict=True)]
    spread = estimate(residuals)
    return Estimate(quotient, spread.sd, spread.ci95, top.n)


@dataclass(frozen=True)
class Line:
    """A least-squares line.

    Attributes:
        slope, intercept: of y = intercept + slope * x.
        r2: share of the variance that the line explains; 1 when all y are equal and on it.
    """

    slope: float
    intercept: float
    r2: float


def fit_line(x: Sequence[float], y: Sequence[float]) -> Line:
    """Fit a line through at least two points with different x by least squares.

    Raises:
        ValueError: fewer than two different x.
    """
    if len(set(x)) < 2:
        raise ValueError("a line needs points at two different x")
    mx, my = math.fsum(x) / len(x), math.fsum(y) / len(y)
    xx = math.fsum((a - mx) ** 2 for a in x)
    yy = math.fsum((b - my) ** 2 for b in y)
    xy = math.fsum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    return Line(xy / xx, my - xy / xx * mx, xy * xy / (xx * yy) if yy else 1.0)
