"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from smplab.verify.options import Options


class Status(Enum):
    """How a check ended."""

    HOLDS = "no_violation"  # every state within the options was seen, none violates anything
    VIOLATED = "violated"
    BOUNDED = "bounded"  # a bound struck first; what was seen violates nothing


@dataclass(frozen=True)
class Action:
    """A decision of the scheduler: which CPU goes on, and how.

    Attributes:
        cpu: logical CPU.
        drain: its store buffer writes a store to memory.
        choice: number of the random value taken, address of the word whose store leaves, or vector
            that arrives, the timer's being the number of vectors.
        count: how many ordered instructions it executes (1 when it executes none).
        arrival: an interrupt reaches it. Without this and `drain` it executes instructions.
    """

    cpu: int
    drain: bool = False
    choice: int = 0
    count: int = 1
    arrival: bool = False


@dataclass(frozen=True)
class Event:
    """One ordered instruction, store that leaves its buffer, or arrival, as it happened in a trace.

    Attributes:
        cpu: logical CPU.
        pc: code address, or -1 for what is no instruction.
        what: opcode name, "handler" (one begins), or "drain" and "arrival", which are no
            instructions.
        place: the word's name, "lock.next" or "word 72"; empty if none is accessed.
        values: what was read and written, in words: "0", "0 -> 1".
    """

    cpu: int
    pc: int
    what: str
    place: str
    values: str


@dataclass(frozen=True)
class Trace:
    """A counterexample: a run from the start to the violation, then perhaps a cycle for ever.

    Attributes:
        actions: the schedule; `smplab.verify.replay` executes it on the reference's CPUs.
        events: what the schedule does, instruction by instruction.
        direct: addresses that only one CPU uses; its stores there need not enter its store buffer.
        cycle: index into `actions` from where on the rest repeats for ever, or None.
    """

    actions: tuple[Action, ...]
    events: tuple[Event, ...]
    direct: frozenset[int] = frozenset()
    cycle: int | None = None


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check.

    Attributes:
        status: how it ended.
        options: what was asked for.
        violation: what is violated, one sentence, or empty.
        kind: "check", "fault", "deadlock", "stuck", "livelock", or empty.
        bounds: the bounds that struck, in words.
        notes: what was left out or switched off, in words.
        states, transitions: distinct states, and steps between them.
        depth: steps on the shortest path to the deepest state.
        complete_depth: every state within so many steps was expanded.
        wall_s: time taken; a process's first check also compiles the checker, or loads it.
        memory_bytes: states and their index, at their largest.
        state_bits: bits that one packed state needs.
        omission_probability: with fingerprints, at most this is the chance that any state was
            taken for another, and so left out; 0 without.
        trace: the counterexample, if any.
    """

    status: Status
    options: Options
    states: int
    transitions: int
    depth: int
    complete_depth: int
    wall_s: float
    memory_bytes: int
    state_bits: int
    violation: str = ""
    kind: str = ""
    bounds: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    omission_probability: float = 0.0
    trace: Trace | None = field(default=None, repr=False)

    @property
    def states_per_s(self) -> float:
        """Distinct states found in a second."""
        return self.states / self.wall_s if self.wall_s > 0 else 0.0

    @property
    def bytes_per_state(self) -> float:
        """Memory for states and their index, shared out among the states."""
        return self.memory_bytes / max(self.states, 1)
