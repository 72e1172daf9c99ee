"""Names the engine by its sources, so that neither results nor machine code outlive an edit."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from smplab.language import isa


@cache
def engine_digest() -> str:
    """Return a hash of every source file that decides what a run computes."""
    folder = Path(__file__).parent
    h = hashlib.sha256()
    for path in [*sorted(folder.glob("*.py")), Path(isa.__file__)]:
        h.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return h.hexdigest()
