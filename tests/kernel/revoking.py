"""A workload in which all CPUs revoke the same few pages while they use them."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.kernel import KernelWorkload
from smplab.kernel.rendezvous import OK
from smplab.language import Array, Cpu, Memory, Word, parameter, routine
from smplab.language.paging import WRITABLE


@dataclass(eq=False)
class Revoking(KernelWorkload):
    """On each CPU a user in space 1, and a revoker in space 0; they yield to each other.

    In each round CPU 0 maps all pages of its first region to space 1; the users touch them at
    random, and the revokers revoke them at random, each several times. Whoever has revoked a page
    reuses its frame, whether it was the first to revoke it or not: the machine fails the run if
    anybody still has a translation. A reuse between a revocation and the next round harms nobody
    else, since nobody maps then.
    """

    rounds: int = parameter(4, "times that all is mapped anew", minimum=1)
    tries: int = parameter(4, "revocations of each CPU in a round", minimum=1)

    def layout(self, memory: Memory) -> None:
        """How many revokers have come to each barrier."""
        self.arrived: Array[Word] = memory.array(Word, 1)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Make the users' space."""
        cpu.check(self.kernel.make_space(cpu, 1) == OK, "there is no room for a space")

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create both threads."""
        first = cpu.id * self.kernel.threads
        self.kernel.create(cpu, first, self.revoker, cpu.id, 0)
        self.kernel.settle(cpu, first, 0)
        self.kernel.create(cpu, first + 1, self.user, 0, 0)
        self.kernel.settle(cpu, first + 1, 1)
        self.kernel.start(cpu)

    @routine
    def meet(self, cpu: Cpu, barrier: Word) -> None:
        """Wait until all revokers have come to a barrier, counted from 1."""
        cpu.fetch_add(self.arrived[0], 1)
        while self.arrived[0] < barrier * cpu.count:
            cpu.delay(cpu.random(5_000, "pause"))  # an unfair lock of the whole kernel starves some
            self.kernel.yield_cpu(cpu)

    @routine
    def revoker(self, cpu: Cpu, me: Word) -> None:
        """Take part in all rounds."""
        self.kernel.begin_thread(cpu)
        pages = 1 << self.kernel.radix_bits
        for i in range(self.rounds):
            if me == 0:
                for page in range(pages):
                    self.kernel.map(cpu, page, 0, 1, page, WRITABLE)
            self.meet(cpu, 2 * i + 1)
            self.kernel.yield_cpu(cpu)
            for _ in range(self.tries):
                cpu.delay(cpu.random(2_000, "pause"))
                if cpu.random(4, "all") == 0:
                    self.kernel.unmap(cpu, 0, 1, 0)
                    for page in range(pages):
                        cpu.reuse_frame(page)
                else:
                    page = cpu.random(pages, "page")
                    self.kernel.unmap(cpu, page, 0, 0)
                    cpu.reuse_frame(page)
                self.kernel.yield_cpu(cpu)
            self.meet(cpu, 2 * i + 2)
        cpu.begin("operation")
        cpu.end("operation")
        self.kernel.end_thread(cpu)

    @routine
    def user(self, cpu: Cpu, argument: Word) -> None:
        """Touch pages at random, for some time."""
        self.kernel.begin_thread(cpu)
        pages = 1 << self.kernel.radix_bits
        while True:
            for _ in range(cpu.random(8, "stay") * pages):
                self.kernel.access(cpu, cpu.random(pages, "touch"), 0)
            self.kernel.yield_cpu(cpu)
