"""The contract of the slot `tracking`: which CPUs may hold state of a resource.

There are sets of CPUs, numbered from 0: `sets` of them for each CPU, in its memory.

Invariant that a filling owes: a CPU that was added and not removed since is in the set. Others may
be, too, which costs a superfluous interrupt and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from smplab.language.component import Component
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Word


@dataclass(eq=False)
class Tracking(Component):
    """Sets of CPUs; as it stands, every CPU is in every set."""

    exact: ClassVar[bool] = False
    """Whether who was removed is not in a set any more."""

    sets: int = field(default=0, init=False, repr=False)
    """Sets for each CPU; who uses them says how many, before the image is built."""

    @routine
    def add(self, cpu: Cpu, number: Word, member: Word) -> None:
        """Add a CPU; other CPUs see it before anything that follows here."""

    @routine
    def remove(self, cpu: Cpu, number: Word, member: Word) -> None:
        """Remove a CPU, after everything that this CPU did before; the set may keep it."""

    @routine
    def contains(self, cpu: Cpu, number: Word, member: Word) -> bool:
        """Whether a CPU is in a set."""
        return True

    @routine
    def next_member(self, cpu: Cpu, number: Word, after: Word) -> Word:
        """The lowest member above CPU `after`, which may be -1; -1 if there is none."""
        following = after + 1
        if following == cpu.count:
            following = -1
        return following

    @routine
    def unite(self, cpu: Cpu, number: Word, other: Word) -> None:
        """Add all members of the set `other`; the caller alone changes the set `number`."""

    @routine
    def clear(self, cpu: Cpu, number: Word) -> None:
        """Remove all members; the caller alone changes the set."""
