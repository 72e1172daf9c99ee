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

from smplab.kernel.objects import BLOCKED, QUEUED, Objects, Queue, Tcb
from smplab.language.component import parameter
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import NULL, Array, Ref, Word


@dataclass(eq=False)
class ReadyQueues(Objects):
    """Ready queues."""

    priorities: int = parameter(4, "priorities of threads, 0 the lowest", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """The queues of each CPU on its own node."""
        super().layout(memory)
        self.queues: Array[Queue] = memory.per_cpu(Queue, self.priorities)

    @routine
    def ready(self, cpu: Cpu, priority: Word) -> Ref[Queue]:
        """The queue of this CPU's ready threads of a priority."""
        return self.queues[cpu.id * self.priorities + priority]

    @routine
    def make_ready(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Let a thread whose home this is wait for its turn, unless its fate forbids."""
        if thread.urgency < 0:
            self.dismiss(cpu, thread)
        else:
            self.enqueue(cpu, thread)

    @routine
    def dismiss(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """See to the fate of a marked thread, which now belongs to nobody; threads.py says how."""
        cpu.check(False, "nobody sees to the fate of threads")

    @routine
    def enqueue(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Append a thread to the queue of its priority."""
        cpu.check(thread.home == cpu.id, "a thread is made ready by a CPU that is not its home")
        cpu.check(thread.place == BLOCKED, "a thread that does not block is woken")
        thread.place = QUEUED
        priority = thread.priority
        self.append(cpu, self.ready(cpu, priority), thread)
        processor = self.processor(cpu)
        if processor.top < priority:  # noqa: PLR1730 - no store without need
            processor.top = priority

    @routine
    def unqueue(self, cpu: Cpu, thread: Ref[Tcb]) -> None:
        """Take a thread out of its queue before its turn."""
        self.remove(cpu, self.ready(cpu, thread.priority), thread)
        thread.place = BLOCKED

    @routine
    def highest_ready(self, cpu: Cpu) -> Word:
        """The highest priority of a ready thread of this CPU, -1 if there is none."""
        processor = self.processor(cpu)
        priority = processor.top
        while priority >= 0 and self.ready(cpu, priority).first == NULL:
            priority -= 1
        processor.top = max(priority, 0)
        return priority

    @routine
    def take_ready(self, cpu: Cpu) -> Ref[Tcb]:
        """Take the first thread of the highest priority out of its queue, NULL if none is ready."""
        thread: Ref[Tcb] = NULL
        priority = self.highest_ready(cpu)
        if priority >= 0:
            queue = self.ready(cpu, priority)
            thread = queue.first
            queue.first = thread.next
            thread.place = BLOCKED
        return thread
