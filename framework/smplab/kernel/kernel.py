"""The kernel as workloads see it: create threads, start a CPU, system calls, message words.

A workload's `run` creates the threads of its CPU and then gives the CPU to the kernel:

    def run(self, cpu: Cpu) -> None:
        self.kernel.create(cpu, cpu.id * self.kernel.threads, self.server, 0, 1)
        self.kernel.start(cpu)

    def server(self, cpu: Cpu, argument: Word) -> None:
        self.kernel.begin_thread(cpu)
        client = self.kernel.receive(cpu, ANYBODY, NEVER)
        ...

The kernel is one component, each module of it a class that builds on the one below: objects, ready
queues, mailboxes, scheduler, IPC. Everything is `self.something`, as everything in a C kernel is a
function; the linear order says who may rely on whom.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from smplab.kernel.contracts import Workload
from smplab.kernel.ipc import NEVER, NOBODY, Ipc
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import NULL, Word


@dataclass(eq=False)
class Kernel(Ipc):
    """The microkernel."""

    # --- called from a workload's `run`, before its CPU belongs to the kernel ---------------------

    @routine
    def create(self, cpu: Cpu, number: Word, body: Any, argument: Word, priority: Word) -> None:
        """Make thread `number`, whose home is this CPU, ready to start in `body(cpu, argument)`.

        `body` is a routine that begins with `begin_thread` and never returns.
        """
        cpu.check(priority >= 0, "a priority is below 0")
        cpu.check(priority < self.priorities, "a priority is above those of the kernel")
        thread = self.tcbs[number]
        thread.priority = priority
        cpu.new_context(cpu.count + number, body, argument)
        self.make_ready(cpu, thread)

    @routine
    def start(self, cpu: Cpu) -> None:
        """Give this CPU to the kernel; never returns."""
        self.idle_loop(cpu)

    # --- called by threads, at user level ---------------------------------------------------------

    @routine
    def begin_thread(self, cpu: Cpu) -> None:
        """A thread's first act: leave the kernel, in which it starts."""
        cpu.exit_kernel()

    @routine(call=True)
    def end_thread(self, cpu: Cpu) -> None:
        """System call: never run again. Who sends to this thread waits until its timeout."""
        cpu.enter_kernel()
        self.block(cpu, self.current(cpu), NEVER, NULL)
        cpu.check(False, "a thread runs after its end")

    @routine
    def send(self, cpu: Cpu, to: Word, timeout_cycles: Word) -> Word:
        """Send to a thread; OK, TIMEOUT or NO_PARTNER."""
        return self.ipc(cpu, to, timeout_cycles, NOBODY, 0)

    @routine
    def receive(self, cpu: Cpu, source: Word, timeout_cycles: Word) -> Word:
        """Receive from a thread, or ANYBODY; the sender's number, TIMEOUT or NO_PARTNER."""
        return self.ipc(cpu, NOBODY, 0, source, timeout_cycles)

    @routine
    def call(self, cpu: Cpu, to: Word, timeout_cycles: Word) -> Word:
        """Send to a thread and receive its answer; the result is that of `ipc`."""
        return self.ipc(cpu, to, timeout_cycles, to, timeout_cycles)

    @routine
    def reply_and_wait(self, cpu: Cpu, to: Word, source: Word) -> Word:
        """Answer a caller and receive the next message; the result is that of `ipc`."""
        return self.ipc(cpu, to, NEVER, source, NEVER)

    # --- message words: memory that a thread and the kernel share ---------------------------------

    @routine
    def set_length(self, cpu: Cpu, thread: Word, length: Word) -> None:
        """How many words the next message of `thread`, the caller, has."""
        cpu.check(length >= 0, "a message has less than no words")
        cpu.check(length <= self.message_words, "a message is longer than the kernel allows")
        self.tcbs[thread].length = length

    @routine
    def set_word(self, cpu: Cpu, thread: Word, i: Word, value: Word) -> None:
        """Write message word `i` of `thread`, the caller."""
        self.words[thread * self.row + i] = value

    @routine
    def word(self, cpu: Cpu, thread: Word, i: Word) -> Word:
        """Message word `i` of `thread`, the caller."""
        return self.words[thread * self.row + i]


@dataclass(eq=False)
class KernelWorkload(Workload):
    """A workload whose threads run on a kernel, which is wired as `kernel`."""

    needs_kernel: ClassVar[bool] = True

    kernel: Kernel = field(init=False, repr=False)
