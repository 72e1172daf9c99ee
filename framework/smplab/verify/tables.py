"""Arrays that grow, and what their columns mean to the compiled search."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]

# Columns of a local state. Its number is rank * cpus + cpu.
KIND: Final = 0  # what its next ordered instruction does, below
SLOT: Final = 1  # word accessed, or -1
VALUE: Final = 2  # STORE_BUFFERED: number of the pending store
CHOICES: Final = 3  # DRAW: how many values
WATCH: Final = 4  # line whose next write by another CPU matters, or -1
STALE: Final = 5  # rank of the local state after such a write, or -1 if not yet known
MERGE: Final = 6  # 1: nobody can tell whether it happens now or later; 2: it goes on at once
TBASE: Final = 7  # first row of its transitions, a hash table of its own
TCAP: Final = 8  # rows of its transitions, a power of two or 0
PENDING: Final = 9  # 1: an operation began and has not ended
ON: Final = 10  # 1: the CPU takes interrupts
TRAPS: Final = 11  # 1: a vector pending now begins its handler, in the place of what comes next
CONTEXT: Final = 12  # number of the context that the CPU runs
LOCAL_COLUMNS: Final = 16

# Kinds
HALTED: Final = 0
LOAD: Final = 1  # a transition for each value met
STORE: Final = 2  # straight to memory; one transition
ATOMIC: Final = 3  # a transition for each value met; needs an empty store buffer
FENCE: Final = 4  # needs an empty store buffer; one transition
STORE_BUFFERED: Final = 5  # needs room in the store buffer; one transition
DRAW: Final = 6  # a transition for each value drawn
ASLEEP: Final = 7  # in WAIT, until the watched line is written
NOTE: Final = 8  # the end of an operation, met by a CPU that was woken; one transition
FAULT: Final = 9  # a check failed, an address is wrong, ...
EXCHANGE: Final = 10  # as ATOMIC, whatever the store buffer holds
STEP: Final = 11  # one transition

# Columns of a transition.
NEXT: Final = 0  # rank of the local state after it, or -1 if not yet known
WRITTEN: Final = 1  # number of the value written, or -1
ENDED: Final = 2  # 1: an operation is complete
MET: Final = 3  # number of the value met, or -1: the row is empty
TRANSITION_COLUMNS: Final = 4
TRAP: Final = 2**30
"""Met instead of a value: TRAP + v, vector v, whose handler begins."""

# Columns of a state of an interrupt controller; numbers of states, or -1: there is no such arrival.
VECTOR: Final = 0  # the vector pending that is taken first, or -1
TAKEN: Final = 1  # it is pending no longer
EVENT: Final = 2  # 1: the next WAIT ends at once
FIRST_ARRIVAL: Final = 3
ARRIVAL_COLUMNS: Final = 3
"""For each arrival: at a CPU that takes it or that it wakes, at another, and at a halted one."""

# Columns of a word of memory.
LINE: Final = 0  # its line, or -1 for ghost memory
WORD_COLUMNS: Final = 1

# Columns of a pending store.
ST_SLOT: Final = 0
ST_VALUE: Final = 1
STORE_COLUMNS: Final = 2


class Table:
    """Rows of int32, appended; `rows` may be replaced by a larger array as the table grows."""

    def __init__(self, columns: int, empty: int) -> None:
        self.rows: Ints = np.full((64, columns), empty, np.int32)
        self.used = 0
        self._empty = empty

    def extend(self, count: int) -> int:
        """Append `count` empty rows; return the number of the first."""
        first = self.used
        self.reach(first + count)
        return first

    def reach(self, used: int) -> None:
        """Make rows 0 to used - 1 exist."""
        if used > len(self.rows):
            more = np.full((used, self.rows.shape[1]), self._empty, np.int32)
            self.rows = np.concatenate([self.rows, more])
        self.used = max(self.used, used)
