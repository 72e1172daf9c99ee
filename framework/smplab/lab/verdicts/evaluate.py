"""Verdicts: the targets against what was simulated."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from smplab.lab.curves import Curve
from smplab.lab.stats import Estimate, estimate, fit_line, ratio
from smplab.lab.verdicts.selection import NoResultError, Selection
from smplab.lab.verdicts.targets import Target


class Verdict(Enum):
    """How a target fared."""

    MET = "pass"
    MISS = "miss"
    KNOWN_MISS = "KNOWN MISS"  # declared, with its reason
    SURPRISE = "unexpected pass"  # declared a miss, but met: the declaration must go
    CALIBRATED = "calibrated"  # fitted to the data: shown, never counted
    NO_RESULT = "no result"  # its points failed


BAD = (Verdict.MISS, Verdict.SURPRISE, Verdict.NO_RESULT)
"""Verdicts that make `smplab reproduce` fail."""


@dataclass(frozen=True)
class Judgement:
    """A target with what was simulated.

    Attributes:
        target: what was asked.
        simulated: the quantity; NaN without a result, and for an order.
        ci95: half of its 95 % interval, NaN where there is none.
        order: of an order, the names as simulated, from the highest.
        verdict: how it fared.
        remark: why there is no result, or the reason of a known miss.
        varied: key, value and judgement of each variation of the experiment's `sensitivity`.
    """

    target: Target
    simulated: float
    ci95: float
    order: tuple[str, ...]
    verdict: Verdict
    remark: str = ""
    varied: tuple[tuple[str, float | str | bool, Judgement], ...] = ()

    @property
    def met(self) -> bool:
        """Whether what was simulated is as the target asks, whatever the verdict makes of it."""
        target = self.target
        if target.quantity == "order":
            return self.order == target.names
        assert target.tolerance is not None
        assert target.reference is not None
        return math.isfinite(self.simulated) and target.tolerance.met(
            self.simulated, target.reference
        )

    @property
    def deviation(self) -> float:
        """Simulated over reference less 1; NaN where that means nothing."""
        if not self.target.reference:
            return math.nan
        return self.simulated / self.target.reference - 1

    def as_dict(self) -> dict[str, Any]:
        """The judgement as plain data; what has no value is null."""
        target = self.target
        order = target.quantity == "order"
        return {
            "id": target.id,
            "about": target.about,
            "kind": target.kind,
            "role": target.role,
            "quantity": target.quantity,
            "metric": target.selections[0].metric,
            "measured": list(target.names) if order else target.reference,
            "simulated": self.outcome,
            "ci95": _finite(self.ci95),
            "deviation": _finite(self.deviation),
            "tolerance": target.tolerance.text if target.tolerance else "exact",
            "verdict": self.verdict.value,
            "counts": target.counts,
            "source": target.source,
            "known_miss": target.known_miss,
            "remark": self.remark,
            "sensitivity": [
                {"key": key, "value": value, "simulated": other.outcome, "met": other.met}
                for key, value, other in self.varied
            ],
        }

    @property
    def outcome(self) -> list[str] | float | None:
        """What was simulated, as plain data."""
        return list(self.order) if self.target.quantity == "order" else _finite(self.simulated)


def judge(
    targets: Iterable[Target], curves: Sequence[Curve], strict: bool = False
) -> list[Judgement]:
    """Judge every target; `strict` takes no known miss for an excuse.

    Raises:
        TargetError: a selection means several curves.
    """
    return [_judge(target, curves, strict) for target in targets]


def totals(judgements: Sequence[Judgement]) -> dict[str, int]:
    """Count the targets that count, and how they fared."""
    counted = [j for j in judgements if j.target.counts]
    return {
        "predicted": len(counted),
        "met": sum(j.verdict in (Verdict.MET, Verdict.SURPRISE) for j in counted),
        "missed": sum(j.verdict in (Verdict.MISS, Verdict.NO_RESULT) for j in counted),
        "known_misses": sum(j.verdict is Verdict.KNOWN_MISS for j in counted),
        "unexpected_passes": sum(j.verdict is Verdict.SURPRISE for j in counted),
        "calibrated": len(judgements) - len(counted),
    }


def agrees(judgements: Iterable[Judgement]) -> bool:
    """Tell whether nothing is wrong that was not declared."""
    return not any(j.verdict in BAD for j in judgements)


def as_dict(name: str, title: str, judgements: Sequence[Judgement]) -> dict[str, Any]:
    """Return all verdicts of an experiment as plain data."""
    return {
        "experiment": name,
        "title": title,
        "agrees": agrees(judgements),
        "totals": totals(judgements),
        "targets": [judgement.as_dict() for judgement in judgements],
    }


def write_json(path: Path, plain: dict[str, Any]) -> None:
    """Write verdicts."""
    path.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")


def _judge(target: Target, curves: Sequence[Curve], strict: bool) -> Judgement:
    try:
        if target.quantity == "order":
            order, value = _order(target, curves), Estimate(math.nan, math.nan, math.nan, 0)
        else:
            order, value = (), _quantity(target, curves)
    except NoResultError as error:
        verdict = Verdict.NO_RESULT if target.counts else Verdict.CALIBRATED
        return Judgement(target, math.nan, math.nan, (), verdict, str(error))
    found = Judgement(target, value.mean, value.ci95, order, Verdict.CALIBRATED)
    verdict = _verdict(target, found.met, strict)
    remark = target.known_miss or "" if verdict is Verdict.KNOWN_MISS else ""
    return replace(found, verdict=verdict, remark=remark)


def _verdict(target: Target, met: bool, strict: bool) -> Verdict:
    if not target.counts:
        return Verdict.CALIBRATED
    if target.known_miss is None or strict:
        return Verdict.MET if met else Verdict.MISS
    return Verdict.SURPRISE if met else Verdict.KNOWN_MISS


def _quantity(target: Target, curves: Sequence[Curve]) -> Estimate:
    if target.quantity == "slope":
        slopes = [_slope(selection, curves) for selection in target.selections]
        value = slopes[0] / slopes[1] if len(slopes) == 2 else slopes[0]
        return Estimate(value, math.nan, math.nan, 1)
    values = [selection.values(curves) for selection in target.selections]
    if target.quantity == "point":
        return estimate(values[0])
    pairs = min(map(len, values))  # a replica that failed on one side takes its partner with it
    return ratio(values[0][:pairs], values[1][:pairs])


def _slope(selection: Selection, curves: Sequence[Curve]) -> float:
    cpus, found = selection.curve(curves).series(selection.metric)
    if len(cpus) < 2:
        raise NoResultError(f"no two points of {selection}")
    return fit_line(cpus, [value.mean for value in found]).slope


def _order(target: Target, curves: Sequence[Curve]) -> tuple[str, ...]:
    means = [estimate(selection.values(curves)).mean for selection in target.selections]
    ranked = sorted(zip(means, target.names, strict=True), key=lambda pair: -pair[0])
    return tuple(name for _, name in ranked)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
