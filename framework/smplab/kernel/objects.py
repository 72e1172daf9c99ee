"""Threads: their control blocks, message words, and who may write what.

A thread has a number; `threads` of them belong to each CPU, its *home*, which alone runs it. The
first line of a control block holds the rendezvous, which any CPU may operate on as the slot
`synchronization` allows. The other two are the home CPU's, and others only read what they need of a
thread that calls upon them; but `length` comes with the message, and `next_answer` belongs to the
CPU that answers.

Invariants:

- A thread is in exactly one place: running on its home CPU, in a ready queue of its home CPU,
  blocked, or blocked with its wake-up under way to its home CPU. `make_ready` and `dispatch` check
  this by ghost state.
- `receiving` is set only while the thread is blocked, or about to block with interrupts off.
- `polling` of a sender names the receiver in whose queue it is. It and the sender's links belong to
  the rendezvous of that receiver.
- No CPU blocks, or serves an operation request, within an operation on a thread.

Source: L4Ka::Pistachio, api/v4/tcb.h. There one lock a control block, or messages, protect the
rendezvous (api/v4/ipc.cc); the division by who writes is ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from smplab.language.component import Component, parameter
from smplab.language.cpu import Cpu
from smplab.language.image import LINE_WORDS
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import NULL, Array, Ref, Struct, Word, aligned

if TYPE_CHECKING:
    from smplab.kernel.synchronization import Synchronization


class Tcb(Struct):
    """A thread control block."""

    receiving: Word = aligned()  # waits for a message
    source: Ref[Tcb]  # from whom, NULL: from anybody; then: whose message came
    first_sender: Ref[Tcb]  # those who poll this thread, first come first served
    last_sender: Ref[Tcb]
    polling: Ref[Tcb]  # in whose queue this thread is
    next_sender: Ref[Tcb]
    previous_sender: Ref[Tcb]
    result: Word  # how the last phase of IPC ended: OK, TIMEOUT, NO_PARTNER

    number: Word = aligned()  # constant, as home
    home: Word
    priority: Word
    patience: Word  # whether this phase of IPC may block
    length: Word  # message words to send, then received
    partner: Ref[Tcb]  # on whom it blocks: itself if it receives
    wake_at: Word  # cycle at which a timeout passes
    next_ready: Ref[Tcb]

    next_timeout: Ref[Tcb] = aligned()
    previous_timeout: Ref[Tcb]
    next_answer: Ref[Tcb]  # in the backlog of wake-ups that found a mailbox full


class Processor(Struct):
    """What a CPU knows of itself, and nobody else touches."""

    current: Ref[Tcb] = aligned()  # the running thread; NULL: the CPU idles
    top: Word  # where the search for the highest priority begins
    first_timeout: Ref[Tcb]
    served: Word  # requests taken out of the mailbox
    first_answer: Ref[Tcb]  # the backlog


@dataclass(eq=False)
class Objects(Component):
    """Threads, their message words, their guards."""

    multiprocessor: ClassVar[bool] = True
    """Whether anything that serves more than one CPU is compiled at all."""

    synchronization: Synchronization = field(init=False, repr=False)

    threads: int = parameter(4, "threads whose home a CPU can be", build=True, minimum=1)
    message_words: int = parameter(
        64, "longest message", unit="words", build=True, minimum=1,
        source="L4 X.2: 64 message registers",
    )  # fmt: skip

    def layout(self, memory: Memory) -> None:
        """Control blocks, message words and guards, on the home CPU's node."""
        self.row = -(-self.message_words // LINE_WORDS) * LINE_WORDS
        self.tcbs: Array[Tcb] = memory.per_cpu(Tcb, self.threads)
        self.words: Array[Word] = memory.per_cpu(Word, self.threads * self.row)
        self.processors: Array[Processor] = memory.per_cpu(Processor)
        guard = self.synchronization.guard()
        self.guarded = guard is not None
        if guard is not None:
            self.guards: Array[Any] = memory.per_cpu(guard, self.threads, aligned=True)
        self.inside: Array[Word] = memory.ghost(Word, "cpus")  # operations that a CPU is in
        self.place: Array[Word] = memory.ghost(Word, "cpus", self.threads)  # 0 blocked, 1 queued
        memory.contexts("cpus", self.threads)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Every thread is blocked and belongs to nobody's queue."""
        for n in range(cpu.count * self.threads):
            self.tcbs[n].number = n
            self.tcbs[n].home = n // self.threads
            if self.guarded:
                self.synchronization.init(cpu, self.guards[n])

    @routine
    def current(self, cpu: Cpu) -> Ref[Tcb]:
        """The thread that this CPU runs, NULL if it idles."""
        return self.processors[cpu.id].current

    @routine
    def enter(self, cpu: Cpu, thread: Ref[Tcb]) -> Any:
        """Begin an operation on `thread`; the value goes to `leave`."""
        node: Any = 0
        if self.guarded:
            node = self.synchronization.enter(cpu, self.guards[thread.number])
        if self.multiprocessor:
            self.inside[cpu.id] += 1
        return node

    @routine
    def leave(self, cpu: Cpu, thread: Ref[Tcb], node: Any) -> None:
        """End an operation on `thread`."""
        if self.multiprocessor:
            self.inside[cpu.id] -= 1
        if self.guarded:
            self.synchronization.leave(cpu, self.guards[thread.number], node)

    @routine
    def check_outside(self, cpu: Cpu) -> None:
        """The rule of the house: blocking and serving happen outside operations."""
        if self.multiprocessor:
            cpu.check(self.inside[cpu.id] == 0, "a CPU blocks or serves while it holds a thread")

    @routine
    def unlink_sender(self, cpu: Cpu, receiver: Ref[Tcb], sender: Ref[Tcb]) -> None:
        """Take `sender` out of the queue of `receiver`, within an operation on `receiver`."""
        after = sender.next_sender
        before = sender.previous_sender
        if before == NULL:
            receiver.first_sender = after
        else:
            before.next_sender = after
        if after == NULL:
            receiver.last_sender = before
        else:
            after.previous_sender = before
        sender.polling = NULL

    @routine
    def append_sender(self, cpu: Cpu, receiver: Ref[Tcb], sender: Ref[Tcb]) -> None:
        """Queue `sender` at `receiver`, within an operation on `receiver`."""
        last = receiver.last_sender
        sender.next_sender = NULL
        sender.previous_sender = last
        sender.polling = receiver
        if last == NULL:
            receiver.first_sender = sender
        else:
            last.next_sender = sender
        receiver.last_sender = sender
