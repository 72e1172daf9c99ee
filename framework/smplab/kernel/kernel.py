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
queues, flush requests, mailboxes, scheduler, rendezvous, IPC, threads, spaces, trees of mappings,
system calls on them, page faults, system calls on protection. Everything is `self.something`, as
everything in a C kernel is a function; the linear order says who may rely on whom.

Invariants: those of the modules below; and a thread calls only for itself, so that its message
words need no lock.

Source: ours; the system calls are those of L4 X.2, cut down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from smplab.kernel.contracts import Workload
from smplab.kernel.ipc import NEVER, NOBODY
from smplab.kernel.policy import Policy
from smplab.kernel.protection import Protection
from smplab.language.cpu import Cpu
from smplab.language.errors import LanguageError
from smplab.language.routines import routine
from smplab.language.struct import Word


@dataclass(eq=False)
class Kernel(Protection):
    """The microkernel."""

    policy: Policy = field(default_factory=Policy, init=False, repr=False)

    def need_spaces(self, count: int) -> None:
        """Refuse, for a workload, to be built with less spaces for each CPU.

        Raises:
            LanguageError: there are less.
        """
        if self.spaces < count:
            raise LanguageError(
                f"this workload needs kernel.spaces={count} or more: it is {self.spaces}"
            )

    # --- called from a workload's `run`, before its CPU belongs to the kernel ---------------------

    @routine
    def create(self, cpu: Cpu, number: Word, body: Any, argument: Word, priority: Word) -> None:
        """Make thread `number`, whose home is this CPU, ready to start in `body(cpu, argument)`.

        `body` is a routine that begins with `begin_thread` and never returns.
        """
        self.check_place(cpu, cpu.id, priority)
        self.tcbs[number].priority = priority
        self.bear(cpu, number, body, argument)
        self.enter_space(cpu, 0)
        self.make_ready(cpu, self.tcbs[number])

    @routine
    def settle(self, cpu: Cpu, number: Word, space: Word) -> None:
        """Put thread `number`, which was created and has not run, into a space; else it is in 0."""
        cpu.check(self.enter_space(cpu, space), "a thread is put into a space that does not exist")
        self.leave_space(cpu, self.tcbs[number].space)
        self.tcbs[number].space = space

    @routine
    def start(self, cpu: Cpu) -> None:
        """Give this CPU to the kernel, for ever, once the policy has created its threads."""
        self.policy.start(cpu)
        super().start(cpu)

    # --- called by threads, at user level ---------------------------------------------------------

    @routine
    def begin_thread(self, cpu: Cpu) -> None:
        """A thread's first act: leave the kernel, in which it starts."""
        self.exit_kernel(cpu)

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
    """A workload whose threads run on a kernel, which is wired as `kernel`.

    Its threads declare to `policy` what they are about to do: `self.policy.share(cpu, ...)`.
    """

    needs_kernel: ClassVar[bool] = True

    kernel: Kernel = field(init=False, repr=False)

    @property
    def policy(self) -> Policy:
        """To whom this workload's threads declare what they are about to do."""
        return self.kernel.policy
