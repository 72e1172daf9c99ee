"""Which accesses other CPUs can tell apart from accesses a little earlier or later.

An access to a word that only one CPU uses, or a load of a word that nobody writes, commutes with
all that others do, so the search executes it together with the step before it and does not store
the state between (a persistent set of one transition: P. Godefroid, "Partial-Order Methods for the
Verification of Concurrent Systems", LNCS 1032, 1996, chapter 4). A store that only enters a store
buffer commutes as well. No merged chain is longer than a bound, so no cycle is passed over unseen.

Nobody knows beforehand who uses a word. Words are taken for private until a second CPU's automaton
arrives at an access to them; then the search starts again, knowing better (`refuted`). That is
sound: a run to the first refuting access uses only accesses that are classed correctly up to then,
so the reduced search meets such an access as well (M. B. Dwyer et al., "Exploiting Object Escape
and Locking Information in Partial-Order Reductions", FMSD 25, 2004, section 4, argues so for
objects).
"""

from __future__ import annotations

from collections import defaultdict

from smplab.language.isa import Op
from smplab.verify import tables as t
from smplab.verify.flow import ATOMICS


class Sharing:
    """Who reads, writes and watches what, as far as known; sets the tables' MERGE and store kinds.

    Attributes:
        refuted: an access that a search may have merged turned out to be visible.
    """

    def __init__(
        self, reduction: bool, buffered: bool, local: t.Table, transition: t.Table
    ) -> None:
        self.refuted = False
        self._reduction, self._buffered = reduction, buffered
        self._local, self._transition = local, transition
        self._readers: dict[int, set[int]] = defaultdict(set)
        self._writers: dict[int, set[int]] = defaultdict(set)
        self._line_writers: dict[int, set[int]] = defaultdict(set)
        self._watchers: dict[int, set[int]] = defaultdict(set)
        self._unmergeable: set[int] = set()
        self._also: dict[int, tuple[int, ...]] = {}
        self._of_slot: dict[int, list[tuple[int, int, Op, int]]] = defaultdict(list)
        self._slots_of_line: dict[int, set[int]] = defaultdict(set)

    def forbid(self, number: int) -> None:
        """Never merge a local state's access, whoever uses the word."""
        self._unmergeable.add(number)
        row = self._local.rows[number]
        self.refuted |= row[t.MERGE] == 1
        row[t.MERGE] = 0

    def enter(
        self,
        number: int,
        cpu: int,
        op: Op,
        slot: int,
        line: int,
        watch: int,
        also: tuple[int, ...] = (),
    ) -> None:
        """Take note of a new local state, and class its access.

        Args:
            number, cpu, watch: the local state, whose it is, and the line that it watches, or -1.
            op, slot, line: its access, to which word on which line, or -1.
            also: words outside memory that it writes as well.
        """
        if not self._reduction:
            return None
        affected: set[int] = set()
        if watch >= 0 and cpu not in self._watchers[watch]:
            self._watchers[watch].add(cpu)
            affected |= self._slots_of_line[watch]
        if slot < 0:
            free = op in (Op.FENCE, Op.END) and number not in self._unmergeable
            self._local.rows[number, t.MERGE] = free
            return self._class_again(affected)
        for other in also:
            self._also[number] = also
            self._of_slot[other].append((number, cpu, op, line))
            if cpu not in self._writers[other]:
                self._writers[other].add(cpu)
                affected.add(other)
        if op in ATOMICS or op in (Op.STORE, Op.GSTORE):
            if cpu not in self._writers[slot]:
                self._writers[slot].add(cpu)
                affected.add(slot)
            if line >= 0 and cpu not in self._line_writers[line]:
                self._line_writers[line].add(cpu)
                affected |= self._slots_of_line[line]
        if op not in (Op.STORE, Op.GSTORE) and cpu not in self._readers[slot]:
            self._readers[slot].add(cpu)
            affected.add(slot)
        if line >= 0:
            self._slots_of_line[line].add(slot)
        self._of_slot[slot].append((number, cpu, op, line))
        self._class_again(affected)
        self._class(number, cpu, op, slot, line, new=True)
        return None

    def _class_again(self, slots: set[int]) -> None:
        for slot in slots:
            for number, cpu, op, line in self._of_slot[slot]:
                self._class(number, cpu, op, slot, line, new=False)

    def _class(self, number: int, cpu: int, op: Op, slot: int, line: int, new: bool) -> None:
        me = {cpu}
        if op in (Op.LOAD, Op.GLOAD):
            private = self._writers[slot] <= me
            if line >= 0 and cpu in self._watchers[line]:
                private &= self._line_writers[line] <= me
        else:
            private = self._writers[slot] | self._readers[slot] <= me
            private &= self._watchers[line] <= me
        row = self._local.rows[number]
        if op is Op.STORE and self._buffered:
            kind = t.STORE if private else t.STORE_BUFFERED
            if row[t.KIND] != kind:
                row[t.KIND] = kind
                self._transition.rows[row[t.TBASE], t.MET] = -1
                self.refuted |= not new
            private = True  # a store that enters a buffer is visible when it leaves it
        private &= number not in self._unmergeable
        for other in self._also.get(number, ()):
            private &= self._writers[other] | self._readers[other] <= me
        if row[t.MERGE] != private:
            row[t.MERGE] = private
            self.refuted |= not new and not private
