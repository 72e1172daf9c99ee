"""What every filling of `granularity` must do, whatever locks user level asks for meanwhile.

CPUs operate on either of two objects, or on as many of their group as one operation covers. No two
are at one object at a time, all get there, and in the end the locks are those last asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from smplab.kernel.granularity import Granularity
from smplab.kernel.scenarios.changing import Changing
from smplab.language.component import parameter, slot
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import NULL, Array, Ref, Struct, Word, aligned


class Counter(Struct):
    """What an object is here: incremented without an atomic."""

    value: Word = aligned()


@dataclass(eq=False)
class Cascade(Changing):
    """Operations on two objects of a group."""

    granularity: Granularity = slot()

    objects: int = parameter(2, "objects that CPUs operate on", build=True, minimum=1)

    spread: ClassVar[int] = 1
    """How many groups the objects are in at first, in turn."""

    def layout(self, memory: Memory) -> None:
        """Objects, their guards, who is inside, how often one was."""
        super().layout(memory)
        guard = self.granularity.guard()
        self.guarded = guard is not None
        if guard is not None:
            self.guards: Array[Any] = memory.array(guard, self.objects, aligned=True)
        self.table: Array[Counter] = memory.array(Counter, self.objects)
        self.inside: Array[Word] = memory.ghost(Word, self.objects)
        self.entered: Array[Word] = memory.ghost(Word, self.objects)
        self.asked: Array[Word] = memory.ghost(Word, "cpus")  # bits: of which groups, objects

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Guards are ready."""
        if self.guarded:
            for number in range(self.objects):
                self.granularity.init(cpu, self.guards[number], number % self.spread)

    @routine
    def guard(self, cpu: Cpu, number: Word) -> Ref[Any]:
        """What protects an object, NULL if nothing is needed for it."""
        if not self.guarded:
            return NULL
        return self.guards[number]

    @routine
    def enter_kernel(self, cpu: Cpu) -> None:
        """As the kernel does."""
        self.granularity.begin(cpu)

    @routine
    def exit_kernel(self, cpu: Cpu) -> None:
        """As the kernel does."""
        self.granularity.quiescent(cpu)
        self.granularity.end(cpu)

    @routine
    def sleep(self, cpu: Cpu) -> None:
        """As the kernel does."""
        self.granularity.sleep(cpu)

    @routine
    def wake(self, cpu: Cpu) -> None:
        """As the kernel does."""
        self.granularity.wake(cpu)

    # --- operations -----------------------------------------------------------------------------

    @routine
    def work(self, cpu: Cpu) -> None:
        """Operate on an object, or on all that one operation covers of the group it is in."""
        cpu.begin("operation")
        self.enter_kernel(cpu)
        which = cpu.random(self.objects, "which")
        if cpu.random(2, "group") == 0:
            node: Any = self.granularity.enter(cpu, self.guard(cpu, which))
            self.touch(cpu, which)
            self.granularity.leave(cpu, self.guard(cpu, which), node)
        else:
            group = self.granularity.group_of(cpu, self.guard(cpu, which))
            whole: Any = self.granularity.enter_all(cpu, group)
            for number in range(self.objects):
                if self.granularity.covers(cpu, group, self.guard(cpu, number)):
                    self.touch(cpu, number)
            self.granularity.leave_all(cpu, group, whole)
        self.exit_kernel(cpu)
        cpu.end("operation")

    @routine(call=True)
    def touch(self, cpu: Cpu, number: Word) -> None:
        """Count an operation: alone, and after what the operation before left."""
        cpu.check(self.inside[number] == 0, "two CPUs operate on one object")
        self.inside[number] = 1
        value = self.table[number].value
        cpu.check(value == self.entered[number], "an operation did not see the one before")
        self.table[number].value = value + 1
        self.entered[number] = value + 1
        self.inside[number] = 0

    # --- changes --------------------------------------------------------------------------------

    @routine
    def ask(self, cpu: Cpu) -> None:
        """Ask for one lock, or for one an object."""
        self.ask_grain(cpu, 0)

    @routine
    def ask_grain(self, cpu: Cpu, group: Word) -> None:
        """Ask it for a group, and go on polling if that does not settle it."""
        self.granularity.request(cpu, group, cpu.random(2, "want"))
        self.note(cpu, group, self.granularity.settled_group(cpu, group))

    @routine
    def poll(self, cpu: Cpu) -> None:
        """Of the groups of which this CPU has asked something that it has not found settled."""
        for group in range(self.spread):
            if self.asked[cpu.id] >> group & 1 == 1:
                self.granularity.poll_group(cpu, group)
                self.note(cpu, group, self.granularity.settled_group(cpu, group))

    @routine
    def note(self, cpu: Cpu, bit: Word, settled: bool) -> None:
        """Whether this CPU is to poll something on."""
        asked = self.asked[cpu.id]
        if settled and asked >> bit & 1 == 1:
            self.asked[cpu.id] = asked - (1 << bit)
        elif not settled and asked >> bit & 1 == 0:
            self.asked[cpu.id] = asked + (1 << bit)

    @routine
    def changes(self, cpu: Cpu) -> bool:
        """Whether this CPU is to poll."""
        return self.asked[cpu.id] != 0

    @routine
    def judge(self, cpu: Cpu) -> None:
        """What was wanted last holds."""
        for group in range(self.spread):
            settled = self.granularity.settled_group(cpu, group)
            cpu.check(settled, "the locks are not those that were last asked for")


@dataclass(eq=False)
class FickleCascade(Cascade):
    """One CPU changes its mind again and again, also while a change is under way."""

    requests: int = parameter(3, "changes that each asking CPU asks for", build=True, minimum=0)
    askers: int = parameter(1, "CPUs that ask for changes", build=True, minimum=0)
