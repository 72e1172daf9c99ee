"""Ready queues: for each CPU and priority the threads that could run and do not.

Invariants:

- Only the CPU itself touches its queues, with interrupts off, so that they need no lock; others ask
  it by a request (mailbox.py).
- A queue holds no running and no blocked thread: IPC that blocks one thread and runs another leaves
  the queues alone.
- No queue above `top` holds a thread.

Source: L4Ka::Pistachio, api/v4/sched-rr/schedule.{h,cc}: round robin within a priority, the highest
priority first, a hint for the highest one. That blocked threads leave at once, where Liedtke
(SOSP'93, "lazy scheduling") lets them stay until they are met, is seL4's choice.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.objects import Objects, Tcb
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import NULL, Array, Ref, Struct, Word

BLOCKED = 0
QUEUED = 1
RUNNING = 2


class Queue(Struct):
    """The ready threads of one CPU and priority, first come first served."""

    first: Ref[Tcb]
    last: Ref[Tcb]


@dataclass(eq=False)
class ReadyQueues(Objects):
    """Ready queues."""

    priorities: int = parameter(
        4, "priorities of threads, 0 being the lowest", build=True, minimum=1
    )

    def layout(self, memory: Memory) -> None:
        """The queues of each CPU on its own node."""
        super().layout(memory)
        self.queues: Array[Queue] = memory.per_cpu(Queue, self.priorities)

    @routine
    def make_ready(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Append a thread whose home this is to the queue of its priority."""
        cpu.check(thread.home == cpu.id, "a thread is made ready by a CPU that is not its home")
        cpu.check(self.place[thread.number] == BLOCKED, "a thread that does not block is woken")
        self.place[thread.number] = QUEUED
        priority = thread.priority
        queue = self.queues[cpu.id * self.priorities + priority]
        thread.next_ready = NULL
        if queue.first == NULL:
            queue.first = thread
        else:
            queue.last.next_ready = thread
        queue.last = thread
        top = self.processors[cpu.id].top
        if top < priority:
            self.processors[cpu.id].top = priority

    @routine
    def highest_ready(self, cpu: Cpu) -> Word:
        """The highest priority of a ready thread of this CPU, -1 if there is none."""
        priority = self.processors[cpu.id].top
        while priority >= 0:
            if self.queues[cpu.id * self.priorities + priority].first != NULL:
                self.processors[cpu.id].top = priority
                return priority
            priority -= 1
        self.processors[cpu.id].top = 0
        return -1

    @routine
    def take_ready(self, cpu: Cpu) -> Ref[Tcb]:
        """Take the first thread of the highest priority out of its queue, NULL if none is ready."""
        thread: Ref[Tcb] = NULL
        priority = self.highest_ready(cpu)
        if priority >= 0:
            queue = self.queues[cpu.id * self.priorities + priority]
            thread = queue.first
            queue.first = thread.next_ready
            self.place[thread.number] = BLOCKED
        return thread
