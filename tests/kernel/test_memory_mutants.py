"""Deliberate faults in the modules and mechanisms of memory management are caught."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from smplab.kernel.freelist import FreeList, Pooled
from smplab.kernel.kernel import Kernel, KernelWorkload
from smplab.kernel.objects import Tcb
from smplab.kernel.rendezvous import OK
from smplab.kernel.trees import Call, MapNode
from smplab.language import NULL, Cpu, Memory, Ref, Word, routine
from smplab.language.component import Component
from smplab.machine.errors import SimulationError
from smplab.machine.result import Limits
from smplab.plugin.host import shared_host
from tests.kernel.memory_calls import LoggingMultiprocessor, RandomMemory
from tests.kernel.memory_model import NotAllowed
from tests.kernel.memory_state import check
from tests.kernel.memory_systems import filled, run, system
from tests.kernel.revoking import Revoking


@dataclass(eq=False)
class LeavesNodeBehind(LoggingMultiprocessor):
    """trees: what is revoked stays in the list."""

    @routine
    def unlink(self, cpu: Cpu, node: Ref[MapNode]) -> None:
        """Forget to."""


@dataclass(eq=False)
class ForgetsBackwards(LoggingMultiprocessor):
    """trees: who follows what is revoked still names it as its predecessor."""

    @routine
    def unlink(self, cpu: Cpu, node: Ref[MapNode]) -> None:
        """Link in one direction."""
        before = node.previous
        before.next = node.next
        node.tree = NULL


@dataclass(eq=False)
class TellsNoTlb(LoggingMultiprocessor):
    """trees: nobody hears of cleared entries."""

    @routine
    def tell_tlb(self, cpu: Cpu, call: Ref[Call], node: Ref[MapNode]) -> None:
        """Forget to."""


@dataclass(eq=False)
class LooksOnce(LoggingMultiprocessor):
    """trees: whether the caller still has the page is not looked at within the operation."""

    @routine
    def change(self, cpu: Cpu, request: Word, call: Ref[Call]) -> Word:
        """Believe that whatever is there now is in the tree that was found."""
        node: Ref[MapNode] = self.shadow[call.entry]
        if node != NULL:
            node.tree = call.tree
        return super().change(cpu, request, call)


@dataclass(eq=False)
class NoLockOnTrees(LoggingMultiprocessor):
    """mapping: an operation is performed by whoever wants it, on any CPU, without protection."""

    @routine(call=True)
    def invoke(self, cpu: Cpu, me: Ref[Tcb], request: Word) -> Word:
        """Where synchronization is by messages, nothing else protects."""
        return self.operate(cpu, request, self.calls[me.number])


@dataclass(eq=False)
class KeepsShadow(LoggingMultiprocessor):
    """mapping: the shadow words of what was revoked are never cleared."""

    @routine
    def release(self, cpu: Cpu, call: Ref[Call]) -> None:
        """Give the nodes back only."""
        node = call.revoked
        while node != NULL:
            after: Ref[MapNode] = node.next
            self.free_nodes.give(cpu, node)
            node = after


@dataclass(eq=False)
class LosesNodes(LoggingMultiprocessor):
    """mapping: nodes of what was revoked are not given back."""

    @routine
    def release(self, cpu: Cpu, call: Ref[Call]) -> None:
        """Clear the shadow words only."""
        node = call.revoked
        while node != NULL:
            after: Ref[MapNode] = node.next
            self.shadow[node.entry] = NULL
            node = after


@dataclass(eq=False)
class WaitsInside(LoggingMultiprocessor):
    """mapping: a CPU asks another tree's home, and waits, within an operation of its own."""

    @routine(call=True)
    def invoke(self, cpu: Cpu, me: Ref[Tcb], request: Word) -> Word:
        """Hold the caller while waiting."""
        node = self.enter(cpu, me)
        result = super().invoke(cpu, me, request)
        self.leave(cpu, me, node)
        return result


@dataclass(eq=False)
class DeletesInUse(LoggingMultiprocessor):
    """mapping: a space is deleted while threads are in it."""

    @routine
    def enter_space(self, cpu: Cpu, number: Word) -> bool:
        """Count nobody."""
        return number >= 0 and number < cpu.count * self.spaces and self.space[number].users != 0

    @routine
    def leave_space(self, cpu: Cpu, number: Word) -> None:
        """Count nobody."""


@dataclass(eq=False)
class LosesTables(LoggingMultiprocessor):
    """spaces: a table that was made is not entered into the list of its space's tables."""

    @routine
    def extend(self, cpu: Cpu, number: Word, entry: Word, level: Word) -> Word:
        """Take it out of the list again."""
        result = super().extend(cpu, number, entry, level)
        if result == OK:
            first = self.space[number].tables
            self.space[number].tables = first.next
        return result


class Greedy(FreeList):
    """freelist: who gives back keeps what is another CPU's."""

    @routine
    def give(self, cpu: Cpu, given: Ref[Pooled]) -> None:
        """Put it into the own list."""
        given.next = self.lists[cpu.id].first
        self.lists[cpu.id].first = given


@dataclass(eq=False)
class KeepsForeignNodes(LoggingMultiprocessor):
    """freelist, in use."""

    def layout(self, memory: Memory) -> None:
        """Free nodes are in a greedy list."""
        super().layout(memory)
        self.free_nodes.__class__ = Greedy


MODULES = [
    LeavesNodeBehind, ForgetsBackwards, TellsNoTlb, KeepsShadow, LosesNodes, DeletesInUse,
    LosesTables, KeepsForeignNodes,
]  # fmt: skip


@dataclass(eq=False)
class Crowded(RandomMemory):
    """All is about page 0 of each space, at once: found mapped, gone when the operation begins."""

    pages: int = 1
    pause_cycles: int = 0


def said_of(
    kernel: Kernel,
    how: str = "locked",
    cpus: int = 4,
    workload: KernelWorkload | None = None,
    seeds: int = 400,
) -> str:
    """What random memory calls say of a faulty kernel; "" if they find nothing."""
    one = filled(synchronization=how, cpus=cpus, tags=True)
    program, _ = system(one, workload or RandomMemory(), kernel)
    assert isinstance(kernel, LoggingMultiprocessor)
    for seed in range(seeds):
        try:
            result = run(one, program, seed, ipi_cycles=4000)
            check(program, kernel, result)
        except (NotAllowed, SimulationError) as fault:
            return f"{seed}: {fault}"
        if result.operations < cpus * 40:
            return f"{seed}: a thread is lost"
    return ""


@pytest.mark.parametrize("mutant", MODULES)
def test_a_fault_in_a_module_is_caught(mutant: type[LoggingMultiprocessor]) -> None:
    assert said_of(mutant())


@pytest.mark.parametrize(("mutant", "how"), [(LooksOnce, "locked"), (NoLockOnTrees, "messages")])
def test_a_fault_between_cpus_is_caught(mutant: type[LoggingMultiprocessor], how: str) -> None:
    assert said_of(mutant(), how, 8, Crowded())


@pytest.mark.parametrize("how", ["locked", "messages"])
def test_a_crowd_finds_no_fault_where_there_is_none(how: str) -> None:
    assert not said_of(LoggingMultiprocessor(), how, 8, Crowded(), seeds=50)


def test_a_wait_within_an_operation_is_named() -> None:
    assert "a CPU blocks or serves while it holds a thread" in said_of(WaitsInside(), "messages")


def mutants(slot: str) -> list[tuple[str, str]]:
    """The faults of all fillings of a slot that a machine without store buffers can show."""
    found = []
    for name in shared_host().registry.names(f"mechanism/{slot}"):
        component: type[Component] = shared_host().find(f"mechanism/{slot}", name).component
        for mutant, info in component.mutants.items():
            if not info.not_shown and info.memory_model == "sc":
                found.append((name, mutant))
    return found


def stale(slot: str, name: str, mutant: str, seeds: int) -> bool:
    """Whether somebody meets a stale translation: of many pages, or of a few that all fight for."""
    one = filled(**{slot: name}, tags=True)
    capacities = {"map_nodes": 20, "flush_entries": 32, "tables": 20}
    programs = [
        system(one, Revoking(rounds=12), None, (slot, mutant), radix_bits=bits, **capacities)[0]
        for bits in (4, 2)
    ]
    for seed in range(seeds):
        for program in programs:
            try:
                run(one, program, seed, Limits(run_cycles=3_000_000), ipi_cycles=4000)
            except SimulationError as fault:
                return "stale translation" in str(fault)
    return False


@pytest.mark.parametrize(("name", "mutant"), mutants("tlb"))
def test_a_fault_of_a_filling_of_tlb_is_caught(name: str, mutant: str) -> None:
    assert stale("tlb", name, mutant, seeds=100)


def test_without_a_fault_there_is_nothing_to_catch() -> None:
    assert not stale("tlb", "batched", "", seeds=20)
