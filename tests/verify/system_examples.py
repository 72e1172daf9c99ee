"""Small kernels in the routine language, right and wrong, for tests of the checker."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Array, Cpu, Memory, Word, Workload, parameter, routine
from smplab.language.paging import ENTRY_SHIFT, LEAF, PRESENT, WRITABLE
from tests.verify.examples import Line


@dataclass(eq=False)
class Sleeper(Workload):
    """CPU 1 sleeps until an interrupt says that CPU 0 has work for it."""

    masked: bool = parameter(True, "interrupts are off between the look and the sleep")
    fenced: bool = parameter(True, "a fence before the interrupt")

    def layout(self, memory: Memory) -> None:
        self.words: Array[Line] = memory.array(Line, 2)
        self.woken: Array[Word] = memory.ghost(Word, 1)

    @routine(vector="work")
    def on_work(self, cpu: Cpu) -> None:
        self.woken[0] = 1

    @routine
    def run(self, cpu: Cpu) -> None:
        if cpu.id == 0:
            self.words[0].value = 1
            if self.fenced:
                cpu.fence()
            cpu.send_ipi(1, "work")
        else:
            if not self.masked:
                cpu.enable_interrupts()
            while self.words[0].value == 0:
                if self.words[1].value == 0:  # nobody writes it: only an interrupt ends the sleep
                    cpu.wait(self.words[1].value)
        cpu.halt()


@dataclass(eq=False)
class Flushes(Workload):
    """Each CPU asks the other to flush and waits for it, with interrupts off."""

    serves: bool = parameter(False, "a waiting CPU serves the other's request")

    def layout(self, memory: Memory) -> None:
        self.asked: Array[Line] = memory.array(Line, 2)
        self.done: Array[Line] = memory.array(Line, 1)

    @routine(vector="flush")
    def on_flush(self, cpu: Cpu) -> None:
        self.serve(cpu)

    @routine
    def serve(self, cpu: Cpu) -> None:
        if self.asked[cpu.id].value == 1:
            cpu.flush_tlb()
            self.asked[cpu.id].value = 0

    @routine
    def run(self, cpu: Cpu) -> None:
        cpu.exit_kernel()
        cpu.begin("operation")
        cpu.enter_kernel()
        other = 1 - cpu.id
        self.asked[other].value = 1
        cpu.send_ipi(other, "flush")
        while self.asked[other].value == 1:
            if self.serves:
                cpu.take_pending("flush")
                self.serve(cpu)
                if self.asked[other].value == 0:
                    break
            cpu.wait(self.asked[other].value)
        cpu.exit_kernel()
        cpu.end("operation")
        cpu.fetch_add(self.done[0].value, 1)
        while self.done[0].value < 2:  # the other may still ask
            cpu.wait(self.done[0].value)
        cpu.halt()


@dataclass(eq=False)
class Unmapping(Workload):
    """CPU 0 unmaps a page and gives its frame away; CPU 1 enters the space and touches the page.

    CPU 1 says that it uses the space in the mask, which CPU 0 looks at to see whom it must ask.
    """

    asks: bool = parameter(True, "CPU 0 asks those in the mask to forget the page")
    mask_first: bool = parameter(True, "CPU 1 enters the mask before the space")
    broadcasts: bool = parameter(False, "CPU 0 makes all TLBs forget instead")

    def layout(self, memory: Memory) -> None:
        self.table: Array[Word] = memory.array(Word, 2, aligned=True)
        self.mask: Array[Line] = memory.array(Line, 1)
        self.asked: Array[Line] = memory.array(Line, 1)
        self.done: Array[Line] = memory.array(Line, 1)
        memory.frames(1)
        memory.page_tables(1, 1)

    @routine
    def boot(self, cpu: Cpu) -> None:
        self.table[0] = 0 << ENTRY_SHIFT | LEAF | WRITABLE | PRESENT

    @routine(vector="forget")
    def on_forget(self, cpu: Cpu) -> None:
        cpu.invalidate_page(5, 0)
        self.asked[0].value = 0

    @routine
    def run(self, cpu: Cpu) -> None:
        if cpu.id == 0:
            self.unmap(cpu)
        else:
            if self.mask_first:
                self.mask[0].value = 1
                cpu.fence()
            cpu.set_space(5, self.table)
            if not self.mask_first:
                cpu.touch(0)
                self.mask[0].value = 1
            cpu.enable_interrupts()
            cpu.touch(0)
            cpu.touch(0)
            while self.done[0].value == 0:
                cpu.wait(self.done[0].value)
        cpu.halt()

    @routine
    def unmap(self, cpu: Cpu) -> None:
        self.table[0] = 0
        cpu.fence()
        if self.broadcasts:
            cpu.broadcast_page(5, 0)
        elif self.asks and self.mask[0].value == 1:
            self.asked[0].value = 1
            cpu.fence()
            cpu.send_ipi(1, "forget")
            while self.asked[0].value == 1:
                cpu.wait(self.asked[0].value)
        cpu.reuse_frame(0)
        self.done[0].value = 1


@dataclass(eq=False)
class Threads(Workload):
    """CPU 0 makes a thread, runs it, and lets CPU 1 run the rest of it."""

    waits: bool = parameter(True, "CPU 1 waits until the thread has been saved")
    makes: bool = parameter(True, "CPU 0 makes the thread")

    def layout(self, memory: Memory) -> None:
        self.words: Array[Line] = memory.array(Line, 2)
        memory.contexts(1)

    @routine
    def thread(self, cpu: Cpu, argument: Word) -> None:
        here = cpu.id
        self.words[1].value = argument
        cpu.switch_context(here)
        cpu.check(here == 0, "a register is lost")
        cpu.check(cpu.id == 1, "it runs elsewhere")
        cpu.check(self.words[1].value == argument, "an argument is lost")
        cpu.switch_context(cpu.id)

    @routine
    def run(self, cpu: Cpu) -> None:
        if cpu.id == 0:
            if self.makes:
                cpu.new_context(cpu.count, self.thread, 7)
            cpu.switch_context(cpu.count)
            self.words[0].value = 1
        else:
            if self.waits:
                while self.words[0].value == 0:
                    cpu.wait(self.words[0].value)
            cpu.switch_context(cpu.count)
            cpu.check(cpu.context == 1, "not its own context")
        cpu.halt()
