"""Scenarios that run on a kernel: small systems of threads, explored by the checker.

Threads run their bodies once and end. When all operations are complete the CPUs idle, which is the
end of such a scenario and no deadlock; a thread that nobody wakes has its operation open, and is
one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from smplab.kernel.contracts import Scenario
from smplab.kernel.ipc import ANYBODY, NEVER
from smplab.kernel.kernel import KernelWorkload
from smplab.language.cpu import Cpu
from smplab.language.routines import routine


@dataclass(eq=False)
class KernelScenario(Scenario, KernelWorkload):
    """A scenario whose threads run on a kernel, which is wired as `kernel`.

    What a thread does between `cpu.begin("operation")` and `cpu.end("operation")` must complete, as
    `progress` asks, thread by thread.
    """

    capacities: ClassVar[Mapping[str, int]] = {
        "threads": 1, "priorities": 1, "message_words": 1, "mailbox_entries": 1, "tick_cycles": 0,
    }  # fmt: skip
    """Parameters of the kernel that the scenario fixes, whatever was configured: each multiplies
    the states. There is no tick unless a scenario asks for one."""

    @routine
    def rest(self, cpu: Cpu) -> None:
        """A thread has done what it was to do. It waits, which takes fewer states than to end."""
        self.kernel.receive(cpu, ANYBODY, NEVER)
        cpu.check(False, "a thread gets a message that nobody sends")
