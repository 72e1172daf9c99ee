"""Free lists: objects of one kind that any CPU may take, and any other may give back.

Each CPU has objects of its own. It takes and gives back its own without an atomic instruction. What
was freed elsewhere comes home: others push it to the owner's second list by CAS, which the owner
empties as a whole by one swap, so that no object is in danger of being popped twice (ABA).

Invariants:

- An object is in use, or in exactly one of the two lists of its home.
- An object keeps its kind for ever: who meets one that was freed reads words of the same meaning.

Source: the per-thread and global lists of slab allocators (Bonwick and Adams, "Magazines and Vmem",
USENIX 2001), cut down to one object at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.language.component import Component, parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import NULL, Array, Ref, Struct, Word, aligned


class Pooled(Struct):
    """Base of what a free list holds. `next` serves whoever has the object."""

    next: Ref[Any] = aligned()
    home: Word  # constant


class Lists(Struct):
    """A CPU's free objects: its own list, and what others gave back."""

    first: Ref[Any] = aligned()
    returned: Ref[Any] = aligned()


@dataclass(eq=False)
class FreeList(Component):
    """`count` objects of type `kind` for every CPU."""

    kind: type[Pooled]
    count: int = parameter(1, "objects of each CPU", build=True, minimum=1)
    shared: bool = True
    """Whether there are other CPUs that give back."""

    def layout(self, memory: Memory) -> None:
        """Objects and lists, on the node of their CPU."""
        self.objects: Array[Any] = memory.per_cpu(self.kind, self.count)
        self.lists: Array[Lists] = memory.per_cpu(Lists)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """All are free."""
        for i in range(cpu.count * self.count):
            self.objects[i].home = i // self.count
            self.objects[i].next = self.lists[i // self.count].first
            self.lists[i // self.count].first = self.objects[i]

    @routine
    def take(self, cpu: Cpu) -> Ref[Any]:
        """Return a free object of this CPU, NULL if there is none."""
        lists = self.lists[cpu.id]
        if self.shared and lists.first == NULL and lists.returned != NULL:
            lists.first = cpu.swap(lists.returned, NULL)
        found = lists.first
        if found != NULL:
            taken: Ref[Pooled] = found
            lists.first = taken.next
        return found

    @routine
    def give(self, cpu: Cpu, given: Ref[Pooled]) -> None:
        """Give an object back to its home."""
        lists = self.lists[given.home]
        if not self.shared or given.home == cpu.id:
            given.next = lists.first
            lists.first = given
        else:
            given.next = lists.returned
            while not cpu.cas(lists.returned, given.next, given):
                given.next = lists.returned
