"""The simulated lines of a figure: which point of a sweep lies on which line, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smplab.lab.curves import Curve
from smplab.lab.figures.measured import ONE_PANEL, Comparison
from smplab.lab.stats import Estimate
from smplab.lab.verdicts.selection import full_key

Address = tuple[str, str, float]
"""Panel, series, x."""


@dataclass(frozen=True)
class Line:
    """One line: x ascending, and the metric's mean over replicas there."""

    panel: str
    series: str
    x: tuple[float, ...]
    values: tuple[Estimate, ...]

    def at(self, x: float) -> Estimate | None:
        """Return the value at an x, if the line has one."""
        return self.values[self.x.index(x)] if x in self.x else None


def address(flat: Mapping[str, Any], comparison: Comparison) -> Address | None:
    """Return where a point with this flattened configuration lies; None if it is not drawn.

    Raises:
        TargetError: the figure names a key that the configuration does not have, or x is no number.
    """
    for key, wanted in comparison.only.items():
        if _value(flat, key, "only", comparison) != wanted:
            return None
    panel = ONE_PANEL
    if comparison.panels is not None:
        panel = str(_value(flat, comparison.panels, "panels", comparison))
    words = [_value(flat, key, "series", comparison) for key in comparison.series]
    x = _value(flat, comparison.x, "x", comparison)
    if not isinstance(x, (int, float)):
        raise comparison.place.error("x", f"{comparison.x} is {x!r} somewhere: no number")
    return panel, " ".join(str(word) for word in words if word is not None), x


def check(configs: Iterable[Mapping[str, Any]], comparison: Comparison) -> None:
    """Check that no two of the planned points, flattened, replicas apart, lie on one place.

    Raises:
        TargetError: two do, or the figure names what no point has, or no point at all is drawn.
    """
    seen: dict[Address, Mapping[str, Any]] = {}
    points = [{k: v for k, v in config.items() if k != "replica"} for config in configs]
    _check_keys({k: v for flat in points for k, v in flat.items()}, comparison)
    for flat in points:
        at = address(flat, comparison)
        if at is None:
            continue
        if seen.setdefault(at, flat) != flat:
            other = seen[at]
            differ = ", ".join(key for key in flat if other.get(key) != flat[key])
            raise comparison.place.error(
                "series", f"two points lie at {' '.join(map(str, at))}; they differ in {differ}:"
                " name a key of these in `series`, or choose by `only`"
            )  # fmt: skip
    if not seen:
        raise comparison.place.error("only", "no point of the experiment is drawn")


def lines(curves: Iterable[Curve], comparison: Comparison) -> list[Line]:
    """Return the lines in the order of their first point; what has no value is left out."""
    found: dict[tuple[str, str], dict[float, Estimate]] = {}
    for curve in curves:
        for cpus in curve.cpus:
            at = address({**curve.config, "cpus": cpus}, comparison)
            value = curve.at(comparison.metric, cpus)
            if at is not None and value.n:
                found.setdefault(at[:2], {})[at[2]] = value
    if comparison.over:
        found = _ratios(found, comparison.over)
    return [
        Line(panel, series, tuple(sorted(values)), tuple(values[x] for x in sorted(values)))
        for (panel, series), values in found.items()
    ]


def _ratios(
    found: Mapping[tuple[str, str], Mapping[float, Estimate]], over: str
) -> dict[tuple[str, str], dict[float, Estimate]]:
    """Divide by the mean of the series `over`, whose own spread is not added to the others'."""
    ratios: dict[tuple[str, str], dict[float, Estimate]] = {}
    for (panel, series), values in found.items():
        units = found.get((panel, over), {})
        for x, value in values.items():
            if x in units:
                mean, sd, ci95 = (v / units[x].mean for v in (value.mean, value.sd, value.ci95))
                ratios.setdefault((panel, series), {})[x] = Estimate(mean, sd, ci95, value.n)
    return ratios


def panels_of(found: Sequence[Line]) -> list[str]:
    """Return the panels in the order of their first line."""
    return list(dict.fromkeys(line.panel for line in found))


def _value(flat: Mapping[str, Any], key: str, role: str, comparison: Comparison) -> Any:
    full = full_key(key, flat)
    if full in flat:
        return flat[full]
    # A slot that nothing uses stands as the whole, null: it is there, and chooses nothing. Nor does
    # a parameter that another filling has.
    above = key.rpartition(".")[0]
    if f"{above}.name" in flat or any(
        flat.get(part, "") is None for part in (key, f"mechanism.{key}", above)
    ):
        return None
    raise comparison.place.error(role, f"no point has a key {key}")


def _check_keys(known: Mapping[str, Any], comparison: Comparison) -> None:
    """Check that of each component's parameters which the figure names some point has one."""
    named = [("only", key) for key in comparison.only] + [("x", comparison.x)]
    named += [("series", key) for key in comparison.series]
    if comparison.panels is not None:
        named.append(("panels", comparison.panels))
    for role, key in named:
        if _value(known, key, role, comparison) is None and "." in key:
            full = full_key(key, known)
            if full not in known and known.get(key.rpartition(".")[0], "") is not None:
                raise comparison.place.error(role, f"no point has a key {key}")
