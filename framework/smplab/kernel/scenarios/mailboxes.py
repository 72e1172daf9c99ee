"""Full mailboxes: CPUs that post to each other at once, and none has room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from smplab.kernel.mailbox import WITHDRAW
from smplab.kernel.objects import CLAIMED
from smplab.kernel.rendezvous import OK
from smplab.kernel.scenario import KernelScenario
from smplab.kernel.synchronization import ALONE, SHARED
from smplab.kernel.threads import CLAIM
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import Array, Word


@dataclass(eq=False)
class MailboxFull(KernelScenario):
    """Mailboxes hold one request; each CPU posts two to the next, and serves nothing in between.

    The first is a withdrawal from a wait that is over, which changes nothing. The second is the
    claim to a thread that is dead; done twice, it would be refused the second time. So each CPU may
    wait for the other's room, and what is answered may find none either. Nothing is lost, nothing
    comes twice, nobody is stuck.
    """

    capacities: ClassVar[Mapping[str, int]] = {**KernelScenario.capacities, "threads": 2}

    def progress(self) -> str:
        """Every system call completes."""
        return "every"

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's thread."""
        self.kernel.create(cpu, cpu.id * 2, self.claimer, 0, 0)
        self.kernel.start(cpu)

    @routine
    def claimer(self, cpu: Cpu, argument: Word) -> None:
        """Post."""
        kernel = self.kernel
        kernel.begin_thread(cpu)
        cpu.begin("operation")
        following = (cpu.id + 1) % cpu.count
        number = following * 2 + 1
        dead = kernel.tcbs[number]
        kernel.enter_kernel(cpu)
        kernel.try_post(cpu, following, WITHDRAW, dead, dead)
        result = kernel.ask(cpu, CLAIM, number, cpu.id)
        cpu.check(result == OK, "a request is done twice")
        cpu.check(kernel.tcbs[number].place == CLAIMED, "a request is answered and not done")
        kernel.exit_kernel(cpu)
        cpu.end("operation")
        self.rest(cpu)


@dataclass(eq=False)
class ChangeDuringPost(KernelScenario):
    """CPU 1 waits for room in the mailbox of CPU 0, which has an object protected in another way.

    A mailbox holds one request; CPU 1 posts two, of waits that are over, so that nobody answers.
    Then both stay at user level until the change is complete, and nothing else interrupts CPU 1.
    """

    capacities: ClassVar[Mapping[str, int]] = {**KernelScenario.capacities, "threads": 2}

    def layout(self, memory: Memory) -> None:
        """Whether the change of protection is complete."""
        super().layout(memory)
        self.complete: Array[Word] = memory.array(Word, 1)

    def progress(self) -> str:
        """Every system call completes, and so does the change."""
        return "every"

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's thread."""
        if cpu.id == 0:
            self.kernel.create(cpu, 0, self.asker, 0, 0)
        elif cpu.id == 1:
            self.kernel.create(cpu, 2, self.poster, 0, 0)
        self.kernel.start(cpu)

    @routine
    def asker(self, cpu: Cpu, argument: Word) -> None:
        """Have CPUs compete for the own thread, and then be alone again."""
        kernel = self.kernel
        kernel.begin_thread(cpu)
        cpu.begin("operation")
        kernel.set_concurrency(cpu, 0, SHARED)
        kernel.set_concurrency(cpu, 0, ALONE)
        while not kernel.synchronization.settled(cpu, kernel.guard_of_object(cpu, 0)):
            pass
        self.complete[0] = 1
        cpu.end("operation")
        self.rest(cpu)

    @routine
    def poster(self, cpu: Cpu, argument: Word) -> None:
        """Post."""
        kernel = self.kernel
        kernel.begin_thread(cpu)
        cpu.begin("operation")
        dead = kernel.tcbs[1]
        kernel.enter_kernel(cpu)
        kernel.post(cpu, 0, WITHDRAW, dead, dead)
        kernel.post(cpu, 0, WITHDRAW, dead, dead)
        kernel.exit_kernel(cpu)
        while self.complete[0] == 0:
            pass
        cpu.end("operation")
        self.rest(cpu)
