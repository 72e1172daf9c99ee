"""Threads that, between their random calls, say anything of any object, existing or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smplab.kernel.kernel import KernelWorkload
from smplab.kernel.rendezvous import OK
from smplab.kernel.spaces import INVALID
from smplab.kernel.trees import OWN
from smplab.language import Cpu, Word, routine
from tests.kernel.calls import RandomCalls
from tests.kernel.combinations import Combination
from tests.kernel.memory_calls import RandomMemory
from tests.kernel.model import NotAllowed
from tests.kernel.words import Words


@dataclass(eq=False)
class Hinting(KernelWorkload):
    """Random system calls on protection; each must refuse what does not exist, and only that."""

    @routine
    def any_of(self, cpu: Cpu, count: Word, name: str) -> Word:
        """One of `count`, or one before or behind them."""
        return cpu.random(count + 2, name) - 1

    @routine
    def between(self, cpu: Cpu) -> None:
        """Say something."""
        kernel = self.kernel
        objects, groups = cpu.count * kernel.objects, cpu.count * kernel.groups
        what = cpu.random(6, "hint")
        number = self.any_of(cpu, objects, "object")
        wrong = number < 0 or number >= objects
        result = OK
        if what < 3:
            want = self.any_of(cpu, 2, "want")
            wrong = wrong or want < 0 or want > 1
            result = kernel.set_concurrency(cpu, number, want)
        elif what == 3:
            first = self.any_of(cpu, cpu.count, "first")
            count = self.any_of(cpu, cpu.count, "count")
            wrong = wrong or first < 0 or count < 1 or first + count > cpu.count
            result = kernel.set_processors(cpu, number, first, count)
        elif what == 4:
            group = self.any_of(cpu, groups, "group")
            wrong = wrong or group < 0 or group >= groups
            result = kernel.set_group(cpu, number, group)
        else:
            group = self.any_of(cpu, groups, "group")
            want = self.any_of(cpu, 2, "want")
            wrong = group < 0 or group >= groups or want < 0 or want > 1
            result = kernel.set_grain(cpu, group, want)
        expected = OK
        if wrong and kernel.multiprocessor:
            expected = INVALID
        cpu.check(result == expected, "a call on protection has a wrong result")


@dataclass(eq=False)
class HintedCalls(Hinting, RandomCalls):
    """Random IPC."""


@dataclass(eq=False)
class HintedMemory(Hinting, RandomMemory):
    """Random calls on memory, with some that span regions."""

    @routine
    def between(self, cpu: Cpu) -> None:
        """Say something, or revoke from regions, but not the right to write: owners watch that."""
        kernel = self.kernel
        if cpu.random(4, "spans") > 0:
            super().between(cpu)
        else:
            page = cpu.random(cpu.count, "first") << kernel.radix_bits
            count = 1 + cpu.random(cpu.count, "regions")
            changed = kernel.unmap_regions(cpu, page, count, cpu.random(2, "own") * OWN)
            cpu.check(changed >= 0, "regions that exist are refused")


def dynamic(**chosen: Any) -> Combination:
    """A kernel whose locks change."""
    return {
        "kernel": "multiprocessor", "synchronization": "dynamic", "granularity": "object",
        "lock": "ttas", "fine_lock": "ttas", "grace": "epochs", "tlb": "batched",
        "tracking": "bitmap", "accounting": "none", "tags": False, "cpus": 2, "starts": "disabled",
        **chosen,
    }  # fmt: skip


CHOSEN: Sequence[Combination] = [
    dynamic(cpus=1),
    dynamic(),
    dynamic(grace="token_ring", starts="enabled", lock="mcs"),
    dynamic(cpus=3, granularity="dynamic", starts="enabled"),
    dynamic(cpus=3, granularity="dynamic", grace="token_ring", tlb="shootdown"),
    dynamic(cpus=4, grace="token_ring", tracking="broadcast", tlb="hardware"),
    dynamic(cpus=4, synchronization="locked", granularity="dynamic", fine_lock="tas", tags=True),
    dynamic(cpus=5, granularity="dynamic", tracking="broadcast", lock="mcs", fine_lock="ttas"),
    dynamic(cpus=8, tags=True),
    dynamic(cpus=8, granularity="dynamic", grace="token_ring", starts="enabled", lock="mcs"),
]
"""Few of all combinations: what can be below `dynamic` is not multiplied by all there is beside.

Fine locks need no queue nodes: an operation on a group may hold as many as there are objects."""


def check_settled(words: Words) -> None:
    """Check that nobody still polls: every change that was asked for is complete.

    Raises:
        NotAllowed: a CPU at rest has changes open.
    """
    kernel = words.kernel
    for c in range(words.program.cpus if kernel.polls else 0):
        left = words.at(kernel.clocks, c, "open")
        if left:
            raise NotAllowed(f"CPU {c} at rest: {left} changes are not complete")
