"""What the system calls mean, in plain Python: which logs of calls a kernel may leave behind.

A thread number is borne by one thread after another, each with a life: a list of calls, and perhaps
a death. A call is a send phase, then a receive phase, either of which may be absent. The only thing
that ever happens between threads is a *meeting*: one is in its send phase to the other's number,
the other in a receive phase that takes it; both phases are over then, and the receiver has the
sender's message. A log is allowed if some order of meetings and deaths explains every result in it,
and if who still waits at the end has to: no two of them could meet, nobody waits whose timeout has
passed, nobody waits to send to the dead.

Who dies within a call leaves no result. Its send phase met if the message arrived somewhere; its
receive phase may have taken a message that nobody will ever see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

PENDING, RECEIVING = -9, -8
"""Results of a call that has not returned; RECEIVING: it is known to wait in its receive phase."""
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
class Life:
    """What one thread did, and whether it is dead."""

    calls: Sequence[Call]
    dead: bool = False


@dataclass(frozen=True)
class Phase:
    """Half a call, or a death.

    Attributes:
        kind: "send", "receive", or "death".
        partner: thread number, ANYBODY, or NOBODY for a death.
        message: what passed, 0 if nothing did.
        ending: "met", "lost" (met, but the receiver died before it looked), "refused" (the partner
            is dead), "over" (gave up, or died), or "waits".
    """

    kind: str
    partner: int
    message: int
    ending: str


class NotAllowed(Exception):
    """No execution of the system calls leaves this log."""


@dataclass
class _Replay:
    """What is still to be explained of each number, and how often it has died so far."""

    left: Mapping[int, list[Phase]]
    deaths: Counter[int] = field(default_factory=Counter)
    meetings: int = 0

    def run(self) -> None:
        """Let meet who met, and give up who gave up, until nothing more can happen."""
        moved = True
        while moved:
            moved = False
            for me in self.left:
                moved |= self._step(me)

    def _step(self, me: int) -> bool:
        left = self.left[me]
        if not left:
            return False
        head = left[0]
        if head.kind == "death":
            self.deaths[me] += 1
        elif head.ending == "refused":
            if not self.deaths[head.partner]:
                return False
        elif head.ending == "met":
            theirs = self.left.get(head.partner, [])
            meets = head.kind == "receive" and Phase("send", me, head.message, "met") in theirs[:1]
            if not meets:
                return False
            theirs.pop(0)
            self.meetings += 1
        elif head.ending == "waits":
            return False
        left.pop(0)
        return True


def check(log: Mapping[int, Sequence[Life]]) -> int:
    """Return the number of meetings in a log: the lives of each thread number, in order.

    Raises:
        NotAllowed: no order of meetings and deaths explains the log.
    """
    calls = [c for lives in log.values() for life in lives for c in life.calls]
    received = [c.received for c in calls if c.received]
    if len(received) != len(set(received)):
        raise NotAllowed("a message was received twice")
    left: dict[int, list[Phase]] = {}
    for me, lives in log.items():
        left[me] = [p for life in lives for p in _phases(me, life, received)]
    _check_lost(log, left)
    replay = _Replay(left)
    replay.run()
    for me, phases in left.items():
        if phases and phases[0].ending != "waits":
            raise NotAllowed(f"no order of meetings explains thread {me}: {phases[0]}")
    for me, phases in left.items():
        if phases and phases[0].kind == "send":
            _check_sender(me, phases[0], log, left)
    return replay.meetings


def _check_sender(
    me: int, phase: Phase, log: Mapping[int, Sequence[Life]], left: Mapping[int, Sequence[Phase]]
) -> None:
    other = phase.partner
    theirs = left[other]
    if theirs and theirs[0].kind == "receive" and theirs[0].partner in {ANYBODY, me}:
        raise NotAllowed(f"{me} and {other} both wait and could meet")
    if log[other] and log[other][-1].dead:
        raise NotAllowed(f"{me} waits for {other}, which is dead")


def _check_lost(log: Mapping[int, Sequence[Life]], left: Mapping[int, Sequence[Phase]]) -> None:
    """A death within a call hides one message at most."""
    lost = Counter(p.partner for phases in left.values() for p in phases if p.ending == "lost")
    for other, n in lost.items():
        hidden = sum(life.dead and _ended_within(life) for life in log.get(other, ()))
        if n > hidden:
            raise NotAllowed(f"{n} messages to {other} were lost by {hidden} deaths")


def _ended_within(life: Life) -> bool:
    return bool(life.calls) and life.calls[-1].result == PENDING


def _phases(me: int, life: Life, received: Sequence[int]) -> list[Phase]:
    found = [p for call in life.calls for p in phases(me, call, received, life.dead)]
    if life.dead:
        found.append(Phase("death", NOBODY, 0, "over"))
    return found


def phases(me: int, call: Call, received: Sequence[int], dead: bool = False) -> list[Phase]:
    """Return the phases that a call reached, after checking that its result goes with them."""
    found: list[Phase] = []
    expected = OK
    if call.to == me:
        expected = NO_PARTNER
    elif call.to != NOBODY:
        phase = _send(call, received)
        found.append(phase)
        expected = {"met": OK, "lost": OK, "refused": NO_PARTNER}.get(phase.ending, TIMEOUT)
    if expected == OK and call.source == me:
        expected = NO_PARTNER
    elif expected == OK and call.source != NOBODY:
        partner, ending, expected = call.source, "over", TIMEOUT
        if call.received:
            partner, ending, expected = call.result, "met", call.result
        elif call.result == NO_PARTNER and call.source != ANYBODY:
            ending, expected = "refused", NO_PARTNER
        found.append(Phase("receive", partner, call.received, ending))
        if call.received and call.source not in {ANYBODY, call.result}:
            raise NotAllowed(f"{me} received from somebody else: {call}")
    if call.result in {PENDING, RECEIVING} and found and found[-1].ending == "over":
        timeout = call.send_timeout if found[-1].kind == "send" else call.receive_timeout
        if not dead:
            if timeout != NEVER:
                raise NotAllowed(f"{me} still waits, and its timeout has passed: {call}")
            found[-1] = replace(found[-1], ending="waits")
    elif call.result != expected and not (dead and call.result == PENDING):
        raise NotAllowed(f"{me} should have got {expected}: {call}")
    return found


def _send(call: Call, received: Sequence[int]) -> Phase:
    """The send phase of a call."""
    if call.sent in received:
        ending = "met"
    elif call.result == NO_PARTNER:
        ending = "refused"
    elif (
        call.result >= OK
        or call.result == RECEIVING
        or (call.result == TIMEOUT and call.send_timeout == NEVER)
    ):
        ending = "lost"
    else:
        ending = "over"
    return Phase("send", call.to, call.sent, ending)
