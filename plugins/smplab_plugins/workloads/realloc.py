"""Workload `realloc`: frames are taken from one space and given to another, on all CPUs at once."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import OK, WRITABLE, Cpu, KernelWorkload, Word, parameter, routine


@dataclass(eq=False)
class Realloc(KernelWorkload):
    """On each CPU an allocator, in space 0, with `frames` frames; and a user in one of two spaces.

    An operation revokes a frame from the space that has it and maps it into the other one. Users
    touch what their space may have, so that TLBs hold it. The machine knows that the frame has a
    new owner: whoever still has the old translation fails the run.
    """

    frames: int = parameter(4, "frames of each CPU that change hands", minimum=1)
    touches: int = parameter(4, "pages that a user touches between two yields", minimum=1)
    think_cycles: int = parameter(
        1000, "mean time between two operations", unit="cycles", minimum=0
    )

    def connect(self) -> None:
        """Two spaces, besides space 0."""
        self.kernel.need_spaces(3)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Make the two spaces."""
        cpu.check(
            self.frames <= 1 << self.kernel.radix_bits, "workload.frames is more than a region"
        )
        self.kernel.make_space(cpu, 1)
        self.kernel.make_space(cpu, 2)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's allocator and user, and start it."""
        first = cpu.id * self.kernel.threads
        self.kernel.create(cpu, first, self.allocator, cpu.id, 0)
        self.kernel.create(cpu, first + 1, self.user, 0, 0)
        self.kernel.settle(cpu, first + 1, 1 + cpu.id % 2)
        self.kernel.start(cpu)

    @routine
    def first_frame(self, cpu: Cpu, home: Word) -> Word:
        """The first frame of a CPU; both spaces map frames at pages of the same numbers."""
        return home * self.kernel.regions << self.kernel.radix_bits

    @routine
    def allocator(self, cpu: Cpu, me: Word) -> None:
        """Move one frame after the other, round and round."""
        self.kernel.begin_thread(cpu)
        first = self.first_frame(cpu, me)
        space = 1
        while True:
            for i in range(self.frames):
                cpu.begin("operation")
                self.kernel.unmap(cpu, first + i, 0, 0)
                cpu.reuse_frame(first + i)
                result = self.kernel.map(cpu, first + i, 0, space, first + i, WRITABLE)
                cpu.end("operation")
                cpu.check(result == OK, "realloc: a page cannot be mapped: raise kernel.tables")
                cpu.delay(cpu.exponential(self.think_cycles, "think"))
                self.kernel.yield_cpu(cpu)
            space = 3 - space

    @routine
    def user(self, cpu: Cpu, argument: Word) -> None:
        """Touch pages of all CPUs."""
        self.kernel.begin_thread(cpu)
        while True:
            for _ in range(self.touches):
                page = self.first_frame(cpu, cpu.random(cpu.count, "home"))
                self.kernel.access(cpu, page + cpu.random(self.frames, "frame"), 0)
            self.kernel.yield_cpu(cpu)
