"""What the system calls mean, in plain Python: which logs of calls a kernel may leave behind.

A system is a set of threads, each with a list of calls. A call is a send phase, then a receive
phase, either of which may be absent. The only thing that ever happens between threads is a
*meeting*: one is in its send phase to the other, the other in a receive phase that takes it; both
phases are over then, and the receiver has the sender's message. A log is allowed if some order of
meetings explains every result in it, and if who still waits at the end has to: no two of them could
meet, and nobody waits whose timeout has passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

PENDING = -9
OK, TIMEOUT, NO_PARTNER = 0, -1, -2
NEVER, ANYBODY, NOBODY = -1, -1, -2


@dataclass(frozen=True)
class Call:
    """One system call with its outcome, in the order of the log's words."""

    to: int
    source: int
    send_timeout: int
    receive_timeout: int
    result: int
    sent: int
    received: int


@dataclass(frozen=True)
class Phase:
    """Half a call: whether it sends, to or from whom, the message that passed, who waits still."""

    sends: bool
    partner: int
    message: int
    met: bool
    waits: bool = False


class NotAllowed(Exception):
    """No execution of the system calls leaves this log."""


def check(log: Mapping[int, Sequence[Call]]) -> int:
    """Return the number of meetings in a log.

    Raises:
        NotAllowed: no order of meetings explains the log.
    """
    received = [c.received for calls in log.values() for c in calls if c.received]
    if len(received) != len(set(received)):
        raise NotAllowed("a message was received twice")
    queue = {me: [p for c in calls for p in phases(me, c, received)] for me, calls in log.items()}
    meetings = _replay(queue)
    for me, left in queue.items():
        if left and not left[0].waits:
            raise NotAllowed(f"no order of meetings explains thread {me}: {left[0]}")
    for me, left in queue.items():
        if left and left[0].sends:
            theirs = queue.get(left[0].partner)
            if theirs and not theirs[0].sends and theirs[0].partner in {ANYBODY, me}:
                raise NotAllowed(f"{me} and {left[0].partner} both wait and could meet")
    return meetings


def phases(me: int, call: Call, received: Sequence[int]) -> list[Phase]:
    """Return the phases that a call reached, after checking that its result goes with them."""
    found: list[Phase] = []
    expected = OK
    if call.to == me:
        expected = NO_PARTNER
    elif call.to != NOBODY:
        met = call.sent in received
        found.append(Phase(True, call.to, call.sent, met))
        expected = OK if met else TIMEOUT
    if expected == OK and call.source == me:
        expected = NO_PARTNER
    elif expected == OK and call.source != NOBODY:
        met = call.received != 0
        found.append(Phase(False, call.result if met else call.source, call.received, met))
        expected = call.result if met else TIMEOUT
        if met and call.source not in {ANYBODY, call.result}:
            raise NotAllowed(f"{me} received from somebody else: {call}")
    if call.result == PENDING and found and not found[-1].met:
        timeout = call.send_timeout if found[-1].sends else call.receive_timeout
        if timeout != NEVER:
            raise NotAllowed(f"{me} still waits, and its timeout has passed: {call}")
        found[-1] = replace(found[-1], waits=True)
    elif call.result != expected:
        raise NotAllowed(f"{me} should have got {expected}: {call}")
    return found


def _replay(queue: Mapping[int, list[Phase]]) -> int:
    """Let meet who met, and give up who gave up, until nothing more can happen."""
    meetings = 0
    moved = True
    while moved:
        moved = False
        for me, left in queue.items():
            while left and not left[0].met and not left[0].waits:
                left.pop(0)
                moved = True
            if not left or left[0].sends or not left[0].met:
                continue
            theirs = queue[left[0].partner]
            if theirs and theirs[0] == Phase(True, me, left[0].message, met=True):
                left.pop(0)
                theirs.pop(0)
                meetings += 1
                moved = True
    return meetings
