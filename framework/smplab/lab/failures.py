"""What is said of points that have no result: each kind of failure once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from smplab.lab.curves import Flat, flatten
from smplab.lab.folder import split
from smplab.lab.records import Record

_NUMBERS = re.compile(r"0x[0-9a-f]+|\d+")


def describe(records: Sequence[Record], all_records: Sequence[Record]) -> list[str]:
    """Return one message for each kind of failure: how many, which point first, and why.

    Messages that differ in numbers alone are of one kind.
    """
    _, varied = split([flatten(record.config) for record in all_records])
    kinds: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        kinds.setdefault((record.status, _NUMBERS.sub("#", record.error or "")), []).append(record)
    messages = []
    for (status, _), group in kinds.items():
        point = _point(flatten(group[0].config), varied)
        which = f"{len(group)} points, first" if len(group) > 1 else "1 point,"
        messages.append(f"{status}: {which} {point}: {group[0].error}")
    return messages


def _point(config: Flat, varied: Flat) -> str:
    """Name a point by its choices and by what varies in the sweep."""
    shown = [
        k for k in config if k.endswith(".name") and k.split(".")[0] in ("topology", "mechanism")
    ]
    shown += [k for k in varied if k in config and "." not in k and k not in shown]
    return " ".join(f"{k.removesuffix('.name').rsplit('.', 1)[-1]}={config[k]}" for k in shown)
