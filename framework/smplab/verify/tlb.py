"""A CPU's TLB as the checker sees it: any size, any replacement, with or without tags.

A translation stays until an instruction drops it, but whoever touches a page may also find its
translation evicted; nothing else can tell when that happened. So all that a TLB of any size and
associativity may do is covered, and all that a machine without tags does, whose change of space
forgets everything: there each translation happens to be evicted.

A translation does not hold the version of its frame but whether the frame was reused since, and
where: the reuse of a frame marks the translations to it in all TLBs. So nothing counts for ever.
"""

from __future__ import annotations

from typing import Final, NamedTuple

NO_WALK: Final = (-1, 0)


class Translation(NamedTuple):
    """A page's frame; `reused_by` is the pc of the first REUSE of it since, or -1."""

    space: int
    page: int
    frame: int
    writable: int
    loaded_by: int
    reused_by: int = -1


class Tlb(NamedTuple):
    """The state of one TLB.

    Attributes:
        entries: one translation a page at most, in the order of spaces and pages.
        walk: space in which a walk is under way, or -1; whether a broadcast met it.
    """

    entries: tuple[Translation, ...] = ()
    walk: tuple[int, int] = NO_WALK

    def find(self, space: int, page: int) -> Translation | None:
        """Return the translation of a page."""
        for entry in self.entries:
            if (entry.space, entry.page) == (space, page):
                return entry
        return None

    def without(self, space: int, page: int | None = None) -> Tlb:
        """Forget a page, or the whole space."""
        return self._replace(
            entries=tuple(
                e for e in self.entries if e.space != space or (page is not None and e.page != page)
            )
        )

    def filled(self, entry: Translation) -> Tlb:
        """Hold a translation, in the place of the page's old one; the walk is over."""
        others = self.without(entry.space, entry.page).entries
        return Tlb(tuple(sorted((*others, entry))))

    def walking(self, space: int) -> Tlb:
        """A walk begins."""
        return self._replace(walk=(space, 0))

    def killed(self, space: int, page: int | None = None) -> Tlb:
        """A broadcast drops a page, or the whole space."""
        left = self.without(space, page)
        return left._replace(walk=(space, 1)) if self.walk[0] == space else left

    def reused(self, frame: int, pc: int) -> Tlb:
        """Frame `frame` was given to somebody else."""
        return self._replace(
            entries=tuple(e._replace(reused_by=pc) if e.frame == frame else e for e in self.entries)
        )
