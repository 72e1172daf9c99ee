"""Policies: their threads, and what workloads declare to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from smplab.kernel.policy import Policy
from smplab.language import Array, Cpu, Memory, Word, routine
from smplab.language.build import build_image
from smplab.language.errors import LanguageError
from smplab.machine.errors import CheckFailed
from smplab.machine.result import Limits
from tests.kernel.systems import KERNELS, address, components, load, run
from tests.kernel.test_ipc import CPUS, Notes, kernel


@dataclass(eq=False)
class Mates(Policy):
    """Two threads on each CPU, each of which says who it is, and ends."""

    threads = 2

    def layout(self, memory: Memory) -> None:
        """A word for each number of a thread."""
        self.seen: Array[Word] = memory.array(Word, 64)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Above the workload."""
        for i in range(self.threads):
            number = self.first_thread(cpu) + i
            self.kernel.create(cpu, number, self.thread, number, 1)

    @routine
    def thread(self, cpu: Cpu, me: Word) -> None:
        """Once for each run."""
        self.kernel.begin_thread(cpu)
        self.seen[me] += 1
        self.kernel.end_thread(cpu)


@dataclass(eq=False)
class Alone(Notes):
    """One note on each CPU, by the first thread there."""

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create it."""
        self.kernel.create(cpu, cpu.id * self.kernel.threads, self.second, cpu.id, 0)
        self.kernel.start(cpu)

    @routine
    def second(self, cpu: Cpu, me: Word) -> None:
        """Write it."""
        self.kernel.begin_thread(cpu)
        self.note(cpu, me)
        self.kernel.end_thread(cpu)


@dataclass(eq=False)
class Crowd(Alone):
    """As many threads as there are numbers."""

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create them."""
        for i in range(self.kernel.threads):
            self.kernel.create(cpu, cpu.id * self.kernel.threads + i, self.second, cpu.id, 0)
        self.kernel.start(cpu)


@pytest.mark.parametrize("how", KERNELS)
def test_a_policy_has_the_last_threads_of_each_cpu(how: str) -> None:
    cpus = CPUS[how]
    parts = components(how, Alone(), kernel=kernel(how, threads=5), policy=Mates())
    program = load(parts, cpus)
    result = run(program, Limits(operations=cpus, max_cycles=10**6))
    at = address(program, "policy.seen")
    assert result.memory[at : at + 5 * cpus].tolist() == [0, 0, 0, 1, 1] * cpus


def test_threads_that_the_workload_has_created_are_not_the_policy_s() -> None:
    parts = components("locked", Crowd(), kernel=kernel("locked", threads=3), policy=Mates())
    with pytest.raises(CheckFailed, match=r"last numbers of each CPU: raise kernel\.threads"):
        run(load(parts, 2), Limits(operations=6, max_cycles=10**6))
    parts = components("locked", Crowd(), kernel=kernel("locked", threads=3))
    assert run(load(parts, 2), Limits(operations=6, max_cycles=10**6)).operations == 6


@pytest.mark.parametrize("threads", [1, 2])
def test_a_policy_leaves_threads_to_the_workload(threads: int) -> None:
    small = kernel("locked", threads=threads)
    with pytest.raises(LanguageError, match=f"threads={threads}: the policy has 2 .* none left"):
        build_image(components("locked", Alone(), kernel=small, policy=Mates()))


@dataclass(eq=False)
class Diary(Policy):
    """Writes down what it is told."""

    def layout(self, memory: Memory) -> None:
        """A list, and its length."""
        self.length = memory.array(Word, 1)
        self.told: Array[Word] = memory.array(Word, 64)

    @routine
    def write(self, cpu: Cpu, a: Word, b: Word, c: Word) -> None:
        """Append three numbers."""
        at = cpu.fetch_add(self.length[0], 3)
        self.told[at] = a
        self.told[at + 1] = b
        self.told[at + 2] = c

    @routine
    def share(self, cpu: Cpu, number: Word, remote_percent: Word, cpus: Word = 1) -> None:
        """Write it down, the number of CPUs in the thousands."""
        self.write(cpu, 1, number, remote_percent + 1000 * cpus)

    @routine
    def involve(self, cpu: Cpu, number: Word, first: Word, count: Word) -> None:
        """Write it down."""
        self.write(cpu, number, first, count)

    @routine
    def group(self, cpu: Cpu, number: Word, group: Word) -> None:
        """Write it down."""
        self.write(cpu, 2, number, group)

    @routine
    def spread(self, cpu: Cpu, group: Word, concurrency: Word) -> None:
        """Write it down."""
        self.write(cpu, 3, group, concurrency)


@dataclass(eq=False)
class Speaker(Alone):
    """Declares one of each."""

    @routine
    def second(self, cpu: Cpu, me: Word) -> None:
        """At user level."""
        self.kernel.begin_thread(cpu)
        self.policy.share(cpu, me, 40)
        self.policy.share(cpu, me, 40, 3)
        self.policy.involve(cpu, 7, 8, 9)
        self.policy.group(cpu, me, 5)
        self.policy.spread(cpu, 6, 2)
        self.note(cpu, me)
        self.kernel.end_thread(cpu)


def test_what_a_workload_declares_reaches_the_policy() -> None:
    program = load(components("uniprocessor", Speaker(), policy=Diary()), 1)
    result = run(program, Limits(operations=1, max_cycles=10**6))
    at = address(program, "policy.told")
    told = result.memory[at : at + 15].tolist()
    assert told == [1, 0, 1040, 1, 0, 3040, 7, 8, 9, 2, 0, 5, 3, 6, 2]


def test_without_a_policy_declarations_compile_to_nothing() -> None:
    speaker, silent = (build_image(components("locked", w)) for w in (Speaker(), Alone()))
    assert np.array_equal(speaker.code, silent.code)
    assert speaker.parameters == silent.parameters
