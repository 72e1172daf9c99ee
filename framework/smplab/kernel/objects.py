"""Threads: their control blocks, message words, and who may write what.

A thread has a number and a *home*, the CPU that alone runs it; `threads` numbers begin their lives
at each CPU. The first line of a control block holds the rendezvous, which any CPU may operate on as
the slot `synchronization` allows. The others are the home CPU's: in the second line is what others
read, seldom written so that their copies last, in the third what changes with every wait.

Invariants:

- A living thread is in exactly one place: running on its home CPU, in a ready queue there, blocked,
  or blocked with its wake-up under way to its home CPU. A dead one is in none.
- `expects` names somebody only while the thread is blocked, or about to block with interrupts off.
- A thread is in at most one queue, so that one pair of links is enough: of a receiver's senders, of
  ready threads, of answers that wait (mailbox.py), or of departing threads (threads.py). The links
  belong to the queue's owner.
- `polling` of a sender names the receiver in whose queue it is, and belongs to that receiver's
  rendezvous as the queue does.
- `home` of a blocked thread does not change (threads.py says when it does).
- No CPU blocks, or serves an operation request, within an operation on a thread.

Source: L4Ka::Pistachio, api/v4/tcb.h. There one lock a control block, or messages, protect the
rendezvous (api/v4/ipc.cc); the division by who writes is ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from smplab.kernel.accounting import Accounting
from smplab.language.component import Component, parameter
from smplab.language.cpu import Cpu
from smplab.language.fields import ending_in
from smplab.language.image import LINE_WORDS
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import NULL, Array, Opaque, Ref, Struct, Word, aligned

if TYPE_CHECKING:
    from smplab.kernel.synchronization import Synchronization


ANYONE: Any = 1
"""In `expects`: a message from anybody. Not an address: line 0 of memory belongs to nobody."""
DEAD: Any = 2
"""In `expects`: the thread is dead."""

BLOCKED, QUEUED, BURIED, CLAIMED = range(4)
"""Places of a thread: blocked or running; in a ready queue; not alive; not yet born."""

STAYS = -1
DIES = -2
"""As a thread's fate; 0 and up: it moves to that CPU."""
MARKED = -2
"""As a thread's urgency: below all priorities, and below -1, which stands for no thread at all."""


class Queue(Struct):
    """Threads, first come first served. If it is empty, `last` means nothing."""

    first: Ref[Tcb]
    last: Ref[Tcb]


class Tcb(Struct):
    """A thread control block."""

    # The rendezvous.
    expects: Ref[Tcb] = aligned()  # from whom it receives: NULL: from nobody; ANYONE; DEAD
    senders: Queue  # those who poll this thread
    polling: Ref[Tcb]  # in whose queue of senders this thread is
    next: Ref[Tcb]  # in whichever queue it is
    previous: Ref[Tcb]  # the same; the first one's means nothing
    result: Word  # how its wait ended: the sender's number, OK, or an error
    length: Word  # message words to send, then received

    number: Word = aligned()  # constant
    home: Word
    coming: Word  # the home, announced before it is one: of interest where locks change
    priority: Word
    urgency: Word  # the priority; MARKED: its fate must be seen to before it runs again
    fate: Word  # STAYS, DIES, or the CPU that it moves to
    life: Word  # how many threads have had this number
    space: Word

    place: Word = aligned()
    partner: Ref[Tcb]  # to whom a blocked thread sends, or of whom it asks something
    patience: Word  # what its send phase may do: not wait, wait, or wait on for the answer
    phase: Word  # number of its last blocking send phase
    wake_at: Word  # cycle at which a timeout passes; 0: in no list of timeouts
    next_timeout: Ref[Tcb]
    previous_timeout: Ref[Tcb]

    guard: Opaque = aligned()  # what protects the rendezvous, if that needs memory


class Processor(Struct):
    """What a CPU knows of itself, and nobody else touches."""

    top: Word = aligned()  # where the search for the highest priority begins
    first_timeout: Ref[Tcb]
    answers: Queue  # threads whose wake-ups found a mailbox full
    departing: Queue  # threads that would be ready, but die or move


@dataclass(eq=False)
class Objects(Component):
    """Threads, their message words, their guards."""

    multiprocessor: ClassVar[bool] = True
    """Whether anything that serves more than one CPU is compiled at all."""

    synchronization: Synchronization = field(init=False, repr=False)
    accounting: Accounting = field(default_factory=Accounting, init=False, repr=False)

    threads: int = parameter(4, "threads whose home a CPU can be", build=True, minimum=1)
    message_words: int = parameter(
        64, "longest message", unit="words", build=True, minimum=1,
        source="L4 X.2: 64 message registers",
    )  # fmt: skip

    def layout(self, memory: Memory) -> None:
        """Control blocks, message words and guards, on the home CPU's node."""
        self.row = -(-self.message_words // LINE_WORDS) * LINE_WORDS
        guard = self.synchronization.guard()
        self.guarded = guard is not None
        tcb = Tcb if guard is None else ending_in(Tcb, guard=guard)
        self.tcbs: Array[Tcb] = memory.per_cpu(tcb, self.threads)
        self.words: Array[Word] = memory.per_cpu(Word, self.threads * self.row)
        self.processors: Array[Processor] = memory.per_cpu(Processor)
        self.inside: Array[Word] = memory.ghost(Word, "cpus")  # operations that a CPU is in
        memory.contexts("cpus", self.threads)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """No thread is born; but whoever sends to one waits for that."""
        for n in range(cpu.count * self.threads):
            self.tcbs[n].number = n
            self.tcbs[n].home = n // self.threads
            self.tcbs[n].place = BURIED
            self.tcbs[n].fate = STAYS
            if self.guarded:
                home = n // self.threads
                group = home * self.synchronization.groups_per_cpu()
                self.synchronization.init(cpu, self.tcbs[n].guard, home, group)

    @routine
    def processor(self, cpu: Cpu) -> Ref[Processor]:
        """What this CPU knows of itself. A thread that has blocked may be on another one."""
        if self.multiprocessor:
            return self.processors[cpu.id]
        return self.processors[0]

    @routine
    def current(self, cpu: Cpu) -> Ref[Tcb]:
        """The thread that this CPU runs; equal to none where it idles.

        It is the one whose context runs, as in L4 it is the one whose kernel stack is in use.
        """
        return self.tcbs[cpu.context - cpu.count]

    @routine
    def enter_kernel(self, cpu: Cpu) -> None:
        """From user level into the kernel: a system call begins."""
        cpu.enter_kernel()
        self.synchronization.begin(cpu)

    @routine
    def exit_kernel(self, cpu: Cpu) -> None:
        """Back to user level: a system call ends, or a thread begins."""
        self.synchronization.end(cpu)
        cpu.exit_kernel()

    @routine
    def alone(self, cpu: Cpu, thread: Ref[Tcb]) -> bool:
        """Whether this is the thread's home and operates on it without `enter` and `leave`."""
        if not self.multiprocessor:
            return True
        if not self.synchronization.asks:
            return False
        if self.guarded:
            return self.synchronization.alone(cpu, thread.guard)
        return thread.home == cpu.id

    @routine
    def here(self, cpu: Cpu, thread: Ref[Tcb]) -> bool:
        """Whether this CPU may operate on `thread`; otherwise it asks the thread's home CPU."""
        if not self.multiprocessor or not self.synchronization.asks:
            return True
        return self.synchronization.here(cpu, self.guard_of(cpu, thread), thread.home)

    @routine
    def is_local(self, cpu: Cpu, thread: Ref[Tcb]) -> bool:
        """Whether this CPU is the thread's home."""
        return not self.multiprocessor or thread.home == cpu.id

    @routine
    def enter(self, cpu: Cpu, thread: Ref[Tcb]) -> Any:
        """Begin an operation on `thread`; the value goes to `leave`."""
        node = self.synchronization.enter(cpu, self.guard_of(cpu, thread))
        if self.multiprocessor:
            self.inside[cpu.id] += 1
        return node

    @routine
    def enter_shared(self, cpu: Cpu, thread: Ref[Tcb]) -> Any:
        """As `enter`, of a thread with which this CPU is not alone."""
        node = self.synchronization.enter_shared(cpu, self.guard_of(cpu, thread))
        self.inside[cpu.id] += 1
        return node

    @routine
    def leave(self, cpu: Cpu, thread: Ref[Tcb], node: Any) -> None:
        """End an operation on `thread`."""
        if self.multiprocessor:
            self.inside[cpu.id] -= 1
        self.synchronization.leave(cpu, self.guard_of(cpu, thread), node)

    @routine
    def guard_of(self, cpu: Cpu, thread: Ref[Tcb]) -> Ref[Any]:
        """What protects a thread, NULL if that needs no memory of its own."""
        guard: Ref[Any] = NULL
        if self.guarded:
            guard = thread.guard
        return guard

    @routine
    def check_outside(self, cpu: Cpu) -> None:
        """The rule of the house: blocking and serving happen outside operations."""
        if self.multiprocessor:
            cpu.check(self.inside[cpu.id] == 0, "a CPU blocks or serves while it holds a thread")

    @routine
    def append(self, cpu: Cpu, queue: Ref[Queue], thread: Ref[Tcb]) -> None:
        """Put a thread into a queue. The first one is taken by `queue.first = thread.next`."""
        thread.next = NULL
        if queue.first == NULL:
            queue.first = thread
        else:
            thread.previous = queue.last
            queue.last.next = thread
        queue.last = thread

    @routine
    def remove(self, cpu: Cpu, queue: Ref[Queue], thread: Ref[Tcb]) -> None:
        """Take a thread out of a queue, wherever it is in there."""
        after = thread.next
        before = thread.previous
        if queue.first == thread:
            queue.first = after
        else:
            before.next = after
        if after == NULL:
            queue.last = before
        else:
            after.previous = before

    @routine
    def unlink_sender(self, cpu: Cpu, receiver: Ref[Tcb], sender: Ref[Tcb]) -> None:
        """Take `sender` out of the queue of `receiver`, within an operation on `receiver`."""
        self.remove(cpu, receiver.senders, sender)
        sender.polling = NULL
