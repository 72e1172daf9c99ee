"""Targets: what an experiment must show, as its `targets.yaml` declares it.

    title: Five locks on two machines
    metric: throughput_ops_per_s
    targets:
      - id: opteron48-ticket
        about: ticket lock, 48 over 6 threads
        kind: published          # published | claim | plausibility
        role: predicted          # predicted counts, calibrated does not
        quantity: ratio          # point | ratio | slope | order
        of: {topology: opteron48, lock: ticket, cpus: 48}
        over: {topology: opteron48, lock: ticket, cpus: 6}
        reference: 0.24
        tolerance: 30%           # or "factor 1.5", "at least", "at most"
        source: MCTOP results/locks, lpd48core
        known_miss: why it is not met, physically   # optional

The quantities:
    point   the metric at `of`
    ratio   the metric at `of` over that at `over`, replicas paired
    slope   the metric's increase a CPU, by least squares over the curve `of`; with `over`: the
            ratio of two slopes
    order   curves from the highest to the lowest: `at: {topology: opteron48, cpus: 48}` and
            `among: {lock: [mcs, clh, ttas, ticket, tas]}`; it has no reference and no tolerance

Beside the targets may stand `sensitivity`: see `smplab.lab.verdicts.sensitivity`.

A reference is a number, or is looked up in a CSV of the experiment's folder: `{file: data.csv,
column: value, where: {machine: x}, of: {threads: 48}, over: {threads: 6}}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smplab.lab.verdicts.reading import Place
from smplab.lab.verdicts.reference import lookup
from smplab.lab.verdicts.selection import Selection

KINDS = ("published", "claim", "plausibility")
ROLES = ("predicted", "calibrated")
QUANTITIES = ("point", "ratio", "slope", "order")
_KEYS = (
    "id", "about", "kind", "role", "quantity", "metric", "of", "over", "at", "among", "reference",
    "tolerance", "source", "known_miss",
)  # fmt: skip
_NEEDS = {
    "point": {"of", "reference", "tolerance"},
    "ratio": {"of", "over", "reference", "tolerance"},
    "slope": {"of", "reference", "tolerance"},
    "order": {"at", "among"},
}
_MAY = {"slope": {"over"}}
_TOLERANCE = re.compile(
    r"(?P<percent>\d+(\.\d+)?) ?%|factor (?P<factor>\d+(\.\d+)?)|at (least|most)"
)


@dataclass(frozen=True)
class Tolerance:
    """How far the simulated may be from the reference; `text` is as it was written."""

    text: str

    def met(self, simulated: float, reference: float) -> bool:
        """Tell whether a simulated value is near enough."""
        match = _TOLERANCE.fullmatch(self.text)
        assert match is not None
        if match["percent"]:
            return abs(simulated - reference) <= abs(reference) * float(match["percent"]) / 100
        if match["factor"]:
            factor = float(match["factor"])
            return reference / factor <= simulated <= reference * factor
        return simulated >= reference if self.text == "at least" else simulated <= reference

    @classmethod
    def read(cls, place: Place) -> Tolerance:
        """Read the key `tolerance`.

        Raises:
            TargetError: it is none.
        """
        text = place.get("tolerance", str)
        match = _TOLERANCE.fullmatch(text)
        if match is None or (match["factor"] and float(match["factor"]) < 1):
            valid = '"30%", "factor 1.5" (at least 1), "at least" or "at most"'
            raise place.error("tolerance", f"{text!r} is none; write {valid}")
        return cls(text)


@dataclass(frozen=True)
class Target:
    """One declared comparison.

    Attributes:
        id, about, kind, role, quantity, source, known_miss: as written.
        selections: `of`, then `over` if there is one; for an order, the points from the highest.
        names: of an order, what is ordered.
        reference: the number to compare with; None for an order.
        tolerance: None for an order.
    """

    id: str
    about: str
    kind: str
    role: str
    quantity: str
    selections: tuple[Selection, ...]
    source: str
    names: tuple[str, ...] = ()
    reference: float | None = None
    tolerance: Tolerance | None = None
    known_miss: str | None = None

    @property
    def counts(self) -> bool:
        """Whether the verdict counts: what was fitted to the data proves nothing."""
        return self.role == "predicted"

    def check(self, planned: Sequence[Mapping[str, Any]]) -> None:
        """Check the selections against the flattened configurations of the planned points.

        Raises:
            TargetError: one of them names what no point has.
        """
        for selection in self.selections:
            selection.check(planned)


def read_targets(root: Place, metric: str) -> tuple[Target, ...]:
    """Read the list at `targets`.

    Raises:
        TargetError: with file and key.
    """
    targets = tuple(_read_target(place, metric) for place in root.items("targets"))
    seen: set[str] = set()
    for i, target in enumerate(targets):
        if target.id in seen:
            raise root.error(f"targets[{i}].id", f"{target.id} is there twice")
        seen.add(target.id)
    return targets


def _read_target(place: Place, metric: str) -> Target:
    place.only(_KEYS)
    quantity = place.one_of("quantity", QUANTITIES)
    _check_keys(place, quantity)
    metric = place.get("metric", str, metric)
    names: tuple[str, ...] = ()
    reference: float | None = None
    tolerance: Tolerance | None = None
    if quantity == "order":
        names, selections = _read_order(place, metric)
    else:
        parts = [key for key in ("of", "over") if key in place.values]
        selections = tuple(Selection.read(place.inside(key), metric) for key in parts)
        for selection in selections:
            if (selection.cpus is None) != (quantity == "slope"):
                wrong = "a slope takes the whole curve: no cpus" if quantity == "slope" else (
                    "is missing: which point of the curve?"
                )  # fmt: skip
                raise selection.place.error("cpus", wrong)
        reference, tolerance = _read_reference(place, parts), Tolerance.read(place)
    return Target(
        place.get("id", str), place.get("about", str), place.one_of("kind", KINDS),
        place.one_of("role", ROLES), quantity, selections, place.get("source", str), names,
        reference, tolerance, place.get("known_miss", str, "") or None,
    )  # fmt: skip


def _check_keys(place: Place, quantity: str) -> None:
    needs, may = _NEEDS[quantity], _MAY.get(quantity, set())
    for key in ("of", "over", "at", "among", "reference", "tolerance"):
        if key in needs and key not in place.values:
            raise place.error(key, f"is missing; the quantity {quantity} needs it")
        if key in place.values and key not in needs | may:
            raise place.error(key, f"means nothing for the quantity {quantity}")


def _read_order(place: Place, metric: str) -> tuple[tuple[str, ...], tuple[Selection, ...]]:
    among = place.inside("among")
    if len(among.values) != 1:
        raise place.error("among", "must have one key: what is ordered")
    key = next(iter(among.values))
    ordered: list[Any] = among.get(key, list)
    if len(ordered) < 2:
        raise among.error(key, "an order needs two at least")
    at = place.inside("at")
    points = [Place(at.file, at.path, {**at.values, key: value}) for value in ordered]
    selections = tuple(Selection.read(point, metric) for point in points)
    if selections[0].cpus is None:
        raise at.error("cpus", "is missing: which point of the curves?")
    return tuple(map(str, ordered)), selections


def _read_reference(place: Place, parts: Sequence[str]) -> float:
    if not isinstance(place.values["reference"], Mapping):
        return place.get("reference", float)
    reference = place.inside("reference")
    reference.only(("file", "column", "where", "of", "over"))
    if "of" not in reference.values:
        return lookup(reference, {}, "where")
    values = [lookup(reference, reference.inside(part).values, part) for part in parts]
    return values[0] / values[1] if len(values) == 2 else values[0]
