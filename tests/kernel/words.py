"""Reads the objects of a system out of simulated memory, once its run has ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smplab.kernel.kernel import Kernel
from smplab.kernel.objects import BLOCKED, BURIED, DEAD, Tcb
from smplab.language.fields import layout_of
from smplab.language.image import Program
from smplab.language.memory import Root
from smplab.machine.result import Result
from tests.kernel.model import NotAllowed
from tests.kernel.systems import address


@dataclass
class Words:
    """Memory of a system whose CPUs are all on one node."""

    program: Program
    kernel: Kernel
    memory: list[int]

    @classmethod
    def of(cls, program: Program, kernel: Kernel, result: Result) -> Words:
        """Read the memory that a run has left behind."""
        return cls(program, kernel, result.memory.tolist())

    def at(self, root: object, i: int, field: str = "") -> int:
        """Word `i` of an array, or a field of its Struct `i`."""
        assert isinstance(root, Root)
        assert not isinstance(root.kind, type)
        first = address(self.program, root.object.name) + i * root.kind.stride
        if not field:
            return self.memory[first]
        element = root.kind.element
        assert isinstance(element, type)
        return self.memory[first + layout_of(element).fields[field].offset]

    def tcb(self, number: int, field: str) -> int:
        """A field of a thread's control block."""
        return self.at(self.kernel.tcbs, number, field)

    def number(self, thread: int) -> int:
        """The number of the thread whose control block is at an address; -1 for NULL."""
        offset = layout_of(Tcb).fields["number"].offset
        return self.memory[thread + offset] if thread else -1

    def linked(self, first: int, link: str) -> Iterator[int]:
        """The numbers of a list of threads."""
        seen = set()
        while first:
            number = self.number(first)
            if number in seen:
                raise NotAllowed(f"a list by {link} comes back to thread {number}")
            seen.add(number)
            yield number
            first = self.tcb(number, link)


def check_places(words: Words) -> None:
    """Check that a system at rest has every living thread waiting in one place, no dead one in any.

    Raises:
        NotAllowed: a thread is lost, or left behind.
    """
    kernel, cpus = words.kernel, words.program.cpus
    for c in range(cpus):
        for field in ("departing", "answers"):
            thread = words.at(kernel.processors, c, field)
            if thread:
                raise NotAllowed(f"CPU {c} at rest: {field} is thread {words.number(thread)}")
        for priority in range(kernel.priorities):
            if words.at(kernel.queues, c * kernel.priorities + priority, "first"):
                raise NotAllowed(f"CPU {c} at rest: a thread is ready")
    timed = [
        number
        for c in range(cpus)
        for number in words.linked(words.at(kernel.processors, c, "first_timeout"), "next_timeout")
    ]
    if timed:
        raise NotAllowed(f"threads {timed} at rest: their timeouts have not passed")
    for number in range(cpus * kernel.threads):
        place, expects = words.tcb(number, "place"), words.tcb(number, "expects")
        queue = list(words.linked(words.tcb(number, "senders"), "next"))
        partner = words.number(words.tcb(number, "polling"))
        for sender in queue:
            if words.number(words.tcb(sender, "polling")) != number:
                raise NotAllowed(f"thread {sender} is in the queue of {number} without polling it")
        if place == BURIED:
            if partner >= 0 or queue or expects not in {0, DEAD}:
                raise NotAllowed(f"thread {number} is dead and in a queue, or has one")
        elif place != BLOCKED or (partner < 0) == (expects == 0):
            raise NotAllowed(f"thread {number} at rest: it lives, and waits nowhere or twice")
        elif partner >= 0 and number not in words.linked(words.tcb(partner, "senders"), "next"):
            raise NotAllowed(f"thread {number} polls {partner} and is not in its queue")
