"""What the figure of an experiment is drawn from: the key `figure` of its `targets.yaml`.

figure:
panels: topology                    # one panel for each of its values
series: lock                        # one colour for each of its values
file: reference/mctop_locks.csv     # beside targets.yaml
where: {backoff: no_backoff}        # rows of the file that are meant
columns: {panel: machine, series: lock, cpus: threads, value: median_value,
low: min, high: max}      # low and high may be left out
panel_names: {opteron48: lpd48core} # what the file calls the panels,
series_names: {ticket: TICKET}      # and the series; others have the same name
scale: {opteron48: {series: mcs, cpus: 6}}   # the unit of the file is unknown: measured
# values are scaled so that they agree there
calibrated: [{panel: opteron48, series: ticket, cpus: 48}]   # drawn hollow
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smplab.lab.verdicts.reading import Place
from smplab.lab.verdicts.reference import column, matching, number

_KEYS = (
    "panels", "series", "file", "where", "columns", "panel_names", "series_names", "scale",
    "calibrated",
)  # fmt: skip
_COLUMNS = ("panel", "series", "cpus", "value", "low", "high")


@dataclass(frozen=True)
class MeasuredPoint:
    """A measured value with its range, and whether the model was fitted to it."""

    cpus: int
    value: float
    low: float
    high: float
    calibrated: bool


@dataclass(frozen=True)
class Comparison:
    """What is drawn.

    Attributes:
        panels, series: configuration keys.
        measured: by panel and series, ascending in CPUs.
        scale: by panel, the series and the number of CPUs where measured and simulated are made to
            agree; a panel that is missing is drawn as it is.
    """

    panels: str
    series: str
    measured: Mapping[tuple[str, str], tuple[MeasuredPoint, ...]]
    scale: Mapping[str, tuple[str, int]]


def read_comparison(place: Place) -> Comparison:
    """Read the key `figure`.

    Raises:
        TargetError: with file and key.
    """
    place.only(_KEYS)
    calibrated = {
        (at.get("panel", str), at.get("series", str), at.get("cpus", int))
        for at in (place.items("calibrated") if "calibrated" in place.values else [])
    }
    scale = {}
    if "scale" in place.values:
        table = place.inside("scale")
        points = {panel: table.inside(panel) for panel in table.values}
        scale = {k: (at.get("series", str), at.get("cpus", int)) for k, at in points.items()}
    return Comparison(
        place.get("panels", str), place.get("series", str), _measured(place, calibrated), scale
    )


def _measured(
    place: Place, calibrated: set[tuple[str, str, int]]
) -> dict[tuple[str, str], tuple[MeasuredPoint, ...]]:
    columns = place.inside("columns")
    columns.only(_COLUMNS)
    names = {key: columns.get(key, str) for key in columns.values}
    for key in _COLUMNS[:4]:
        columns.get(key, str)
    for key, name in names.items():
        column(place, f"columns.{key}", name)
    where = place.inside("where").values if "where" in place.values else {}
    panel_of, series_of = _renamed(place, "panel_names"), _renamed(place, "series_names")
    found: dict[tuple[str, str], list[MeasuredPoint]] = {}
    for row in matching(place, where):
        panel = panel_of.get(row[names["panel"]], row[names["panel"]])
        series = series_of.get(row[names["series"]], row[names["series"]])
        cell = {k: number(place, f"columns.{k}", row[names[k]]) for k in names if k in _COLUMNS[2:]}
        cpus, value = int(cell["cpus"]), cell["value"]
        found.setdefault((panel, series), []).append(
            MeasuredPoint(
                cpus, value, cell.get("low", value), cell.get("high", value),
                (panel, series, cpus) in calibrated,
            )
        )  # fmt: skip
    return {key: tuple(sorted(v, key=lambda p: p.cpus)) for key, v in found.items()}


def _renamed(place: Place, key: str) -> dict[str, str]:
    """Return our names by the file's."""
    if key not in place.values:
        return {}
    table = place.inside(key)
    return {table.get(ours, str): ours for ours in table.values}
