"""Random images, machines and limits for comparing the engine with the reference.

Programs are rows of the instruction set, not compiled routines, so that every opcode and every
operand form occurs, sensible or not. Loops are counted or end with the run.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from smplab.language.image import Home, Image, Layout, MemoryObject, Program, Site
from smplab.language.isa import Cause, Op
from smplab.machine.description import Costs, Machine
from smplab.machine.result import Limits

VALUES = 6  # registers 0..5 hold values
SMALL = 6  # holds a small number that is never written again
POINTERS = (7, 8, 9)  # hold addresses
LOOP = 10
CPU = 11
FRAME = 12
STREAMS = ("think", "pick")
BINARY = (Op.ADD, Op.SUB, Op.MUL, Op.AND, Op.OR, Op.XOR, Op.EQ, Op.NE, Op.LT, Op.LE)
RISKY = (Op.DIV, Op.MOD, Op.SHL, Op.SHR, Op.SAR)
BRANCHES = (Op.BEQ, Op.BNE, Op.BLT, Op.BLE)
ATOMICS = (Op.SWAP, Op.FADD, Op.FOR, Op.FAND)


@dataclass(frozen=True)
class Case:
    """The arguments of `simulate`."""

    program: Program
    machine: Machine
    cpus: npt.NDArray[np.int64]
    seed: int
    limits: Limits
    instr_cycles: float


@dataclass
class Writer:
    """Emits rows of one program."""

    rng: random.Random
    risky: bool
    waits: bool
    routines: list[int] = field(default_factory=list)
    rows: list[list[int]] = field(default_factory=list)

    def emit(self, op: Op, *operands: int) -> int:
        self.rows.append([op, *operands, *[0] * (5 - len(operands))])
        return len(self.rows) - 1

    def value(self) -> int:
        return int(self.rng.choice((*range(VALUES), SMALL, CPU)))

    def target(self) -> int:
        return self.rng.randrange(VALUES)

    def place(self) -> tuple[int, int]:
        offset = self.rng.choice((0, 0, 0, 1, 2, 8))
        if self.risky and self.rng.random() < 0.01:
            return self.value(), offset
        return self.rng.choice(POINTERS), offset

    def prologue(self) -> None:
        self.emit(Op.CPUID, CPU)
        self.emit(Op.PARAM, POINTERS[0], 1)
        self.emit(Op.PARAM, POINTERS[1], 2)
        self.emit(Op.PARAM, POINTERS[2], 3)
        self.emit(Op.MOVI, 0, 16)
        self.emit(Op.MUL, 0, 0, CPU)
        self.emit(Op.ADD, POINTERS[2], POINTERS[2], 0)
        self.emit(Op.MOVI, SMALL, self.rng.randrange(1, 40))
        for register in range(VALUES):
            self.emit(Op.MOVI, register, self.rng.choice((0, 1, 2, 3, 7, 100, -1, -5)))

    def block(self, length: int, depth: int) -> None:
        for _ in range(length):
            self.statement(depth)

    def statement(self, depth: int) -> None:
        rng = self.rng
        kind = rng.random()
        if kind < 0.30:
            self.arithmetic()
        elif kind < 0.55:
            self.access()
        elif kind < 0.63 and self.waits:
            self.wait()
        elif kind < 0.72:
            self.laboratory()
        elif kind < 0.82:
            self.time()
        elif kind < 0.90 and depth > 0:
            branch = self.emit(rng.choice(BRANCHES), self.value(), self.value(), 0)
            self.block(rng.randrange(1, 4), depth - 1)
            self.rows[branch][3] = len(self.rows)
            self.emit(Op.NOP)
        elif kind < 0.95 and depth > 1:
            self.loop(depth)
        elif self.routines:
            self.emit(Op.CALL, rng.choice(self.routines), rng.choice((0, 0, FRAME)))
        else:
            self.emit(Op.NOP)

    def arithmetic(self) -> None:
        rng = self.rng
        if self.risky and rng.random() < 0.05:
            self.emit(rng.choice(RISKY), self.target(), self.value(), self.value())
        elif rng.random() < 0.3:
            op = rng.choice(BINARY if self.risky else (*BINARY[3:],))
            self.emit(op, self.target(), self.value(), self.value())
        elif rng.random() < 0.5:
            op, right = rng.choice(
                ((Op.MOD, SMALL), (Op.DIV, SMALL), (Op.SAR, SMALL), (Op.SHR, SMALL))
            )
            self.emit(op, self.target(), self.value(), right)
        else:
            op = rng.choice((Op.MOVI, Op.MOV, Op.ADDI, Op.PARAM, Op.TIME, Op.CPUID))
            right = rng.choice((SMALL, CPU))
            operands = {
                Op.MOVI: (rng.randrange(-3, 50),), Op.MOV: (self.value(),), Op.PARAM: (0,),
                Op.ADDI: (right, rng.randrange(-4, 5)), Op.TIME: (), Op.CPUID: (),
            }[op]  # fmt: skip
            self.emit(op, self.target(), *operands)

    def access(self) -> None:
        rng, (pointer, offset) = self.rng, self.place()
        op = rng.choice((Op.LOAD, Op.LOAD, Op.LOAD, Op.STORE, Op.CAS, *ATOMICS))
        if op is Op.LOAD:
            self.emit(op, self.target(), pointer, offset)
        elif op is Op.STORE:
            self.emit(op, pointer, offset, self.value())
        elif op is Op.CAS:
            self.emit(op, self.target(), pointer, offset, self.value(), self.value())
        else:
            right = self.value() if self.risky else rng.choice((SMALL, CPU))
            self.emit(op, self.target(), pointer, offset, right)

    def wait(self) -> None:
        """Wait as locks do, load first; sometimes without having loaded; some CPUs never do."""
        rng, (pointer, offset) = self.rng, self.place()
        skip = -1
        if rng.random() < 0.7:
            skip = self.emit(rng.choice((Op.BEQ, Op.BNE)), CPU, rng.choice((SMALL, 0)), 0)
        again = len(self.rows)
        if rng.random() < 0.85:
            self.emit(Op.LOAD, 0, pointer, offset)
        for _ in range(rng.randrange(3)):
            self.emit(*rng.choice(((Op.NOP,), (Op.TIME, 1))))
        if rng.random() < 0.3:
            self.emit(Op.DELAY, SMALL)
        self.emit(Op.WAIT, pointer, offset, rng.choice((Cause.LOCK_WAIT, Cause.IDLE)))
        if rng.random() < 0.6:
            self.emit(Op.LOAD, 1, pointer, offset)
            if rng.random() < 0.5:
                self.emit(Op.BEQ, 0, 1, again)
        if skip >= 0:
            self.rows[skip][3] = len(self.rows)
            self.emit(Op.NOP)

    def laboratory(self) -> None:
        rng = self.rng
        kind = rng.randrange(6)
        if kind == 0:
            self.emit(Op.BEGIN, 1)
            self.block(rng.randrange(3), 0)
            self.emit(Op.END, 1)
        elif kind == 1:
            self.emit(Op.COUNT, rng.randrange(2), rng.choice((SMALL, CPU)))
        elif kind == 2:
            self.emit(Op.CAUSE, rng.choice((Cause.USER, Cause.KERNEL, Cause.TLB)))
        elif kind == 3:
            self.emit(Op.PARAM, 0, 4)
            self.emit(Op.GLOAD, 1, 0, rng.randrange(4))
        elif kind == 4:
            self.emit(Op.PARAM, 0, 4)
            self.emit(Op.GSTORE, 0, rng.randrange(4), self.value())
        elif self.risky and rng.random() < 0.1:
            self.emit(Op.CHECK, self.value(), 0)
        else:
            self.emit(Op.CHECK, SMALL, 0)

    def time(self) -> None:
        rng = self.rng
        kind = rng.randrange(6)
        if kind == 0:
            self.emit(Op.FENCE)
        elif kind == 1:
            self.emit(Op.RAND, 0, SMALL, rng.randrange(2))
            self.emit(Op.DELAY, 0)
        elif kind == 2:
            self.emit(Op.MOVI, 0, rng.choice((0, 1, 5, 100, 400)))
            self.emit(Op.RANDEXP, 0, 0, rng.randrange(2))
            self.emit(Op.DELAY, 0)
        elif kind == 3 and self.risky:
            self.emit(rng.choice((Op.RAND, Op.RANDEXP)), 0, self.value(), 0)
        else:
            self.emit(Op.DELAY, SMALL)

    def loop(self, depth: int) -> None:
        self.emit(Op.MOVI, LOOP, self.rng.randrange(1, 5))
        start = len(self.rows)
        self.block(self.rng.randrange(1, 5), min(depth - 1, 1))
        self.emit(Op.ADDI, LOOP, LOOP, -1)
        zero = self.emit(Op.MOVI, 0, 0)
        assert zero > start
        self.emit(Op.BLT, 0, LOOP, start)


def random_image(rng: random.Random) -> Image:
    writer = Writer(rng, risky=rng.random() < 0.3, waits=rng.random() < 0.7)
    for _ in range(rng.randrange(3)):
        start = len(writer.rows)
        writer.block(rng.randrange(1, 5), 1)
        writer.emit(Op.RET)
        writer.routines.append(start)
    if writer.routines and rng.random() < 0.1:  # a routine that may call itself, for the stack
        writer.rows[-1] = [Op.CALL, writer.routines[-1], 1, 0, 0, 0]
        writer.emit(Op.RET)
    boot = -1
    if rng.random() < 0.4:
        boot = len(writer.rows)
        writer.prologue()
        writer.waits, waits = False, writer.waits
        writer.block(rng.randrange(1, 6), 2)
        writer.waits = waits
        writer.emit(Op.HALT)
    entry = len(writer.rows)
    writer.prologue()
    if rng.random() < 0.1:  # time ends for all within finite time
        writer.emit(Op.BEGIN, 0)
        writer.block(rng.randrange(3, 20), 2)
        writer.emit(Op.END, 0)
        writer.emit(Op.HALT)
    else:
        forever = len(writer.rows)
        writer.emit(Op.BEGIN, 0)
        writer.block(rng.randrange(3, 14), 2)
        writer.emit(Op.END, 0)
        if rng.random() < 0.2:
            halts = writer.emit(Op.BNE, CPU, rng.choice((SMALL, 0, 1)), 0)
            writer.emit(Op.HALT)
            writer.rows[halts][3] = len(writer.rows)
        writer.block(rng.randrange(3), 1)
        writer.emit(Op.JMP, forever)
    code = np.array(writer.rows, np.int64)
    return Image(
        code=code,
        sites=tuple(Site("random.py", n, "run") for n in range(len(code))),
        entry=entry,
        boot=boot,
        parameters=("cpus", "&a.hot", "&b.spread", "&c.own", "&g.ghost"),
        constants={},
        objects=(
            MemoryObject("a.hot", 2, (8,)),
            MemoryObject("b.spread", 8, (4,), Home.INTERLEAVE),
            MemoryObject("c.own", 8, ("cpus", 4), Home.CPU, elements_per_home=2),
            MemoryObject("g.ghost", 1, (8,), ghost=True),
        ),
        messages=("it holds",),
        regions=("operation", "part"),
        counters=("one", "two"),
        streams=STREAMS,
        registers=FRAME * rng.choice((2, 4)),
        call_depth=rng.choice((1, 3, 5)),
    )


def random_machine(rng: random.Random, cpus: int) -> Machine:
    threads = rng.choice((1, 1, 2, 4))
    per_place = rng.choice((1, 2, 4)) * threads
    number = np.arange(cpus + rng.randrange(4))
    if rng.random() < 0.3:
        number = np.array(rng.sample(range(len(number)), len(number)))
    core = number // threads
    place = number // per_place
    places = int(place.max()) + 1
    nodes = rng.choice((1, 2, 4))
    node = number % nodes
    scale = rng.choice((1, 10, 100))
    table = np.array(
        [
            [scale * rng.randrange(0 if scale == 1 else 1, 9) for _ in range(places)]
            for _ in range(places)
        ]
    )
    if rng.random() < 0.5:
        table = np.maximum(table, table.T)
    costs = Costs(
        hit=rng.choice((1, 3)), rmw=rng.choice((0, 15)), occ_r=rng.choice((0, 1, 20, 90)),
        occ_w=rng.choice((1, 41, 100, 100, 218)), near=rng.choice((0, 0, 50, 100)),
        smt=rng.choice((100, 155, 190)), home_from=rng.choice((0, 0, 3 * scale)),
        mem=rng.choice((0, 50)), far=rng.choice((0, 0, 0, 17)),
    )  # fmt: skip

    def ints(values: npt.ArrayLike) -> npt.NDArray[np.int32]:
        return np.asarray(values, np.int32)

    return Machine(
        name="random", clock_ghz=2.0, core=ints(core), cluster=ints(place), socket=ints(place),
        node=ints(node), place=ints(place), distance_cycles=ints(table),
        place_of_node=ints([rng.randrange(places) for _ in range(nodes)]), costs=costs, origins={},
    )  # fmt: skip


def random_limits(rng: random.Random, cpus: int) -> Limits:
    warmup = rng.choice((0, 0, 300, 1000))
    length = rng.choice((500, 2000, 6000) if cpus < 10 else (500, 900))
    kind = rng.random()
    if kind < 0.45:
        return Limits(warmup, run_cycles=length, max_local_instructions=2000)
    if kind < 0.9:
        operations = rng.choice((1, 5, 30))
        run = length if rng.random() < 0.1 else None
        return Limits(warmup, run, operations, warmup + 3 * length, 2000)
    return Limits(warmup, max_cycles=warmup + length, max_local_instructions=2000)


def random_case(number: int) -> Case:
    rng = random.Random(number)
    cpus = (
        rng.choice((1, 2, 2, 3, 4, 5, 8, 13, 64, 65, 70))
        if rng.random() < 0.5
        else rng.randrange(1, 9)
    )
    image = random_image(rng)
    machine = random_machine(rng, cpus)
    chosen = np.array(rng.sample(range(machine.cpus), cpus))
    layout = Layout(cpus, machine.nodes, tuple(int(n) for n in machine.node[chosen]))
    return Case(
        image.load({}, layout), machine, chosen, rng.randrange(2**63), random_limits(rng, cpus),
        rng.choice((0.5, 1.0, 1.0, 2.0, 0.35)),
    )  # fmt: skip
