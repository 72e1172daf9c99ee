"""Executes a counterexample's schedule again, on the reference interpreter's CPUs.

The search found it in tables and packed states; here it runs through none of them. What comes out
must be the same violation.
"""

from __future__ import annotations

from smplab.language.image import Program
from smplab.verify import findings
from smplab.verify.errors import VerifyError
from smplab.verify.execution import execute
from smplab.verify.options import Options
from smplab.verify.verdict import Trace


def replay(program: Program, options: Options, trace: Trace) -> str:
    """Execute a trace; return the violation in which it ends, or "" if it ends in none.

    A trace with a cycle ends in none: what is wrong with it is that it goes on.

    Raises:
        VerifyError: the schedule is not one of this program.
    """
    try:
        end, events = execute(program, options, trace.actions, trace.direct)
    except (ValueError, IndexError) as error:
        raise VerifyError(f"the schedule does not fit the program: {error}") from None
    if tuple(events) != trace.events:
        raise VerifyError("the schedule fits the program, but other things happen in it")
    if any(cpu.stopped for cpu in end.cpus):
        return findings.fault(end)[1]
    if not end.actions() and end.asleep:
        return findings.deadlock(end)
    return ""
