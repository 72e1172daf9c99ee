"""How CPUs begin a phase together and end it together, without the objects under test."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import ANYBODY, NEVER, Array, Cpu, Memory, Struct, Word, aligned, routine
from smplab_plugins.workloads.single_pages import SinglePages


class Meeting(Struct):
    """What CPUs tell each other at user level. Both words only grow."""

    phase: Word = aligned()  # phases begun
    arrived: Word = aligned()  # how often a CPU has finished its part
    ready: Word = aligned()  # how often a CPU was ready to begin its part
    begun: Word = aligned()  # the last such number at which all could begin


@dataclass(eq=False)
class Rounds(SinglePages):
    """Base of workloads in phases, each of a fixed number of operations.

    CPUs that follow each other in number form a party; the first one leads it. The first thread of
    each CPU is its client. Whoever waits may have a server of the same priority beside it, which
    others call; so it blocks.
    """

    def layout(self, memory: Memory) -> None:
        """The words of each party, where its leader is, in lines of their own."""
        self.meetings: Array[Meeting] = memory.per_cpu(Meeting)

    @routine
    def begin_phase(self, cpu: Cpu, leader: Word) -> None:
        """Let those begin who wait at user level; the leader does this."""
        self.meetings[leader].phase += 1

    @routine
    def await_phase(self, cpu: Cpu, leader: Word, phases: Word) -> None:
        """Wait at user level until so many phases have begun; for CPUs without a server."""
        meeting = self.meetings[leader]
        while meeting.phase < phases:
            cpu.wait(meeting.phase)

    @routine(call=True)
    def wake_others(self, cpu: Cpu, me: Word, leader: Word, cpus: Word) -> None:
        """Wake the clients of two CPUs of a party of so many, who wake two each in their turn."""
        child = 2 * (me - leader) + 1
        for i in range(child, min(child + 2, cpus)):
            self.kernel.send(cpu, (leader + i) * self.kernel.threads, NEVER)

    @routine
    def await_wake(self, cpu: Cpu, me: Word, leader: Word) -> None:
        """Block until the CPU does so whose part that is; not for the leader."""
        waker = leader + (me - leader - 1) // 2
        self.kernel.receive(cpu, waker * self.kernel.threads, NEVER)

    @routine(call=True)
    def begin_together(self, cpu: Cpu, leader: Word, ready: Word) -> None:
        """Wait at user level until so many CPUs of a party, counted since the start, are ready.

        So nobody operates before all have said what they need, and are awake: who still has to
        wake others may be kept from it by its own server, if those who are awake give it no rest.
        """
        meeting = self.meetings[leader]
        if cpu.fetch_add(meeting.ready, 1) + 1 == ready:
            meeting.begun = ready
        while meeting.begun < ready:
            cpu.wait(meeting.begun)

    @routine(call=True)
    def arrive(self, cpu: Cpu, me: Word, leader: Word, arrivals: Word) -> None:
        """This CPU's part is done. The leader waits until so many parts are, since the start.

        The last one wakes it.
        """
        last = cpu.fetch_add(self.meetings[leader].arrived, 1) + 1 == arrivals
        if me == leader and not last:
            self.kernel.receive(cpu, ANYBODY, NEVER)
        elif me != leader and last:
            self.kernel.send(cpu, leader * self.kernel.threads, NEVER)
