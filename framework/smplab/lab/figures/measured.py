"""What a figure of an experiment is drawn from: the key `figure` of its `targets.yaml`.

    figure:
      panels: topology                 # one panel for each of its values; none: a single panel
      series: lock                     # one colour for each of its values, or list of values:
                                       # [synchronization, lock] has a series "locked mcs"
      x: cpus                          # what is along the axis (default): a configuration key
      metric: latency_mean_cycles      # default: the experiment's
      over: locked object              # a series: what is drawn is the metric over that one's, in
                                       # the same panel at the same x; default: the metric itself
      only: {workload.length: 0}       # which of the simulated points are meant; default: all
      names: {"locked mcs": MCS}       # what the figure calls series and panels
      file: reference/mctop_locks.csv  # measured data beside targets.yaml, if there are any
      where: {backoff: no_backoff}     # rows of the file that are meant
      columns: {panel: machine, series: lock, x: threads, value: median_value,
                low: min, high: max}   # low and high may be left out
      panel_names: {opteron48: lpd48core} # what the file calls the panels,
      series_names: {ticket: TICKET}      # and the series; others have the same name
      scale: {opteron48: {series: mcs, x: 6}}   # the unit of the file is unknown: measured
                                                # values are scaled so that they agree there
      calibrated: [{panel: opteron48, series: ticket, x: 48}]   # drawn hollow

A list of such mappings gives several figures; each then has a `name`, which follows that of the
experiment in its file's name, and may have a `title` of its own. A panel without `panels`, in the
file or in `scale`, is called "all".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smplab.lab.verdicts.reading import Place
from smplab.lab.verdicts.reference import column, matching, number

_KEYS = (
    "name", "title", "panels", "series", "x", "metric", "over", "only", "names", "file", "where",
    "columns", "panel_names", "series_names", "scale", "calibrated",
)  # fmt: skip
_NEEDED = ("series", "x", "value")
_COLUMNS = ("panel", *_NEEDED, "low", "high")
_OF_THE_FILE = ("where", "columns", "panel_names", "series_names", "scale", "calibrated")
ONE_PANEL = "all"


@dataclass(frozen=True)
class MeasuredPoint:
    """A measured value with its range, and whether the model was fitted to it."""

    x: float
    value: float
    low: float
    high: float
    calibrated: bool


@dataclass(frozen=True)
class Comparison:
    """What is drawn.

    Attributes:
        place: where it is written.
        name: what its file's name has behind that of the experiment; may be empty.
        title: over the figure.
        panels: the configuration key whose values have a panel each; None: a single panel.
        series: the keys whose values, joined by blanks, are the series.
        x: the key along the axis.
        metric: what is drawn.
        over: the series by whose values all are divided; empty: none.
        only: keys and values that the simulated points must have.
        names: what the figure calls a series or panel, if not its value.
        measured: by panel and series, ascending in x.
        scale: by panel, the series and the x where measured and simulated are made to agree; a
            panel that is missing is drawn as it is.
    """

    place: Place
    name: str
    title: str
    panels: str | None
    series: tuple[str, ...]
    x: str
    metric: str
    over: str
    only: Mapping[str, Any]
    names: Mapping[str, str]
    measured: Mapping[tuple[str, str], tuple[MeasuredPoint, ...]]
    scale: Mapping[str, tuple[str, float]]


def read_comparisons(root: Place, metric: str, title: str) -> tuple[Comparison, ...]:
    """Read the key `figure`, if there is one.

    Raises:
        TargetError: with file and key.
    """
    if "figure" not in root.values:
        return ()
    if not isinstance(root.values["figure"], list):
        return (_read(root.inside("figure"), metric, title),)
    found = tuple(_read(place, metric, title) for place in root.items("figure"))
    for i, comparison in enumerate(found):
        if comparison.name in ("", *(other.name for other in found[:i])):
            raise root.error(f"figure[{i}].name", "is missing or there twice; of several figures"
                             " each needs one of its own")  # fmt: skip
    return found


def _read(place: Place, metric: str, title: str) -> Comparison:
    place.only(_KEYS)
    if "file" not in place.values:
        for key in _OF_THE_FILE:
            if key in place.values:
                raise place.error(key, "is about measured data; name their `file`")
    calibrated = {
        (at.get("panel", str, ONE_PANEL), at.get("series", str), at.get("x", float))
        for at in (place.items("calibrated") if "calibrated" in place.values else [])
    }
    scale = {}
    if "scale" in place.values:
        table = place.inside("scale")
        points = {panel: table.inside(panel) for panel in table.values}
        scale = {k: (at.get("series", str), at.get("x", float)) for k, at in points.items()}
    only = place.inside("only").values if "only" in place.values else {}
    names = place.inside("names") if "names" in place.values else None
    return Comparison(
        place,
        place.get("name", str, ""),
        place.get("title", str, title),
        place.get("panels", str, "") or None,
        _series(place),
        place.get("x", str, "cpus"),
        place.get("metric", str, metric),
        place.get("over", str, ""),
        only,
        {key: names.get(key, str) for key in names.values} if names else {},
        _measured(place, calibrated) if "file" in place.values else {},
        scale,
    )


def _series(place: Place) -> tuple[str, ...]:
    if not isinstance(place.values.get("series"), list):
        return (place.get("series", str),)
    keys: list[Any] = place.get("series", list)
    if not keys or not all(isinstance(key, str) for key in keys):
        raise place.error("series", "must be a configuration key or a list of such")
    return tuple(keys)


def _measured(
    place: Place, calibrated: set[tuple[str, str, float]]
) -> dict[tuple[str, str], tuple[MeasuredPoint, ...]]:
    columns = place.inside("columns")
    columns.only(_COLUMNS)
    names = {key: columns.get(key, str) for key in columns.values}
    for key in _NEEDED:
        columns.get(key, str)
    for key, name in names.items():
        column(place, f"columns.{key}", name)
    where = place.inside("where").values if "where" in place.values else {}
    panel_of, series_of = _renamed(place, "panel_names"), _renamed(place, "series_names")
    found: dict[tuple[str, str], list[MeasuredPoint]] = {}
    for row in matching(place, where):
        panel = row[names["panel"]] if "panel" in names else ONE_PANEL
        panel = panel_of.get(panel, panel)
        series = series_of.get(row[names["series"]], row[names["series"]])
        cell = {k: number(place, f"columns.{k}", row[names[k]]) for k in names if k in _COLUMNS[2:]}
        x, value = cell["x"], cell["value"]
        found.setdefault((panel, series), []).append(
            MeasuredPoint(
                x, value, cell.get("low", value), cell.get("high", value),
                (panel, series, x) in calibrated,
            )
        )  # fmt: skip
    return {key: tuple(sorted(v, key=lambda p: p.x)) for key, v in found.items()}


def _renamed(place: Place, key: str) -> dict[str, str]:
    """Return our names by the file's."""
    if key not in place.values:
        return {}
    table = place.inside(key)
    return {table.get(ours, str): ours for ours in table.values}
