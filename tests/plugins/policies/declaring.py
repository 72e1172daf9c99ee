"""A workload that declares what a script says, on a kernel that writes down what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smplab.kernel.policy import Policy
from smplab.kernel.rendezvous import OK
from smplab.kernel.spaces import INVALID
from smplab.language import Array, Cpu, Memory, Word, routine
from smplab.machine.result import Limits, Result
from smplab_plugins.grace.epochs import Epochs
from smplab_plugins.granularity.dynamic import DynamicLocks
from smplab_plugins.locks.mcs import McsLock
from tests.kernel.systems import AnyKernel, address, components, load, run
from tests.kernel.test_ipc import Notes

CPUS = 2
THREADS = 3
REGIONS = 2
OBJECTS = CPUS * (THREADS + REGIONS)
GROUPS = 15
"""More than objects."""
MOST = 4 * 400
"""Words that hold what was heard."""

CONCURRENCY, PROCESSORS, GROUP, GRAIN = range(4)
Call = tuple[int, int, int, int]
"""Which system call, and its arguments; 0 where it has less than three."""
Declaration = tuple[str, int, int, int]
"""Which of a policy's routines, and its arguments; or "wait", for so many cycles. Else 0."""


@dataclass(eq=False)
class Listener(AnyKernel):
    """Takes what names existing objects and groups, and does nothing."""

    def layout(self, memory: Memory) -> None:
        """A list, and its length."""
        super().layout(memory)
        self.length: Array[Word] = memory.array(Word, 1)
        self.heard: Array[Word] = memory.array(Word, MOST)

    @routine
    def hear(self, cpu: Cpu, call: Word, a: Word, b: Word, c: Word, known: Word) -> Word:
        """Append a call, if there is room; the answer to it."""
        at = cpu.fetch_add(self.length[0], 4)
        if at < MOST:
            self.heard[at] = call
            self.heard[at + 1] = a
            self.heard[at + 2] = b
            self.heard[at + 3] = c
        if 0 <= a < known:
            return OK
        return INVALID

    @routine
    def set_concurrency(self, cpu: Cpu, number: Word, want: Word) -> Word:
        """Write it down."""
        return self.hear(cpu, CONCURRENCY, number, want, 0, OBJECTS)

    @routine
    def set_processors(self, cpu: Cpu, number: Word, first: Word, count: Word) -> Word:
        """Write it down."""
        return self.hear(cpu, PROCESSORS, number, first, count, OBJECTS)

    @routine
    def set_group(self, cpu: Cpu, number: Word, group: Word) -> Word:
        """Write it down."""
        return self.hear(cpu, GROUP, number, group, 0, OBJECTS)

    @routine
    def set_grain(self, cpu: Cpu, group: Word, want: Word) -> Word:
        """Write it down."""
        return self.hear(cpu, GRAIN, group, want, 0, GROUPS)


class Script(Notes):
    """Thread 0 declares, one after the other."""

    script: Sequence[Declaration] = ()

    @routine
    def first(self, cpu: Cpu, other: Word) -> None:
        """Declare all of it, note the end."""
        self.kernel.begin_thread(cpu)
        for kind, a, b, c in self.script:
            if kind == "share":
                self.policy.share(cpu, a, b, c)
            elif kind == "involve":
                self.policy.involve(cpu, a, b, c)
            elif kind == "group":
                self.policy.group(cpu, a, b)
            elif kind == "spread":
                self.policy.spread(cpu, a, b)
            else:
                cpu.delay(a)
        self.note(cpu, 0)
        self.kernel.end_thread(cpu)


def heard(
    policy: Policy, script: Sequence[Declaration], splits: bool = True, **values: Any
) -> tuple[list[Call], Any]:
    """Return the system calls that a policy makes of a script, and its counters.

    With `splits` its groups have locks as is asked for, else one for each object.
    """
    workload = Script()
    workload.script = tuple(script)
    kernel = Listener(threads=THREADS, spaces=2, regions=REGIONS)
    parts = dict(components("locked", workload, kernel=kernel, policy=policy))
    if splits:
        granularity = DynamicLocks()
        granularity.lock = parts["lock"] = McsLock()
        granularity.fine_lock = parts["fine_lock"] = McsLock()
        granularity.grace = parts["grace"] = Epochs()
        synchronization: Any = parts["synchronization"]
        synchronization.granularity = parts["granularity"] = granularity
    program = load(parts, CPUS, **values)
    result: Result = run(program, Limits(operations=1, max_cycles=10**6))
    count = min(MOST, int(result.memory[address(program, "kernel.length")]))
    at = address(program, "kernel.heard")
    rows = result.memory[at : at + count].reshape(-1, 4).tolist()
    counters = dict(zip(program.image.counters, result.user_counters.tolist(), strict=True))
    return [(a, b, c, d) for a, b, c, d in rows], counters
