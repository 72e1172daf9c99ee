"""Choosing curves and points by their configuration: `{topology: opteron48, lock: ticket}`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smplab.lab.curves import Curve
from smplab.lab.verdicts.reading import Place
from smplab.plugin.errors import choices


class NoResultError(Exception):
    """What was chosen exists in the experiment but has no result: its points failed."""


@dataclass(frozen=True)
class Selection:
    """Which curve, which number of CPUs, which metric.

    Attributes:
        place: where it is written.
        keys: configuration keys and values that single out a curve. A chosen component is named by
            its group or slot: `topology`, `lock`; anything else by its dotted key.
        cpus: the number of CPUs; None where a whole curve is meant.
        metric: what is looked at.
    """

    place: Place
    keys: Mapping[str, Any]
    cpus: int | None
    metric: str

    @classmethod
    def read(cls, place: Place, metric: str) -> Selection:
        """Read `{KEY: VALUE, ..., cpus: N, metric: NAME}`; both of the last may be left out."""
        keys = {k: v for k, v in place.values.items() if k not in ("cpus", "metric")}
        cpus = place.get("cpus", int) if "cpus" in place.values else None
        return cls(place, keys, cpus, place.get("metric", str, metric))

    def matches(self, flat: Mapping[str, Any]) -> bool:
        """Tell whether a flattened configuration is meant."""
        return all(flat.get(full_key(key, flat)) == value for key, value in self.keys.items())

    def check(self, planned: Sequence[Mapping[str, Any]]) -> None:
        """Check against the flattened configurations of the planned points.

        Raises:
            TargetError: it names a key, a value or a number of CPUs that no point has.
        """
        known = dict.fromkeys(key for flat in planned for key in flat)
        for key, value in self.keys.items():
            full = full_key(key, known)
            if full not in known:
                raise self.place.error(key, f"no such key; {choices(key, known)}")
            values = dict.fromkeys(str(flat[full]) for flat in planned if full in flat)
            if str(value) not in values:
                raise self.place.error(key, f"no point has {value}; {choices(value, values)}")
        mine = [flat for flat in planned if self.matches(flat)]
        if not mine:
            raise self.place.error("", "the experiment has no point with all of these")
        cpus = sorted({flat["cpus"] for flat in mine})
        if self.cpus is not None and self.cpus not in cpus:
            listed = ", ".join(map(str, cpus))
            raise self.place.error("cpus", f"no point has {self.cpus}; there are: {listed}")

    def curve(self, curves: Iterable[Curve]) -> Curve:
        """Return the one curve that is meant.

        Raises:
            NoResultError: none of its points has a result.
            TargetError: several are meant.
        """
        found = [curve for curve in curves if self.matches(curve.config)]
        if len(found) > 1:
            names = ", ".join(curve.label for curve in found)
            raise self.place.error("", f"{len(found)} curves are meant: {names}; give more keys")
        if not found:
            raise NoResultError(f"no result for {self}")
        return found[0]

    def values(self, curves: Iterable[Curve]) -> list[float]:
        """Return the metric of each replica at the chosen point.

        Raises:
            NoResultError: it has none.
            TargetError: several curves are meant, or no number of CPUs is given.
        """
        if self.cpus is None:
            raise self.place.error("cpus", "is missing: which point of the curve?")
        values = self.curve(curves).values(self.metric, self.cpus)
        if not values:
            raise NoResultError(f"no {self.metric} for {self}")
        return values

    def __str__(self) -> str:
        words = [f"{key}={value}" for key, value in self.keys.items()]
        return " ".join(words + ([f"cpus={self.cpus}"] if self.cpus is not None else []))


def full_key(key: str, known: Iterable[str]) -> str:
    """Return the dotted key that a short one stands for: `lock` is `mechanism.lock.name`."""
    for candidate in (f"{key}.name", f"mechanism.{key}.name"):
        if candidate in known:
            return candidate
    return key
