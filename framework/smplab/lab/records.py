"""The record of one point: what a line of `points.jsonl` says."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from smplab.language.errors import SmplabError

SCHEMA = 1
"""Version of the folder's layout and of the lines; a resume refuses another."""

Status = Literal["ok", "failed", "crashed", "timeout"]
KEYS = (
    "hash", "config", "versions", "seed", "replica", "status", "metrics", "wall_s", "error",
)  # fmt: skip


class RecordError(SmplabError):
    """A line that is no record. The text says what is wrong with it, not where it stands."""


@dataclass(frozen=True)
class Record:
    """What became of one point.

    Attributes:
        hash: the point's name.
        config: its resolved configuration.
        versions: `schema`, and the versions of what computed it by distribution.
        seed, replica: as in the configuration.
        status: `ok`; `failed`: it ended with a diagnosis; `crashed`: it took its process down;
            `timeout`: it ran for longer than it was allowed.
        metrics: by name; empty unless the status is ok. A metric without a value is NaN.
        wall_s: how long it computed, seconds.
        error: one message, or None when the status is ok.
        details: what numbers cannot say, plain data; the line has this key only if there is any.
    """

    hash: str
    config: Mapping[str, Any]
    versions: Mapping[str, Any]
    seed: int
    replica: int
    status: Status
    metrics: Mapping[str, float] = field(default_factory=dict)
    wall_s: float = 0.0
    error: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the point has its metrics."""
        return self.status == "ok"

    def as_dict(self) -> dict[str, Any]:
        """The record as plain data in the order of `KEYS`, NaN and infinities as null."""
        plain = {key: getattr(self, key) for key in KEYS}
        plain["metrics"] = {
            name: value if math.isfinite(value) else None for name, value in self.metrics.items()
        }
        return plain | ({"details": dict(self.details)} if self.details else {})

    def line(self) -> bytes:
        """The record as one line of JSON with its newline. Floats keep their last digit."""
        return json.dumps(self.as_dict(), allow_nan=False).encode() + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> Record:
        """Read a line back.

        Raises:
            RecordError: it is not JSON, or lacks a key, or a value has the wrong type.
        """
        try:
            plain = json.loads(line)
        except ValueError as error:
            raise RecordError(f"not JSON: {error}") from None
        if not isinstance(plain, dict):
            raise RecordError("not a JSON object")
        if absent := [key for key in KEYS if key not in plain]:
            raise RecordError(f"lacks {', '.join(absent)}")
        if plain["status"] not in get_args(Status):
            raise RecordError(f"unknown status {plain['status']!r}")
        for key, kind in (("config", dict), ("versions", dict), ("metrics", dict), ("hash", str)):
            if not isinstance(plain[key], kind):
                raise RecordError(f"{key} is not a {kind.__name__}")
        values = {k: math.nan if v is None else v for k, v in plain["metrics"].items()}
        details = plain.get("details", {})
        return cls(**{key: plain[key] for key in KEYS} | {"metrics": values, "details": details})
