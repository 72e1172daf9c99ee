"""What every filling of `synchronization` must do, whatever user level asks for meanwhile.

CPUs say at arbitrary moments that CPUs compete for an object, or that its home is alone with it:
hints, and wrong ones at that. Operations exclude each other, are performed once, and complete; in
the end the object is protected as was last asked for.

A CPU that may not operate itself asks the object's home: it writes a request, interrupts, and waits
for the answer with interrupts off, serving what comes. It holds no lock meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from smplab.kernel.fillings import fillings_of
from smplab.kernel.scenarios.changing import Changing
from smplab.kernel.synchronization import Synchronization
from smplab.kernel.tracking import Tracking
from smplab.language.component import parameter, slot
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import NULL, Array, Ref, Struct, Word, aligned

DONE: Final = 1
REFUSED: Final = 2
ASKED: Final = 3
"""What a request is: ASKED, 1 more for each CPU that can be asked, as often again an object."""


class Object(Struct):
    """A counter, incremented without an atomic, and whose it is; only that CPU writes `home`."""

    value: Word = aligned()
    home: Word
    reserved: Word  # 1 + the CPU for which an operation has begun and blocked


@dataclass(eq=False)
class Asking(Changing):
    """Objects with homes, operations on them here and there."""

    synchronization: Synchronization = slot()

    home: int = parameter(0, "CPU that is the objects' home", build=True, minimum=0)
    turning: bool = parameter(False, "whoever asks begins another grace period before")

    objects: ClassVar[int] = 1
    spread: ClassVar[bool] = False
    """Whether object n is CPU n's; otherwise all have one home."""

    def connect(self) -> None:
        """Have a set of CPUs for each object."""
        super().connect()
        for tracking in fillings_of(self, Tracking):
            tracking.sets = self.objects

    def layout(self, memory: Memory) -> None:
        """Objects and guards; who is inside, how often one was, for how many it was asked."""
        super().layout(memory)
        guard = self.synchronization.guard()
        self.guarded = guard is not None
        if guard is not None:
            self.guards: Array[Any] = memory.array(guard, self.objects, aligned=True)
        self.table: Array[Object] = memory.array(Object, self.objects)
        self.inside: Array[Word] = memory.ghost(Word, self.objects)
        self.entered: Array[Word] = memory.ghost(Word, self.objects)
        self.wanted: Array[Word] = memory.ghost(Word, "cpus")

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Guards are ready, objects have a home."""
        for n in range(self.objects):
            home = n if self.spread else self.home
            self.table[n].home = home
            if self.guarded:
                self.synchronization.init(cpu, self.guards[n], home, 0)
                self.synchronization.track(cpu, self.guards[n], n, home)

    @routine
    def guard(self, cpu: Cpu, number: Word) -> Ref[Any]:
        """What protects an object, NULL if nothing is needed for it."""
        if not self.guarded:
            return NULL
        return self.guards[number]

    @routine
    def enter_kernel(self, cpu: Cpu) -> None:
        """As the kernel does."""
        self.synchronization.begin(cpu)

    @routine
    def exit_kernel(self, cpu: Cpu) -> None:
        """As the kernel does."""
        self.synchronization.quiescent(cpu)
        self.synchronization.end(cpu)

    @routine
    def sleep(self, cpu: Cpu) -> None:
        """As the kernel does."""
        self.synchronization.sleep(cpu)

    @routine
    def wake(self, cpu: Cpu) -> None:
        """As the kernel does."""
        self.synchronization.wake(cpu)

    # --- changes --------------------------------------------------------------------------------

    @routine
    def ask(self, cpu: Cpu) -> None:
        """Say something of the first object."""
        if self.turning and self.grace is not None:
            self.grace.begin(cpu)
        self.synchronization.request(cpu, self.guard(cpu, 0), cpu.random(2, "want"))

    @routine
    def poll(self, cpu: Cpu) -> None:
        """Of all objects."""
        for number in range(self.objects):
            self.synchronization.poll(cpu, self.guard(cpu, number))

    @routine
    def changes(self, cpu: Cpu) -> bool:
        """Of any object."""
        found = False
        for number in range(self.objects):
            found = found or self.synchronization.changing(cpu, self.guard(cpu, number))
        return found

    @routine
    def judge(self, cpu: Cpu) -> None:
        """Every operation was performed once; what was wanted last holds."""
        performed = 0
        for number in range(self.objects):
            settled = self.synchronization.settled(cpu, self.guard(cpu, number))
            cpu.check(settled, "an object is not protected as was last asked for")
            performed += self.entered[number]
        wanted = 0
        for c in range(cpu.count):
            wanted += self.wanted[c]
        cpu.check(performed == wanted, "an operation was performed twice, or never")

    # --- operations -----------------------------------------------------------------------------

    @routine(call=True)
    def operate(self, cpu: Cpu, number: Word) -> bool:
        """A system call that operates on an object; whether this CPU performed it itself."""
        cpu.begin("operation")
        self.wanted[cpu.id] += 1
        self.enter_kernel(cpu)
        here = False
        done = False
        while not done:
            home = self.table[number].home
            here = self.synchronization.here(cpu, self.guard(cpu, number), home)
            if here:
                self.perform(cpu, number, cpu.id)
                done = True
            elif self.mutant == "waits_inside" and self.synchronization.changes:
                node: Any = self.synchronization.enter(cpu, self.guard(cpu, number))
                done = self.send(cpu, home, number)
                self.synchronization.leave(cpu, self.guard(cpu, number), node)
            else:
                done = self.send(cpu, home, number)
        self.exit_kernel(cpu)
        cpu.end("operation")
        return here

    @routine(call=True)
    def perform(self, cpu: Cpu, number: Word, who: Word) -> None:
        """Operate on an object for CPU `who`."""
        if self.mutant == "senders_view" and self.synchronization.changes and who != cpu.id:
            self.touch(cpu, number, who)
            return
        node: Any = self.synchronization.enter(cpu, self.guard(cpu, number))
        self.touch(cpu, number, who)
        self.synchronization.leave(cpu, self.guard(cpu, number), node)

    @routine
    def touch(self, cpu: Cpu, number: Word, who: Word) -> None:
        """Count an operation: alone, and after what the operation before left."""
        cpu.check(self.inside[number] == 0, "two CPUs operate on one object")
        self.inside[number] = 1
        value = self.table[number].value
        cpu.check(value == self.entered[number], "an operation did not see the one before")
        self.table[number].value = value + 1
        self.entered[number] = value + 1
        self.inside[number] = 0

    # --- messages -------------------------------------------------------------------------------

    @routine
    def send(self, cpu: Cpu, home: Word, number: Word) -> bool:
        """Have an object's home perform an operation; False if it was not the home any more.

        The answer is looked at in every turn: interrupts alone could keep this CPU busy for ever.
        """
        self.mail[cpu.id].request = ASKED + number * cpu.count + home
        self.mail[home].interrupt = 1
        while self.mail[cpu.id].request >= ASKED:
            if self.mutant != "not_served" and self.mail[cpu.id].interrupt != 0:
                self.serve(cpu)
        done = self.mail[cpu.id].request == DONE
        self.mail[cpu.id].request = 0
        return done

    @routine(call=True)
    def serve(self, cpu: Cpu) -> None:
        """Perform what is asked of this CPU. The interrupt is taken first: another may come."""
        if self.mutant != "taken_late" or not self.synchronization.asks:
            super().serve(cpu)
        if not self.synchronization.asks:
            return
        for sender in range(cpu.count):
            asked = self.mail[sender].request - ASKED
            if asked >= 0 and asked % cpu.count == cpu.id:
                self.answer(cpu, sender, asked // cpu.count)
        if self.mutant == "taken_late":
            super().serve(cpu)

    @routine
    def answer(self, cpu: Cpu, sender: Word, number: Word) -> None:
        """Perform an operation, or refuse it if the object has moved away."""
        if self.table[number].home != cpu.id and self.mutant != "not_refused":
            self.mail[sender].request = REFUSED
        else:
            self.perform(cpu, number, sender)
            self.mail[sender].request = DONE
