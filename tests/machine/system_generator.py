"""Random images that hold every instruction that kernels need, for engine against reference.

Beside the statements of `tests.machine.generator`: interrupts sent at random, handlers, threads of
each CPU's own and some that go from CPU to CPU, page tables that change under the TLBs.
"""

from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass

import numpy as np

from smplab.language.image import Home, Image, Layout, MemoryObject, Site
from smplab.language.isa import Op
from smplab.language.paging import ENTRY_SHIFT, LEAF, PRESENT, WRITABLE
from tests.machine.generator import (
    CPU,
    FRAME,
    STREAMS,
    Case,
    Writer,
    random_limits,
    random_machine,
)

VECTORS = ("first", "second", "timer")
TIMER = 2
TABLES, FLAG = 5, 6  # parameters
OWN = 2  # threads of each CPU
SHARED = 2  # threads that go from CPU to CPU
FRAMES = 12
SPACES = 3


@dataclass
class SystemWriter(Writer):
    """Emits rows with instructions for kernels among them."""

    levels: int = 1
    bits: int = 2
    handling: bool = False
    threads: tuple[int, ...] = ()

    @property
    def pages(self) -> int:
        return int(2 ** (self.levels * self.bits))

    def statement(self, depth: int) -> None:
        rng = self.rng
        if rng.random() < 0.4:
            choices = [self.flag, self.flag, self.send, self.send, self.timer, self.point]
            choices += [self.touch] * 4
            choices += [rng.choice((self.entry, self.forget, self.space, self.touch))]
            choices += [self.switch, self.switch, self.create, self.visit]
            rng.choice(choices)()
        else:
            super().statement(depth)

    def flag(self) -> None:
        ons = (Op.ENABLE, Op.EXIT) * 2
        op = self.rng.choice((*ons, Op.DISABLE, Op.ENTER, Op.TAKE))
        if self.handling and op in {Op.ENABLE, Op.EXIT} and self.rng.random() < 0.98:
            op = Op.ENTER
        operands = {Op.DISABLE: (0,), Op.TAKE: (0, self.rng.randrange(3))}.get(op, ())
        self.emit(op, *operands)

    def send(self) -> None:
        self.emit(Op.PARAM, 0, 0)
        self.emit(Op.ADDI, 1, CPU, self.rng.choice((0, 1, 1, 2, 3)))
        self.emit(Op.MOD, 1, 1, 0)
        if self.risky and self.rng.random() < 0.02:
            self.emit(Op.ADDI, 1, 1, 1)
        for _ in range(self.rng.choice((1, 1, 1, 3))):
            self.emit(Op.SEND, 1, self.rng.randrange(2))

    def timer(self) -> None:
        self.emit(Op.TIME, 0)
        self.emit(Op.ADDI, 0, 0, self.rng.choice((-50, 0, 10, 100, 500, 10**6)))
        if self.rng.random() < 0.2:
            self.emit(Op.MOVI, 0, 0)
        if not self.risky:  # a time before the beginning would be an error
            self.emit(Op.MOVI, 1, 0)
            skip = self.emit(Op.BLE, 1, 0, 0)
            self.emit(Op.MOVI, 0, 0)
            self.rows[skip][3] = len(self.rows)
        self.emit(Op.TIMER, 0, TIMER)

    def point(self) -> None:
        number = self.rng.randrange(2)
        if self.rng.random() < 0.3:
            self.emit(Op.TOGGLE, number, self.value())
        else:
            self.emit(Op.POINT, self.target(), number)

    # --- contexts

    def _own(self, register: int) -> None:
        """Set a register to the number of one of this CPU's own threads; uses register 1."""
        self.emit(Op.CPUID, register)
        self.emit(Op.MOVI, 1, OWN)
        self.emit(Op.MUL, register, register, 1)
        self.emit(Op.PARAM, 1, 0)
        self.emit(Op.ADD, register, register, 1)
        self.emit(Op.ADDI, register, register, self.rng.randrange(OWN))

    def create(self) -> None:
        if self.threads and (self.risky or not self.handling) and self.rng.random() < 0.5:
            self.only_at_home(self._create)

    def _create(self) -> None:
        self._own(0)
        self.emit(Op.CREATE, 0, self.rng.choice(self.threads), self.value())

    def only_at_home(self, then: object) -> None:
        """Do something in the context that the CPU started in only."""
        self.emit(Op.CONTEXT, 0)
        self.emit(Op.CPUID, 1)
        skip = self.emit(Op.BNE, 0, 1, 0)
        assert callable(then)
        then()
        self.rows[skip][3] = len(self.rows)
        self.emit(Op.NOP)

    def switch(self) -> None:
        """To one of its own threads, or back to where the CPU started."""
        self.emit(Op.CONTEXT, 0)
        self.emit(Op.CPUID, 1)
        here = self.emit(Op.BEQ, 0, 1, 0)
        self.emit(Op.MOV, 0, 1)
        there = self.emit(Op.JMP, 0)
        self.rows[here][3] = len(self.rows)
        self._own(0)
        self.rows[there][1] = len(self.rows)
        self.emit(Op.SWITCH, 0)

    def visit(self) -> None:
        """Run a thread that others run as well, one CPU at a time."""
        self.only_at_home(self._visit)

    def _visit(self) -> None:
        number = self.rng.randrange(SHARED)
        self.emit(Op.PARAM, 2, FLAG)
        self.emit(Op.MOVI, 3, 1)
        self.emit(Op.SWAP, 4, 2, number, 3)
        taken = self.emit(Op.BEQ, 4, 3, 0)
        self.emit(Op.PARAM, 0, 0)
        self.emit(Op.MOVI, 1, 1 + OWN)
        self.emit(Op.MUL, 0, 0, 1)
        self.emit(Op.ADDI, 0, 0, number)
        self.emit(Op.SWITCH, 0)
        self.emit(Op.PARAM, 2, FLAG)
        self.emit(Op.MOVI, 3, 0)
        self.emit(Op.STORE, 2, number, 3)
        self.rows[taken][3] = len(self.rows)

    # --- translation

    def space(self) -> None:
        number = self.rng.randrange(SPACES)
        self.emit(Op.MOVI, 0, number)
        self.emit(Op.PARAM, 1, TABLES)
        self.emit(Op.ADDI, 1, 1, number * self.levels * 2**self.bits)
        self.emit(Op.SPACE, 0, 1)

    def touch(self) -> None:
        page = self.rng.randrange(self.pages) if self.rng.random() < 0.5 else 0
        if self.risky and self.rng.random() < 0.01:
            page = self.pages
        self.emit(Op.MOVI, 0, page)
        self.emit(Op.TOUCH, self.target(), 0, self.value())

    def entry(self) -> None:
        """Write a word of some level of a space's tables, each level one node."""
        rng = self.rng
        level = rng.randrange(self.levels)
        node = rng.randrange(SPACES) * self.levels + level
        size = 2**self.bits
        reach = 2 ** (self.bits * (self.levels - 1 - level))
        if level == self.levels - 1 or (reach <= FRAMES and rng.random() < 0.2):
            frame = rng.randrange(max(1, FRAMES - reach + 1))
            word = frame << ENTRY_SHIFT | LEAF | rng.choice((PRESENT, PRESENT, PRESENT, 0))
            self.emit(Op.MOVI, 0, word | rng.choice((0, WRITABLE)))
        else:
            self.emit(Op.PARAM, 0, TABLES)
            self.emit(Op.ADDI, 0, 0, (node + 1) * size)
            self.emit(Op.MOVI, 1, ENTRY_SHIFT)
            self.emit(Op.SHL, 0, 0, 1)
            self.emit(Op.ADDI, 0, 0, PRESENT)
        self.emit(Op.PARAM, 1, TABLES)
        self.emit(Op.STORE, 1, node * size + rng.randrange(size), 0)

    def forget(self) -> None:
        rng = self.rng
        self.emit(Op.MOVI, 0, rng.randrange(SPACES))
        self.emit(Op.MOVI, 1, rng.randrange(self.pages))
        kind = rng.random()
        if kind < 0.3:
            self.emit(Op.DROP, 0, 1)
        elif kind < 0.5:
            self.emit(Op.DROPSPACE, 0)
        elif kind < 0.6:
            self.emit(Op.FLUSH)
        elif kind < 0.65:
            self.emit(Op.DROPALL, 0, 1)
        elif kind < 0.7:
            self.emit(Op.DROPSPACEALL, 0)
        elif kind < 0.75:
            self.emit(Op.MOVI, 0, rng.randrange(FRAMES + (rng.random() < 0.1)))
            self.emit(Op.REUSE, 0)

    def tables(self) -> None:
        for _ in range(SPACES * self.levels * 2**self.bits):
            self.entry()


def random_system_image(rng: random.Random) -> Image:
    writer = SystemWriter(
        rng, risky=rng.random() < 0.3, waits=rng.random() < 0.7,
        levels=rng.choice((1, 2, 3)), bits=rng.choice((1, 2)),
    )  # fmt: skip
    for _ in range(rng.randrange(3)):
        start = len(writer.rows)
        writer.block(rng.randrange(1, 5), 1)
        writer.emit(Op.RET)
        writer.routines.append(start)
    handlers = []
    writer.handling = True
    for _ in VECTORS:
        handlers.append(len(writer.rows))
        writer.prologue()
        writer.block(rng.randrange(5), 1)
        writer.emit(Op.IRET)
    writer.handling = False
    starts = []
    for _ in range(2):
        starts.append(len(writer.rows))
        writer.prologue()
        if rng.random() < 0.5:
            writer.emit(Op.EXIT)
        forever = len(writer.rows)
        writer.block(rng.randrange(1, 6), 1)
        writer.emit(Op.CPUID, 0)
        writer.emit(Op.SWITCH, 0)
        writer.emit(Op.JMP, forever)
    boot = len(writer.rows)
    writer.prologue()
    writer.tables()
    writer.emit(Op.HALT)
    entry = len(writer.rows)
    writer.prologue()
    writer.space()
    for number in range(OWN):  # each CPU makes its threads, the first CPU those that are shared
        writer._own(0)
        writer.rows[-1][3] = number
        writer.emit(Op.CREATE, 0, rng.choice(starts), CPU)
    writer.emit(Op.MOVI, 0, 0)
    skip = writer.emit(Op.BNE, 0, CPU, 0)
    for number in range(SHARED):
        writer.emit(Op.PARAM, 0, 0)
        writer.emit(Op.MOVI, 1, 1 + OWN)
        writer.emit(Op.MUL, 0, 0, 1)
        writer.emit(Op.ADDI, 0, 0, number)
        writer.emit(Op.CREATE, 0, rng.choice(starts), CPU)
    writer.rows[skip][3] = len(writer.rows)
    writer.emit(Op.DELAY, 6)
    writer.threads = tuple(starts)
    if rng.random() < 0.7:
        writer.emit(rng.choice((Op.ENABLE, Op.EXIT)))
    forever = len(writer.rows)
    writer.emit(Op.BEGIN, 0)
    writer.block(rng.randrange(3, 14), 2)
    writer.emit(Op.END, 0)
    if rng.random() < 0.2:
        halts = writer.emit(Op.BNE, CPU, rng.choice((6, 0, 1)), 0)
        writer.emit(Op.HALT)
        writer.rows[halts][3] = len(writer.rows)
    writer.emit(Op.HALT) if rng.random() < 0.1 else writer.emit(Op.JMP, forever)
    code = np.array(writer.rows, np.int64)
    return Image(
        code=code,
        sites=tuple(Site("random.py", n, "run") for n in range(len(code))),
        entry=entry,
        boot=boot,
        parameters=(
            "cpus", "&a.hot", "&b.spread", "&c.own", "&g.ghost", "&d.tables", "&e.flags",
        ),
        constants={},
        objects=(
            MemoryObject("a.hot", 2, (8,)),
            MemoryObject("b.spread", 8, (4,), Home.INTERLEAVE),
            MemoryObject("c.own", 8, ("cpus", 4), Home.CPU, elements_per_home=2),
            MemoryObject("g.ghost", 1, (8,), ghost=True),
            MemoryObject("d.tables", 1, (SPACES * writer.levels * 2**writer.bits,)),
            MemoryObject("e.flags", 1, (SHARED,)),
        ),
        messages=("it holds",),
        regions=("operation", "part"),
        counters=("one", "two"),
        streams=STREAMS,
        registers=FRAME * rng.choice((2, 4)),
        call_depth=rng.choice((1, 3, 5)),
        vectors=VECTORS,
        handlers=tuple(handlers),
        points=("log", "trace"),
        contexts=(("cpus", OWN), (SHARED,)),
        frames=((FRAMES,),),
        page_levels=writer.levels,
        page_radix_bits=writer.bits,
    )  # fmt: skip


def random_system_case(number: int) -> Case:
    rng = random.Random(number)
    cpus = rng.choice((1, 2, 2, 3, 4, 6, 8, 65))
    image = random_system_image(rng)
    machine = random_machine(rng, cpus)
    entries, ways = rng.choice(((1, 1), (2, 2), (4, 2), (8, 4), (6, 2)))
    costs = dataclasses.replace(
        machine.costs, ipi_send=rng.choice((0, 20)), ipi=rng.choice((0, 30, 400)),
        interrupt_entry=rng.choice((0, 40)), interrupt_exit=rng.choice((0, 25)),
        kernel_entry=rng.choice((0, 10)), kernel_exit=rng.choice((0, 10)),
        switch=rng.choice((0, 30)), space=rng.choice((0, 30)), tlb_entries=entries, tlb_ways=ways,
        tlb_tags=rng.random() < 0.5, tlb_drop=rng.choice((0, 12)), tlb_flush=rng.choice((0, 20)),
        tlb_broadcast=rng.choice((0, 50, 50)), toggle=rng.choice((0, 60)),
    )  # fmt: skip
    machine = dataclasses.replace(machine, costs=costs)
    chosen = np.array(rng.sample(range(machine.cpus), cpus))
    layout = Layout(cpus, machine.nodes, tuple(int(n) for n in machine.node[chosen]))
    return Case(
        image.load({}, layout), machine, chosen, rng.randrange(2**63), random_limits(rng, cpus),
        rng.choice((0.5, 1.0, 1.0, 2.0, 0.35)),
    )  # fmt: skip
