"""An experiment's folder for tests: two machines, two locks, measured values in a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

DATA = """\
machine,lock,threads,value,min,max
M1,TICKET,1,900,890,910
M1,TICKET,4,300,280,310
M1,MCS,1,900,880,905
M1,MCS,4,840,830,850
M2,TICKET,1,700,690,710
"""

RATIO: dict[str, Any] = {
    "id": "ticket-4-over-1", "about": "ticket, 4 over 1", "kind": "published",
    "role": "predicted", "quantity": "ratio",
    "of": {"lock": "ticket", "cpus": 4}, "over": {"lock": "ticket", "cpus": 1},
    "reference": 0.33, "tolerance": "30%", "source": "a paper",
}  # fmt: skip
FIGURE: dict[str, Any] = {
    "panels": "topology", "series": "lock", "file": "data.csv",
    "columns": {"panel": "machine", "series": "lock", "x": "threads", "value": "value",
                "low": "min", "high": "max"},
    "panel_names": {"opteron48": "M1"}, "series_names": {"ticket": "TICKET", "mcs": "MCS"},
    "scale": {"opteron48": {"series": "mcs", "x": 1}},
    "calibrated": [{"panel": "opteron48", "series": "ticket", "x": 4}],
}  # fmt: skip


def folder(path: Path, *targets: dict[str, Any], **root: Any) -> Path:
    """Write an experiment with these targets; `root` overrides its other keys."""
    path.mkdir(exist_ok=True)
    plain = {"title": "Two locks", "targets": list(targets or (RATIO,))} | root
    (path / "targets.yaml").write_text(yaml.safe_dump(plain, sort_keys=False), encoding="utf-8")
    (path / "data.csv").write_text(DATA, encoding="utf-8")
    return path


def target(**changes: Any) -> dict[str, Any]:
    """`RATIO` with changes; None takes a key out."""
    return {k: v for k, v in (RATIO | changes).items() if v is not None}
