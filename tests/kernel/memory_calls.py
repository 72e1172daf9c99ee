"""A workload of random memory system calls, and a kernel that logs what it does with each tree."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.kernel import Kernel, KernelWorkload
from smplab.kernel.rendezvous import OK
from smplab.kernel.trees import GRANT, OWN, RESTRICT, Call
from smplab.language import Array, Cpu, Memory, Ref, Struct, Word, parameter, routine
from smplab.language.paging import WRITABLE
from smplab_plugins.kernels.multiprocessor import Multiprocessor
from smplab_plugins.kernels.uniprocessor import Uniprocessor

LOG_ENTRIES = 400
WORDS_OF_ENTRY = 11


class LogEntry(Struct):
    """The words of `memory_model.Operation`."""

    kind: Word
    tree: Word
    from_space: Word
    from_page: Word
    from_level: Word
    page: Word
    level: Word
    mode: Word
    space: Word
    to_page: Word
    result: Word


@dataclass(eq=False)
class Logging(Kernel):
    """Notes every operation on a tree, within the operation."""

    def layout(self, memory: Memory) -> None:
        """A log for each tree."""
        super().layout(memory)
        self.log: Array[LogEntry] = memory.array(LogEntry, "cpus", self.regions, LOG_ENTRIES)
        self.logged: Array[Word] = memory.array(Word, "cpus", self.regions)

    @routine
    def note(self, cpu: Cpu, call: Ref[Call], kind: Word, result: Word) -> None:
        """Append to the log of the call's tree."""
        tree = call.tree.number
        n = self.logged[tree]
        cpu.check(n < LOG_ENTRIES, "the test's log is full")
        self.logged[tree] = n + 1
        entry = self.log[tree * LOG_ENTRIES + n]
        entry.kind = kind
        entry.tree = tree
        entry.from_space = self.table(cpu, call.entry).space
        entry.from_page = self.page_of(cpu, call.entry)
        entry.from_level = self.table(cpu, call.entry).level
        entry.page = call.page
        entry.level = call.level
        entry.mode = call.mode
        entry.space = call.space
        entry.to_page = call.to_page
        entry.result = result

    @routine
    def change(self, cpu: Cpu, request: Word, call: Ref[Call]) -> Word:
        """Map or unmap, and note it."""
        result = super().change(cpu, request, call)
        self.note(cpu, call, request, result)
        return result


@dataclass(eq=False)
class LoggingMultiprocessor(Multiprocessor, Logging):
    """The kernel for any number of CPUs."""


@dataclass(eq=False)
class LoggingUniprocessor(Uniprocessor, Logging):
    """The kernel for one CPU."""


@dataclass(eq=False)
class RandomMemory(KernelWorkload):
    """On each CPU an owner, in space 0, of the CPU's frames; the others are users in spaces.

    An owner maps its frames away and revokes them again; then it reuses them, so that the machine
    catches whoever still has a translation. It also creates and deletes spaces in which nobody is.
    Users of two neighbouring CPUs share a space; they map on what they have, and touch it.
    """

    users: int = parameter(1, "users on each CPU", build=True, minimum=0)
    calls: int = parameter(20, "system calls of each thread", minimum=1)
    pages: int = parameter(8, "pages of a space that are used at all", minimum=1)
    churn: bool = parameter(True, "owners create and delete spaces")
    pause_cycles: int = parameter(3_000, "longest pause between calls", unit="cycles", minimum=0)

    def layout(self, memory: Memory) -> None:
        """Since when no user may write to a frame; 0: it may."""
        self.closed: Array[Word] = memory.ghost(Word, "cpus", 64)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """Make the spaces in which users are: the second one of every CPU."""
        for c in range(cpu.count):
            cpu.check(
                self.kernel.make_space(cpu, c * self.kernel.spaces + 1) == OK, "no room for spaces"
            )

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create the owner and the users."""
        first = cpu.id * self.kernel.threads
        self.kernel.create(cpu, first, self.owner, cpu.id, 0)
        self.kernel.settle(cpu, first, 0)
        for i in range(self.users):
            self.kernel.create(cpu, first + 1 + i, self.user, cpu.id, 0)
            space = cpu.id // 2 * 2 * self.kernel.spaces + 1
            self.kernel.settle(cpu, first + 1 + i, space)
        self.kernel.start(cpu)

    @routine
    def between(self, cpu: Cpu) -> None:
        """What a thread does between two calls, beside waiting: nothing."""

    @routine
    def somewhere(self, cpu: Cpu) -> Word:
        """A space other than 0, which may exist or not."""
        home = cpu.random(cpu.count, "home")
        return home * self.kernel.spaces + 1 + cpu.random(self.kernel.spaces - 1, "space")

    @routine
    def to_page(self, cpu: Cpu, level: Word) -> Word:
        """A page for a leaf of this level."""
        return (
            cpu.random(self.pages, "page")
            >> level * self.kernel.radix_bits
            << (level * self.kernel.radix_bits)
        )

    @routine
    def owner(self, cpu: Cpu, home: Word) -> None:
        """Lend frames and take them back."""
        self.kernel.begin_thread(cpu)
        frames = self.kernel.regions << self.kernel.radix_bits
        for _ in range(self.calls):
            cpu.delay(cpu.random(self.pause_cycles + 1, "pause"))
            self.between(cpu)
            what = cpu.random(7 + int(self.churn), "what")
            level = cpu.random(8, "level") // 7
            frame = home * frames + cpu.random(frames, "frame")
            frame = frame >> level * self.kernel.radix_bits << level * self.kernel.radix_bits
            covered = 1 << level * self.kernel.radix_bits
            if what < 4:
                mode = cpu.random(2, "mode") * WRITABLE
                for i in range(covered):
                    if mode != 0:
                        self.closed[frame + i] = 0
                self.kernel.map(
                    cpu, frame, level, self.somewhere(cpu), self.to_page(cpu, level), mode
                )
            elif what < 6:
                self.kernel.unmap(cpu, frame, level, 0)
                for i in range(covered):
                    cpu.reuse_frame(frame + i)
            elif what == 6:
                self.kernel.unmap(cpu, frame, level, RESTRICT)
                for i in range(covered):
                    self.closed[frame + i] = cpu.time()
            elif cpu.random(2, "mode") == 0:
                self.kernel.create_space(cpu, home * self.kernel.spaces + 2)
            else:
                self.kernel.delete_space(cpu, self.somewhere(cpu))
            cpu.begin("operation")
            cpu.end("operation")
        self.kernel.end_thread(cpu)

    @routine
    def user(self, cpu: Cpu, home: Word) -> None:
        """Touch what is there, map it on, give it up."""
        self.kernel.begin_thread(cpu)
        for _ in range(self.calls):
            cpu.delay(cpu.random(self.pause_cycles + 1, "pause"))
            self.between(cpu)
            for page in range(self.pages):
                begun = cpu.time()
                write = cpu.random(2, "write")
                frame = self.kernel.access(cpu, page, write)
                if write != 0 and frame >= 0:
                    closed = self.closed[frame]
                    cpu.check(closed == 0 or closed > begun, "a restricted page is written")
            what = cpu.random(8, "what")
            level = cpu.random(8, "level") // 7
            page = self.to_page(cpu, level)
            if what < 5:
                mode = cpu.random(4, "mode") * WRITABLE  # GRANT is twice WRITABLE
                self.kernel.map(
                    cpu, page, level, self.somewhere(cpu), self.to_page(cpu, level), mode
                )
            else:
                self.kernel.unmap(cpu, page, level, cpu.random(4, "mode") & (OWN | RESTRICT))
            cpu.begin("operation")
            cpu.end("operation")
        self.kernel.end_thread(cpu)


assert GRANT == 2 * WRITABLE
