"""How far verdicts hang on a number that nobody measured.

    sensitivity:
      instr_cycles: [0.5, 1, 2]
      topology.costs.ipi: [500, 1500, 5000]

in a `targets.yaml`: the experiment's points are computed once more for each of the values, one key
at a time. Verdicts are those of the experiment's own configuration; beside them the table shows
what came out for each value. A value that the configuration has anyway costs nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smplab.lab.curves import Curve, curve_key
from smplab.lab.verdicts.evaluate import Judgement
from smplab.lab.verdicts.reading import Place


@dataclass(frozen=True)
class Variation:
    """A key of the configuration with another value."""

    key: str
    value: float | str | bool

    @property
    def override(self) -> str:
        """The variation as the command line writes it."""
        text = str(self.value)
        return f"{self.key}={text.lower() if isinstance(self.value, bool) else text}"


@dataclass(frozen=True)
class Variants:
    """Which curves belong to the experiment itself, and which to each of its variations.

    Attributes:
        own: keys of the curves that verdicts are about.
        varied: keys of the curves of each variation.
    """

    own: frozenset[str]
    varied: Mapping[Variation, frozenset[str]]

    def judged(
        self, curves: Sequence[Curve], judge: Callable[[Sequence[Curve]], list[Judgement]]
    ) -> list[Judgement]:
        """Return the verdicts on the experiment's own curves, with those of the variations."""
        judgements = judge(self.of(self.own, curves))
        for variation, keys in self.varied.items():
            others = judge(self.of(keys, curves))
            judgements = [
                dataclasses.replace(j, varied=(*j.varied, (variation.key, variation.value, other)))
                for j, other in zip(judgements, others, strict=True)
            ]
        return judgements

    @staticmethod
    def of(keys: frozenset[str], curves: Iterable[Curve]) -> list[Curve]:
        """Return the curves with these keys."""
        return [curve for curve in curves if curve_key(curve.records[0].config) in keys]


def keys_of(configs: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the keys of the curves that planned points belong to."""
    return frozenset(map(curve_key, configs))


def read_sensitivity(place: Place) -> tuple[Variation, ...]:
    """Read the mapping at `sensitivity`.

    Raises:
        TargetError: it is no mapping from keys to lists of values.
    """
    found = []
    for key in place.values:
        values: list[Any] = place.get(key, list)
        if not values:
            raise place.error(key, "an empty list; give the values to show")
        for value in values:
            if not isinstance(value, int | float | str):
                raise place.error(key, f"{value!r} is no value; give numbers or texts")
            found.append(Variation(key, value))
    return tuple(dict.fromkeys(found))
