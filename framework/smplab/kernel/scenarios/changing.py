"""CPUs whose objects' protection changes while they operate, on the bare machine.

There is no kernel here and there are no interrupts: a word of a CPU's own stands for an interrupt
that others send. A CPU looks at it where it would take one, in user mode and while idle.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.contracts import Grace, Scenario
from smplab.kernel.fillings import fillings_of
from smplab.kernel.scenarios.watched import watch_locks
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import Array, Struct, Word, aligned


class Mail(Struct):
    """What others write to a CPU, and where they find what it asks for."""

    interrupt: Word = aligned()  # 1: one is pending
    request: Word
    stopped: Word


class Count(Struct):
    """How many CPUs have done something."""

    value: Word = aligned()


@dataclass(eq=False)
class Changing(Scenario):
    """CPUs that operate, ask for changes, and complete them at timer ticks.

    The first CPUs operate, the last ones ask, and have ticks. Who has none enters the kernel only
    to operate and ask, and when it is interrupted.
    """

    operations: int = parameter(1, "operations of each working CPU", build=True, minimum=0)
    workers: int = parameter(8, "CPUs that operate", build=True, minimum=0)
    requests: int = parameter(1, "changes that each asking CPU asks for", build=True, minimum=0)
    askers: int = parameter(2, "CPUs that ask for changes", build=True, minimum=0)
    pollers: int = parameter(2, "CPUs that have timer ticks", build=True, minimum=1)
    idles: bool = parameter(False, "CPU 0 sleeps before each operation, and in the end")

    def layout(self, memory: Memory) -> None:
        """Mail; how many CPUs are done, and have seen the end of all changes; who holds what."""
        for lock in self.watched:
            lock.watch(memory)
        self.mail: Array[Mail] = memory.per_cpu(Mail)
        self.finished: Count = memory.struct(Count)
        self.through: Count = memory.struct(Count)

    def connect(self) -> None:
        """Interrupt whoever keeps a grace period from ending; watch who gives back which lock."""
        self.watched = watch_locks(self)
        self.grace = next(fillings_of(self, Grace), None)
        if self.grace is not None:
            setattr(self.grace, "kick", self.kick)  # noqa: B010 - a method's name, to mypy

    def progress(self) -> str:
        """Every operation completes, and so do all changes."""
        return "every"

    # --- what a scenario defines ----------------------------------------------------------------

    @routine
    def enter_kernel(self, cpu: Cpu) -> None:
        """This CPU comes into the kernel."""
        cpu.check(False, "this scenario has no enter_kernel()")

    @routine
    def exit_kernel(self, cpu: Cpu) -> None:
        """This CPU leaves the kernel."""
        cpu.check(False, "this scenario has no exit_kernel()")

    @routine
    def sleep(self, cpu: Cpu) -> None:
        """This CPU leaves the kernel to sleep."""
        cpu.check(False, "this scenario has no sleep()")

    @routine
    def wake(self, cpu: Cpu) -> None:
        """This CPU comes back into the kernel."""
        cpu.check(False, "this scenario has no wake()")

    @routine
    def serve(self, cpu: Cpu) -> None:
        """What an interrupt is for, beside making a CPU enter the kernel."""
        cpu.swap(self.mail[cpu.id].interrupt, 0)

    @routine
    def work(self, cpu: Cpu) -> None:
        """A system call that operates."""
        cpu.check(False, "this scenario has no work()")

    @routine
    def ask(self, cpu: Cpu) -> None:
        """Within the kernel, ask for a change."""
        cpu.check(False, "this scenario has no ask()")

    @routine
    def poll(self, cpu: Cpu) -> None:
        """Within the kernel, complete what can be completed."""
        cpu.check(False, "this scenario has no poll()")

    @routine
    def changes(self, cpu: Cpu) -> bool:
        """Whether a change is under way."""
        cpu.check(False, "this scenario has no changes()")
        return False

    @routine
    def judge(self, cpu: Cpu) -> None:
        """When all have finished and no change is under way, check what has come of it."""
        cpu.check(False, "this scenario has no judge()")

    # --- the life of a CPU ----------------------------------------------------------------------

    @routine
    def run(self, cpu: Cpu) -> None:
        """Operate and ask in any order; then complete what is under way, and rest."""
        operations = 0
        if cpu.id < self.workers:
            operations = self.operations
        requests = 0
        if cpu.id >= cpu.count - self.askers:
            requests = self.requests_of(cpu)
        while operations + requests > 0:
            self.user_mode(cpu)
            if cpu.id >= cpu.count - self.pollers and cpu.random(2, "tick") == 1:
                self.tick(cpu)
            if requests > 0 and (operations == 0 or cpu.random(2, "which") == 1):
                self.enter_kernel(cpu)
                self.ask(cpu)
                self.exit_kernel(cpu)
                requests -= 1
            else:
                if self.idles and cpu.id == 0:
                    self.enter_kernel(cpu)
                    self.sleep(cpu)
                    self.wake(cpu)
                    self.exit_kernel(cpu)
                self.work(cpu)
                operations -= 1
        self.finish(cpu)

    @routine
    def requests_of(self, cpu: Cpu) -> Word:
        """How many changes this CPU asks for, if it asks."""
        return self.requests

    @routine
    def finish(self, cpu: Cpu) -> None:
        """See to it that what is under way is completed, and rest."""
        cpu.fetch_add(self.finished.value, 1)
        if cpu.id >= cpu.count - self.pollers:
            self.complete(cpu)
        if cpu.id == cpu.count - 1:
            self.stop(cpu)
        else:
            self.rest(cpu)

    @routine
    def complete(self, cpu: Cpu) -> None:
        """Stay in user mode, with ticks, until all have finished and nothing is under way."""
        cpu.begin("operation")
        while True:
            self.user_mode(cpu)
            # Looked at first: who has not finished may begin a change.
            finished = self.finished.value == cpu.count
            if self.changes(cpu):
                self.tick(cpu)
            elif finished:
                break
        cpu.end("operation")
        cpu.fetch_add(self.through.value, 1)

    @routine
    def rest(self, cpu: Cpu) -> None:
        """Stay in user mode, or idle, and enter the kernel only when interrupted, until stopped."""
        while self.mail[cpu.id].stopped == 0:
            if self.idles and cpu.id == 0:
                self.enter_kernel(cpu)
                self.sleep(cpu)
                while self.mail[cpu.id].interrupt == 0:
                    cpu.wait(self.mail[cpu.id].interrupt)
                self.wake(cpu)
                self.serve(cpu)
                self.exit_kernel(cpu)
            elif self.mail[cpu.id].interrupt != 0:
                self.interrupt(cpu)
            else:
                cpu.wait(self.mail[cpu.id].interrupt)

    @routine
    def stop(self, cpu: Cpu) -> None:
        """When no CPU can begin a change any more: judge, and stop the others."""
        while self.through.value < min(self.pollers, cpu.count):
            self.user_mode(cpu)
        self.judge(cpu)
        for other in range(cpu.count):
            self.mail[other].stopped = 1
            self.mail[other].interrupt = 1

    # --- interrupts -----------------------------------------------------------------------------

    @routine
    def kick(self, cpu: Cpu, target: Word) -> None:
        """Interrupt a CPU that is not interrupted yet."""
        if self.mail[target].interrupt == 0:
            self.mail[target].interrupt = 1

    @routine
    def user_mode(self, cpu: Cpu) -> None:
        """Take an interrupt if there is one."""
        if self.mail[cpu.id].interrupt != 0:
            self.interrupt(cpu)

    @routine(call=True)
    def interrupt(self, cpu: Cpu) -> None:
        """From user mode into the kernel and back."""
        self.enter_kernel(cpu)
        self.serve(cpu)
        self.exit_kernel(cpu)

    @routine(call=True)
    def tick(self, cpu: Cpu) -> None:
        """The timer's interrupt."""
        self.enter_kernel(cpu)
        self.poll(cpu)
        self.exit_kernel(cpu)
