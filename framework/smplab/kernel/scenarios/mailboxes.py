"""Full mailboxes: CPUs that post to each other at once, and none has room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from smplab.kernel.mailbox import WITHDRAW
from smplab.kernel.objects import CLAIMED
from smplab.kernel.rendezvous import OK
from smplab.kernel.scenario import KernelScenario
from smplab.kernel.threads import CLAIM
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import Word


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
