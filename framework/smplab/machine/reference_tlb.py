"""The reference's TLBs and frames.

Part of `smplab.machine.reference_system`; shares no code with the engine.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Translation:
    """A page's frame, and what was known of it when the TLB loaded it.

    Attributes:
        version: how often the frame had been reused.
        loaded_by: pc of the TOUCH.
    """

    space: int
    page: int
    frame: int
    writable: bool
    version: int
    loaded_by: int


class Tlb:
    """Sets of translations, the least recently used of a set first."""

    def __init__(self, entries: int, ways: int) -> None:
        self.ways = ways
        self.sets: list[list[Translation]] = [[] for _ in range(entries // ways)]

    def _set(self, page: int) -> list[Translation]:
        return self.sets[page % len(self.sets)]

    def find(self, space: int, page: int) -> Translation | None:
        """The translation of a page; its use is not noted."""
        for entry in self._set(page):
            if (entry.space, entry.page) == (space, page):
                return entry
        return None

    def use(self, entry: Translation) -> None:
        """Note that a translation was used just now."""
        entries = self._set(entry.page)
        entries.remove(entry)
        entries.append(entry)

    def fill(self, entry: Translation) -> None:
        """Put a translation in, in the place of the page's old one or of the one longest unused."""
        self.drop_page(entry.space, entry.page)
        entries = self._set(entry.page)
        if len(entries) == self.ways:
            del entries[0]
        entries.append(entry)

    def drop_page(self, space: int, page: int) -> None:
        """Forget one page."""
        entries = self._set(page)
        entries[:] = [entry for entry in entries if (entry.space, entry.page) != (space, page)]

    def drop_space(self, space: int) -> None:
        """Forget a space."""
        for entries in self.sets:
            entries[:] = [entry for entry in entries if entry.space != space]

    def flush(self) -> None:
        """Forget everything."""
        for entries in self.sets:
            entries.clear()


@dataclass
class Frame:
    """How often a frame was reused, and the pc of the last time."""

    reuses: int = 0
    reused_by: int = 0


@dataclass
class Walk:
    """A walk under way.

    Attributes:
        killed: a broadcast came in between, so that what was read may be no more.
    """

    level: int
    node: int
    killed: bool = False
