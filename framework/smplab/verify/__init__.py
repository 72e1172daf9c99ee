"""The model checker: every interleaving of a small program, over the very bytecode that is
timed.
"""

from smplab.verify.check import check
from smplab.verify.errors import VerifyError
from smplab.verify.options import MemoryModel, Options, Progress
from smplab.verify.render import render
from smplab.verify.replay import replay
from smplab.verify.verdict import Action, Event, Status, Trace, Verdict

__all__ = [
    "Action",
    "Event",
    "MemoryModel",
    "Options",
    "Progress",
    "Status",
    "Trace",
    "Verdict",
    "VerifyError",
    "check",
    "render",
    "replay",
]
