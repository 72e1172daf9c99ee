"""The contract of the slot `accounting`: what user level learns of the use of resources."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from smplab.language.component import Component
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Word


class Event(IntEnum):
    """What happened, and to whom: the subject and the other one."""

    MESSAGE = 0  # a thread sent to a thread
    SWITCH = 1  # a thread goes on, on a CPU
    MAP = 2  # a thread mapped a page of its space
    UNMAP = 3  # a thread revoked mappings of a space's page
    FAULT = 4  # a thread touched a page that it may not touch


@dataclass(eq=False)
class Accounting(Component):
    """Told of events by the CPU on which they happen; as it stands, it notes nothing."""

    told: ClassVar[bool] = False
    """Whether it listens; if not, what serves an event alone is not computed."""

    @routine
    def event(self, cpu: Cpu, kind: Word, subject: Word, other: Word) -> None:
        """Something happened, in the kernel, perhaps within an operation: take no lock, wait for
        nobody.
        """
