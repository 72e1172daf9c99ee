"""The contract of policies: user level's manager of how the kernel protects its objects.

Workloads know what they are about to do and *declare* it; a policy turns that into system calls
(protection.py), or lets it be. So a workload is written once, and each policy that ships is a
competitor of the others on it. A policy may also have threads of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from smplab.kernel.objects import BURIED
from smplab.language.component import Component
from smplab.language.cpu import Cpu
from smplab.language.errors import LanguageError
from smplab.language.routines import routine
from smplab.language.struct import Word

if TYPE_CHECKING:
    from smplab.kernel.kernel import Kernel


@dataclass(eq=False)
class Policy(Component):
    """Who sets the three parameters of objects; as it stands, nobody does.

    What workloads declare may be wrong: the kernel owes that this costs speed and nothing else.
    Declarations are made by threads, at user level, never in the kernel.
    """

    threads: ClassVar[int] = 0
    """Threads that it has on each CPU; their numbers are the last ones of the CPU."""
    acts: ClassVar[bool] = True
    """Whether it makes system calls on protection. A kernel for one CPU has nothing to protect, and
    takes no policy that does.
    """

    kernel: Kernel = field(init=False, repr=False)

    def connect(self) -> None:
        """Refuse a kernel in which the policy's threads would leave none to the workload.

        Raises:
            LanguageError: `kernel.threads` is too small.
        """
        if self.threads >= self.kernel.threads:
            raise LanguageError(
                f"kernel.threads={self.kernel.threads}: the policy has {self.threads} of the"
                " threads of each CPU, and the workload has none left: raise kernel.threads"
            )

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's threads of the policy, by `kernel.create`, from `first_thread` on.

        Called on each CPU in the kernel's `start`, before the CPU runs its first thread.
        """

    @routine
    def start(self, cpu: Cpu) -> None:
        """As `run`, called by the kernel; the numbers of the policy's threads must be free."""
        for i in range(self.threads):
            cpu.check(
                self.kernel.tcbs[self.first_thread(cpu) + i].place == BURIED,
                "the workload has created a thread with a number that is the policy's, whose are"
                " the last numbers of each CPU: raise kernel.threads",
            )
        self.run(cpu)

    @routine
    def first_thread(self, cpu: Cpu) -> Word:
        """The number of the first of the policy's threads on this CPU."""
        return (cpu.id + 1) * self.kernel.threads - self.threads

    # --- what workloads declare; `number` is an object's ------------------------------------------

    @routine
    def share(self, cpu: Cpu, number: Word, remote_percent: Word, cpus: Word = 1) -> None:
        """So many percent of the operations on an object come from other CPUs than its home.

        `cpus` is how many CPUs operate on it at once: one where many do, but seldom together.
        """

    @routine
    def involve(self, cpu: Cpu, number: Word, first: Word, count: Word) -> None:
        """The CPUs that operate on an object are its home and `count` CPUs from `first` on."""

    @routine
    def group(self, cpu: Cpu, number: Word, group: Word) -> None:
        """An object belongs to a group: what is done to one is often done to all."""

    @routine
    def spread(self, cpu: Cpu, group: Word, concurrency: Word) -> None:
        """So many CPUs operate on the objects of a group at once."""
