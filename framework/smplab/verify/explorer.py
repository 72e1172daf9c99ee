"""Drives the compiled search: answers its questions, grows its arrays, watches its bounds."""

from __future__ import annotations

import time
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from smplab.verify import search as s
from smplab.verify import tables as t
from smplab.verify import transitions as step
from smplab.verify.automaton import Automaton
from smplab.verify.options import MemoryModel, Options
from smplab.verify.packing import Packing, States, repack

T = TypeVar("T", bound=np.generic)
FIRST_CAPACITY: Final = 2**14
BUDGET: Final = 200_000
"""States of a slice: a fraction of a second, so that clocks are read and Ctrl-C works."""
GROWTH: Final = 1.6
UNBOUNDED: Final = np.uint64(2**62 - 1)


class Explorer:
    """One search.

    Attributes:
        reason: why it ended, a constant of `smplab.verify.transitions`, or -1 if a bound struck.
        bounds: the bounds that struck, in words.
        restarts: how often it started again because an access was visible after all.
        meta, parents, keys: as `search.explore` describes them.
        edge_start, edge_target, edge_label: the graph, if progress was asked for.
    """

    def __init__(self, automaton: Automaton, options: Options, recording: bool) -> None:
        self.automaton, self.options, self.recording = automaton, options, recording
        self.depth = options.depth_of_buffer
        self.sorted_by_word = options.memory_model is MemoryModel.PSO
        self.exact = not options.fingerprints
        self.reason = -1
        self.bounds: list[str] = []
        self.restarts = 0
        cpus = automaton.cpus
        self.fanout = cpus * (max(options.random_values, 2) + self.depth + automaton.arrivals)
        self.packing = Packing([7] * cpus + [2] * (cpus * self.depth))
        self.peak_bytes = 0
        self._allocate(FIRST_CAPACITY)
        self._fit()

    # ------------------------------------------------------------------ running

    def run(self) -> None:
        """Search until done, a violation, or a bound."""
        deadline = time.monotonic() + self.options.max_wall_s
        rows = self.automaton.local.rows
        if any(rows[cpu, t.KIND] == t.FAULT for cpu in range(self.automaton.cpus)):
            self.reason = step.FAULTED
            return
        while True:
            reason = self._slice()
            a, b = int(self.meta[s.A]), int(self.meta[s.B])
            if reason == step.MISS:
                self.automaton.resolve(a, b)
                self._fit()
            elif reason == step.STALE:
                self.automaton.resolve_stale(a)
                self._fit()
            elif reason == step.WIDEN:
                self._widen(a, b)
            elif reason == step.GROW:
                if not self._grow():
                    break
            elif reason == step.DEEP:
                self.bounds.append(f"max_depth = {self.options.max_depth} steps")
                break
            elif reason == step.DEADLOCK and self._at_rest(a):
                continue
            elif reason != step.SLICE:
                self.reason = reason
                break
            if self.automaton.sharing.refuted:
                self._restart()
            if reason == step.MISS and self.automaton.bytes > self.options.max_memory_bytes // 2:
                self.bounds.append("half of max_memory_bytes, by local states: endless values?")
                break
            if time.monotonic() > deadline:
                self.bounds.append(f"max_wall_s = {self.options.max_wall_s:g} seconds")
                break

    def _slice(self) -> int:
        m = self.automaton
        explore = s.explore_system if m.program.image.is_system else s.explore
        return int(explore(
            self.meta, BUDGET, self.options.max_depth, self.fanout, m.cpus, self.depth,
            m.arrivals, self.options.reduction, self.sorted_by_word, m.symmetric, self.exact,
            self.recording, self.packing.at, m.local.rows, m.transition.rows, m.words.table.rows,
            m.words.stores.rows, m.irq.rows, self.keys, self.queue, self.wrap, self.parents,
            self.index, self.edge_start, self.edge_target, self.edge_label,
        ))  # fmt: skip

    def _at_rest(self, state: int) -> bool:
        """Whether a state in which nothing can happen is one in which nothing has to."""
        row = self.queue[np.uint64(state) & self.wrap]
        return self.automaton.at_rest(self.packing.unpack(row), self.depth)

    @property
    def count(self) -> int:
        """Number of states found."""
        return int(self.meta[s.COUNT])

    @property
    def used_bytes(self) -> int:
        """Memory that states, index and graph need."""
        row = self.keys.shape[1] * 8 + 4
        used = self.count * row + self.index.nbytes
        if not self.exact:
            used += self.queue.nbytes
        if self.recording:
            used += int(self.meta[s.EDGES]) * 5 + self.count * 8
        return int(used)

    # ------------------------------------------------------------------ arrays

    def _allocate(self, capacity: int) -> None:
        self.meta = np.zeros(s.META_WORDS, np.int64)
        self.meta[s.COUNT] = self.meta[s.LEVEL_END] = 1
        words = self.packing.words
        self.parents: npt.NDArray[np.uint32] = np.zeros(capacity, np.uint32)
        self.keys: States = np.zeros((capacity, words if self.exact else 1), np.uint64)
        self.wrap = UNBOUNDED if self.exact else np.uint64(FIRST_CAPACITY - 1)
        self.queue = self.keys if self.exact else np.zeros((FIRST_CAPACITY, words), np.uint64)
        if not self.exact:
            self.keys[0, 0] = s.fingerprint(self.queue[0])
        self.index: npt.NDArray[np.uint32] = np.zeros(2 * FIRST_CAPACITY, np.uint32)
        edges = FIRST_CAPACITY if self.recording else 1
        starts = capacity + 1 if self.recording else 1
        self.edge_start: npt.NDArray[np.int64] = np.zeros(starts, np.int64)
        self.edge_target: npt.NDArray[np.uint32] = np.zeros(edges, np.uint32)
        self.edge_label: npt.NDArray[np.uint8] = np.zeros(edges, np.uint8)
        self._reindex(len(self.index))

    def _restart(self) -> None:
        self.automaton.sharing.refuted = False
        self.restarts += 1
        self._allocate(FIRST_CAPACITY)

    def _reindex(self, size: int) -> None:
        self.index = np.zeros(0, np.uint32)  # the old one goes before the new one comes
        self.index = np.zeros(size, np.uint32)
        s.rebuild(self.index, self.keys, self.exact, self.count)
        self.peak_bytes = max(self.peak_bytes, self.used_bytes)

    def _grow(self) -> bool:
        """Make room for more states; False if a bound forbids it."""
        if self.count >= self.options.max_states:
            self.bounds.append(f"max_states = {self.options.max_states}")
            return False
        need = self.count + self.fanout
        while need * 3 > len(self.index) * 2:
            if not self._affordable(len(self.index) * 4):
                return False
            self._reindex(2 * len(self.index))
        if need > len(self.parents):
            capacity = min(int(need * GROWTH), self.options.max_states + self.fanout)
            extra = (self.keys.shape[1] * 8 + 4 + 8 * self.recording) * capacity
            if not self._affordable(extra):
                return False
            self.parents = _resized(self.parents, capacity)
            self.keys = _resized(self.keys, capacity)
            if self.exact:
                self.queue = self.keys
            if self.recording:
                self.edge_start = _resized(self.edge_start, capacity + 1)
        if not self.exact and need - int(self.meta[s.CURSOR]) > int(self.wrap):
            if not self._affordable(2 * self.queue.nbytes):
                return False
            self._requeue(2 * len(self.queue), self.packing)
        if self.recording and int(self.meta[s.EDGES]) + self.fanout > len(self.edge_target):
            size = int((int(self.meta[s.EDGES]) + self.fanout) * GROWTH)
            if not self._affordable(5 * size):
                return False
            self.edge_target = _resized(self.edge_target, size)
            self.edge_label = _resized(self.edge_label, size)
        return True

    def _affordable(self, extra: int) -> bool:
        """Whether so many more bytes may be in use at once."""
        arrays: list[npt.NDArray[Any]] = [self.keys, self.parents, self.index]
        arrays += [self.edge_start, self.edge_target, self.edge_label]
        arrays += [] if self.exact else [self.queue]
        used = self.automaton.bytes + sum(a.nbytes for a in arrays)
        if used + extra <= self.options.max_memory_bytes:
            return True
        self.bounds.append(f"max_memory_bytes = {self.options.max_memory_bytes}")
        return False

    # ------------------------------------------------------------------ packing

    def _fit(self) -> None:
        """Give new words of memory a place in the states, and buffers room for new stores."""
        cpus, words = self.automaton.cpus, self.automaton.words
        first = cpus * (1 + self.depth)
        widths = list(self.packing.widths)
        widths += [len(v).bit_length() for v in words.values[len(widths) - first :]]
        if words.stores.used.bit_length() > max(widths[cpus:first], default=64):
            widths[cpus:first] = [words.stores.used.bit_length() + 1] * (first - cpus)
        if widths != self.packing.widths:
            self._repack(widths)

    def _widen(self, field: int, value: int) -> None:
        widths = list(self.packing.widths)
        width = value.bit_length() + (widths[field] > 1)
        if self.automaton.symmetric and field < self.automaton.cpus:  # they exchange their fields
            widths[: self.automaton.cpus] = [width] * self.automaton.cpus
        widths[field] = width
        self._repack(widths)

    def _repack(self, widths: list[int]) -> None:
        """Change to other widths; with fingerprints the search starts again if fields move."""
        old, new = self.packing, Packing(widths)
        moved = len(old.at) > 0 and not np.array_equal(old.at[:, :2], new.at[: len(old.at), :2])
        self.packing = new
        if not self.exact:
            if moved or new.words != old.words:
                self._allocate(FIRST_CAPACITY)
        elif moved or new.words != old.words:
            states = np.zeros((len(self.keys), new.words), np.uint64)
            repack(self.keys, old.at, states, new.at, 0, self.count, UNBOUNDED)
            self.keys = self.queue = states
            self._reindex(len(self.index))

    def _requeue(self, size: int, packing: Packing) -> None:
        """Move the states not yet expanded to a larger ring."""
        ring = np.zeros((size, packing.words), np.uint64)
        waiting = np.arange(int(self.meta[s.CURSOR]), self.count)
        ring[waiting & (size - 1)] = self.queue[waiting & int(self.wrap)]
        self.queue, self.wrap = ring, np.uint64(size - 1)


def _resized(array: npt.NDArray[T], rows: int) -> npt.NDArray[T]:
    """Return a copy with more rows; the new ones are not touched until they are used."""
    larger = np.empty((rows, *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger
