"""Reference data: numbers in an experiment's CSV files, found by the values of their columns."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from smplab.lab.verdicts.reading import Place
from smplab.plugin.errors import choices

Row = Mapping[str, str]


@cache
def _read(path: Path) -> tuple[Row, ...]:
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


def rows(place: Place) -> tuple[Row, ...]:
    """Return the rows of the CSV that `place` names in its key `file`, beside the YAML file.

    Raises:
        TargetError: it is missing or empty.
    """
    name = place.get("file", str)
    try:
        found = _read((place.file.parent / name).resolve())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise place.error("file", f"{name} cannot be read: {error}") from None
    if not found:
        raise place.error("file", f"{name} has no rows")
    return found


def column(place: Place, key: str, name: str) -> str:
    """Check that a column exists and return its name.

    Raises:
        TargetError: it does not.
    """
    known = rows(place)[0]
    if name not in known:
        raise place.error(key, f"the file has no column {name}; {choices(name, known)}")
    return name


def matching(place: Place, where: Mapping[str, object], key: str = "where") -> list[Row]:
    """Return the rows whose columns have these values; numbers are compared as numbers.

    Raises:
        TargetError: a column does not exist.
    """
    for name in where:
        column(place, key, name)
    return [row for row in rows(place) if all(_same(row[k], v) for k, v in where.items())]


def lookup(place: Place, extra: Mapping[str, object], key: str) -> float:
    """Return the number in `column` of the one row that `where` and `extra` describe.

    Raises:
        TargetError: no row, several rows, or no number.
    """
    common = place.inside("where").values if "where" in place.values else {}
    wanted = {**common, **extra}
    name = column(place, "column", place.get("column", str))
    found = matching(place, wanted, key)
    if len(found) != 1:
        described = ", ".join(f"{k}={v}" for k, v in wanted.items())
        raise place.error(key, f"{len(found)} rows have {described}; one must")
    return number(place, "column", found[0][name])


def number(place: Place, key: str, text: str) -> float:
    """Return a cell as a number.

    Raises:
        TargetError: it is none.
    """
    try:
        return float(text)
    except (TypeError, ValueError):
        raise place.error(key, f"{text!r} is no number") from None


def _same(cell: str, value: object) -> bool:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(cell) == value
        except ValueError:
            return False
    return cell == str(value)
