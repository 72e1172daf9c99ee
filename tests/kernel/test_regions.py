"""Revocations from many regions: the same mappings go, whatever protects their trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from smplab.kernel.kernel import KernelWorkload
from smplab.kernel.spaces import INVALID
from smplab.kernel.trees import OWN, RESTRICT
from smplab.language import Array, Cpu, Memory, Word, routine
from smplab.language.paging import WRITABLE
from smplab.machine.result import Limits
from smplab_plugins.granularity.dynamic import DynamicLocks
from smplab_plugins.synchronization.dynamic import Dynamic
from tests.kernel.combinations import Combination
from tests.kernel.hinting import dynamic
from tests.kernel.memory_systems import ONE, run, system
from tests.kernel.systems import address, load

REGIONS = 2
"""Of each CPU."""


@dataclass(eq=False)
class Lending(KernelWorkload):
    """A thread in space 0 lends a page of each region to space 1 and takes them back."""

    def layout(self, memory: Memory) -> None:
        """What came of each step."""
        self.log: Array[Word] = memory.array(Word, 64)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Make the other space."""
        self.kernel.make_space(cpu, 1)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create the thread."""
        if cpu.id == 0:
            self.kernel.create(cpu, 0, self.thread, 0, 0)
        self.kernel.start(cpu)

    @routine
    def lend(self, cpu: Cpu) -> Word:
        """Map a page of each region; how many regions there are."""
        regions = cpu.count * REGIONS
        for r in range(regions):
            self.kernel.map(cpu, (r << self.kernel.radix_bits) + 1, 0, 1, r, WRITABLE)
        return regions

    @routine
    def take_back(self, cpu: Cpu, regions: Word) -> None:
        """Reuse the frames: nobody may still have a translation."""
        for r in range(regions):
            cpu.reuse_frame((r << self.kernel.radix_bits) + 1)

    @routine
    def thread(self, cpu: Cpu, me: Word) -> None:
        """Take the steps."""
        kernel, log = self.kernel, self.log
        kernel.begin_thread(cpu)
        self.prepare(cpu)
        regions = self.lend(cpu)
        region = 1 << kernel.radix_bits
        log[0] = kernel.unmap_regions(cpu, 0, regions, RESTRICT)
        log[1] = kernel.unmap_regions(cpu, 0, regions, RESTRICT)
        log[2] = kernel.unmap_regions(cpu, region, regions - 1, 0)
        log[3] = kernel.unmap_regions(cpu, 0, regions, 0)
        self.take_back(cpu, regions)
        self.lend(cpu)
        log[4] = kernel.unmap_regions(cpu, 0, regions, OWN)  # not its own to give up
        log[5] = kernel.unmap_regions(cpu, 1, 1, 0)
        log[6] = kernel.unmap_regions(cpu, 0, 0, 0)
        log[7] = kernel.unmap_regions(cpu, -region, 1, 0)
        last = (1 << kernel.radix_bits * (kernel.page_levels - 1)) - 1
        log[8] = kernel.unmap_regions(cpu, last * region, 1, 0)  # nothing is mapped there
        log[9] = kernel.unmap_regions(cpu, last * region, 2, 0)
        log[10] = kernel.unmap_regions(cpu, 0, last + 1, 0)
        self.take_back(cpu, regions)
        log[63] = 1
        cpu.begin("operation")
        cpu.end("operation")
        kernel.end_thread(cpu)

    @routine
    def prepare(self, cpu: Cpu) -> None:
        """What comes before."""


def results(cpus: int) -> list[int]:
    """What the steps return."""
    n = cpus * REGIONS
    return [n, 0, n - 1, 1, 0, INVALID, INVALID, INVALID, 0, INVALID, n]


@pytest.mark.parametrize(
    "one",
    [
        ONE,
        dynamic(synchronization="locked"),
        dynamic(synchronization="locked", granularity="global", tlb="shootdown"),
        dynamic(synchronization="messages", tags=True),
        dynamic(synchronization="locked", granularity="dynamic", cpus=3),
        dynamic(),
        dynamic(granularity="dynamic", tlb="hardware"),
        dynamic(granularity="dynamic", starts="enabled", cpus=3),
    ],
    ids=lambda one: "-".join(str(one.get(k)) for k in ("synchronization", "granularity", "starts")),
)
def test_the_same_mappings_go(one: Combination) -> None:
    program, _ = system(one, Lending(), None, ("", ""), regions=REGIONS, map_nodes=20)
    memory = run(one, program, 1, Limits(run_cycles=2_000_000)).memory
    at = address(program, "workload.log")
    expected = results(one["cpus"])
    assert memory[at : at + len(expected)].tolist() == expected
    assert memory[at + 63] == 1
    if one.get("tlb") == "batched":
        left = address(program, "tlb.records")
        assert not memory[left : left + one["cpus"] * REGIONS].any(), "a record stays for ever"


@dataclass(eq=False)
class Spying(DynamicLocks):
    """Counts operations on whole groups."""

    def layout(self, memory: Memory) -> None:
        """Also, the counter."""
        super().layout(memory)
        self.counted: Array[Word] = memory.array(Word, 1)

    @routine(call=True)
    def enter_all(self, cpu: Cpu, group: Word) -> Any:
        """Count."""
        self.counted[0] += 1
        return super().enter_all(cpu, group)


@dataclass(eq=False)
class LendingGroup(Lending):
    """All trees join group 1 first."""

    @routine
    def prepare(self, cpu: Cpu) -> None:
        """Wait until they have."""
        kernel = self.kernel
        for r in range(cpu.count * REGIONS):
            kernel.set_group(cpu, kernel.tree_object(cpu, r), 1)
        for r in range(cpu.count * REGIONS):
            while not kernel.is_settled(cpu, kernel.tree_object(cpu, r)):
                cpu.delay(500)


@pytest.mark.parametrize(("workload", "one_group"), [(Lending(), False), (LendingGroup(), True)])
def test_one_operation_spans_a_group(workload: Lending, one_group: bool) -> None:
    cpus = 3
    one = dynamic(granularity="dynamic", starts="enabled", cpus=cpus)
    _, parts = system(one, workload, None, ("", ""), regions=REGIONS, map_nodes=20)
    spy = Spying()
    synchronization = parts["synchronization"]
    assert isinstance(synchronization, Dynamic)
    for slot in spy.slots():
        setattr(spy, slot, parts[slot])
    synchronization.granularity = spy
    program = load({**parts, "granularity": spy}, cpus, kernel_tick_cycles=0)
    memory = run(one, program, 1, Limits(operations=1, max_cycles=10**7)).memory
    at = address(program, "workload.log")
    assert memory[at : at + 11].tolist() == results(cpus)
    # Six calls that find something, each over what follows in one group.
    spanned = 6 * (1 if one_group else cpus)
    assert memory[address(program, "granularity.counted")] == spanned
