"""Tracking `broadcast`: nobody keeps track, and every CPU is asked.

What a kernel does that knows nothing of who uses what: no memory and no cost for those who use a
resource, and for those who revoke it an interrupt to every CPU of the machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Tracking


@dataclass(eq=False)
class Broadcast(Tracking):
    """No memory: every CPU is in every set."""
