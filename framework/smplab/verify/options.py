"""What a check is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from smplab.verify.errors import VerifyError


class MemoryModel(Enum):
    """When a store becomes visible to other CPUs."""

    SC = "sc"  # at once
    TSO = "tso"  # when it leaves the CPU's store buffer, a queue, which it may do at any moment
    PSO = "pso"  # as TSO, but stores to different words may leave in any order


class Progress(Enum):
    """Who must be able to complete an operation, and must complete one under weak fairness."""

    NONE = "none"  # nothing is asked
    SOME = "some"  # some CPU always completes: enough for a lock that is not starvation-free
    EVERY = "every"  # each CPU that began an operation completes it


@dataclass(frozen=True)
class Options:
    """What is explored, and where it ends.

    Attributes:
        memory_model: visibility of stores. Loads never pass loads in any of them.
        store_buffer: stores that a CPU may have pending under TSO and PSO; deeper buffers allow
            more than shallower ones, so a verdict holds for this depth.
        reduction: merge accesses that no other CPU can observe into the step before them.
        symmetry: identify states that differ by a renaming of CPUs, where the code permits it.
        fingerprints: keep 64 bits of each state instead of the state; see
            `Verdict.omission_probability`.
        progress: what must complete; needs the whole graph in memory and turns symmetry off.
        random_values: a random bound up to this is tried with every value, a greater one only with
            its least and greatest.
        max_states, max_depth, max_memory_bytes, max_wall_s: where the search stops with the verdict
            `bounded`. Depth counts steps; memory is that of states, their index and the automata.
    """

    memory_model: MemoryModel = MemoryModel.SC
    store_buffer: int = 2
    reduction: bool = True
    symmetry: bool = True
    fingerprints: bool = False
    progress: Progress = Progress.NONE
    random_values: int = 8
    max_states: int = 100_000_000
    max_depth: int = 1_000_000
    max_memory_bytes: int = 2 * 2**30
    max_wall_s: float = 600.0

    def __post_init__(self) -> None:
        """Refuse bounds that leave nothing to explore."""
        if not 1 <= self.store_buffer <= 8:
            raise VerifyError(f"store_buffer = {self.store_buffer}: must be 1 to 8 stores")
        if self.max_states >= 2**32 - 1:
            raise VerifyError(f"max_states = {self.max_states}: states are numbered in 32 bits")
        for name in ("random_values", "max_states", "max_depth", "max_memory_bytes", "max_wall_s"):
            if getattr(self, name) <= 0:
                raise VerifyError(f"{name} = {getattr(self, name)}: must be positive")

        if self.fingerprints and self.progress is not Progress.NONE:
            raise VerifyError("progress needs the states themselves: it excludes fingerprints")

    @property
    def depth_of_buffer(self) -> int:
        """Stores that a CPU may have pending, 0 under sequential consistency."""
        return 0 if self.memory_model is MemoryModel.SC else self.store_buffer
