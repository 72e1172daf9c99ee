"""The format of page tables, which the machine walks and kernels write.

A page table is a tree of nodes; a node is an array of `2 ** radix_bits` words, as many levels deep
as `memory.page_tables` says. A page's number, `radix_bits` at a time from the top, picks a word at
each level. A word is 0, or

    value << ENTRY_SHIFT | WRITABLE | LEAF | PRESENT

A LEAF maps: its value is the frame of the page, or, above the lowest level, of the first of the
`2 ** (radix_bits * level)` pages that it maps, which have neighbouring frames. Without LEAF the
value is the word address of the next node. The rights are those of the leaf alone. The TLB holds
single pages, whatever the size that the table maps them by.
"""

from __future__ import annotations

from typing import Final

PRESENT: Final = 1
LEAF: Final = 2
WRITABLE: Final = 4
ENTRY_SHIFT: Final = 3

NOT_PRESENT: Final = -1
"""What `cpu.touch` returns for a page that no leaf maps."""
NOT_WRITABLE: Final = -2
"""What `cpu.touch` returns for a page that is mapped, when it was to be written and must not be."""

MAX_PAGE_BITS: Final = 48
"""Pages have numbers below 2 ** MAX_PAGE_BITS, however many levels a table has."""
