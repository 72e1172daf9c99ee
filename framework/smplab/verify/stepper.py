"""The same system, one action at a time, on the reference interpreter's CPUs: no tables, no tricks.

It says what an action does (`smplab.verify.trace`), replays schedules, and is what the compiled
search is tested against.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable
from typing import Self

import numpy as np

from smplab.language.image import LINE_WORDS, Program
from smplab.language.isa import FIRST_ORDERED, Op
from smplab.machine import faults
from smplab.machine.description import Costs
from smplab.machine.diagnosis import name_of
from smplab.machine.plan import Plan
from smplab.machine.reference_cpu import Cpu, Stopped
from smplab.verify.alternatives import alternatives
from smplab.verify.compute import INERT, MAX_LOCAL
from smplab.verify.flow import ATOMICS, DRAWS, Flow, analyse
from smplab.verify.options import MemoryModel, Options
from smplab.verify.verdict import Action, Event
from smplab.verify.words import OverflowFault, atomic


class Walker(Cpu):
    """A reference CPU that stands in front of an ordered instruction, or failed."""

    stopped: Stopped | None = None
    watch: int | None = None
    """Line read last, if nobody has written it since."""

    def clone(self) -> Walker:
        """Return an independent copy."""
        other = copy.copy(self)
        other.registers = list(self.registers)
        other.stack = list(self.stack)
        return other

    def local(self, op: Op) -> None:
        """Execute one local instruction."""
        self._execute(op, 0)


class Stepper:
    """The system between two actions.

    Attributes:
        memory, ghost: words.
        cpus: the CPUs; `stopped` of one that failed says why.
        buffers: pending stores of each CPU, (address, value), oldest first.
    """

    _interruptible = False
    """Whether there are handlers."""
    _switching = False
    """Whether CPUs run several contexts."""

    def __init__(
        self, program: Program, options: Options, direct: frozenset[int] = frozenset()
    ) -> None:
        """Boot, and run every CPU up to its first ordered instruction.

        Args:
            program: what runs.
            options: memory model, depth of store buffers and random values count here.
            direct: addresses whose stores need no buffer, because only their writer uses them.

        Raises:
            Stopped: boot failed.
        """
        self.program, self.options, self.direct = program, options, direct
        self.flow: Flow = analyse(program.image)
        self.memory = [0] * program.memory_words
        self.ghost = [0] * program.ghost_words
        plan = _plan(program)
        self.buffers: list[list[tuple[int, int]]] = [[] for _ in range(program.cpus)]
        self._depth = 0
        if program.image.boot >= 0:
            self._boot(Walker(0, plan))
        self._depth = options.depth_of_buffer
        self.cpus = [Walker(number, plan) for number in range(program.cpus)]
        self._prepare()
        for cpu in self.cpus:
            self._start(cpu)

    def _boot(self, cpu: Walker) -> None:
        cpu.pc = self.program.image.boot
        self.cpus = [cpu]
        self._prepare()
        self._start(cpu)
        while self.enabled(cpu):
            self.do(Action(0))
        if cpu.stopped:
            raise cpu.stopped

    def _prepare(self) -> None:
        """Give the CPUs what they have beside registers: here, nothing."""

    def clone(self) -> Self:
        """Return an independent copy."""
        other = copy.copy(self)
        other.memory, other.ghost = list(self.memory), list(self.ghost)
        other.cpus = [cpu.clone() for cpu in self.cpus]
        other.buffers = [list(buffer) for buffer in self.buffers]
        return other

    def key(self) -> Hashable:
        """Return all that the future depends on, and dead registers."""
        cpus = tuple(
            (c.pc, c.base, tuple(c.stack), tuple(c.registers), c.watch, c.stopped is None)
            for c in self.cpus
        )
        return cpus, tuple(self.memory), tuple(self.ghost), tuple(map(tuple, self.buffers))

    # ------------------------------------------------------------------ what can happen

    def actions(self) -> list[Action]:
        """Everything that can happen next, one ordered instruction each."""
        found = []
        for cpu in self.cpus:
            if self.enabled(cpu):
                choices = self._choices(cpu)
                found += [Action(cpu.number, choice=c) for c in range(max(len(choices), 1))]
            found += [
                Action(cpu.number, drain=True, choice=address)
                for address in self._leaving(cpu.number)
            ]
        return found

    def enabled(self, cpu: Walker) -> bool:
        """Whether a CPU's next ordered instruction can be executed now."""
        op = Op(cpu.row[0])
        if cpu.stopped or op in (Op.HALT, Op.WAIT):
            return False
        pending = len(self.buffers[cpu.number])
        if op is Op.STORE and self._depth and self._address(cpu) not in self.direct:
            return pending < self._depth
        return pending == 0 or (op not in ATOMICS and op is not Op.FENCE)

    @property
    def asleep(self) -> list[int]:
        """CPUs in WAIT."""
        return [c.number for c in self.cpus if not c.stopped and c.row[0] == Op.WAIT]

    def _choices(self, cpu: Walker) -> tuple[int, ...]:
        op = Op(cpu.row[0])
        if op not in DRAWS:
            return ()
        operand = 0 if op is Op.TIME else cpu[cpu.row[2]]
        return alternatives(op, operand, self.options.random_values)

    def _leaving(self, cpu: int) -> list[int]:
        """Addresses of the stores that may leave a CPU's buffer now."""
        addresses = dict.fromkeys(address for address, _ in self.buffers[cpu])
        first = 1 if self.options.memory_model is MemoryModel.TSO else None
        return list(addresses)[:first]

    # ------------------------------------------------------------------ doing it

    def do(self, action: Action) -> list[Event]:
        """Perform an action, which must be possible; return what happened."""
        if action.drain:
            return [self._drain(action.cpu, action.choice)]
        cpu = self.cpus[action.cpu]
        events = []
        for _ in range(action.count):
            event = self._execute(cpu, action.choice)
            events.append(event)
        return events

    def _execute(self, cpu: Walker, choice: int) -> Event:
        pc, op = cpu.pc, Op(cpu.row[0])
        place = values = ""
        try:
            if op in DRAWS:
                cpu[cpu.row[1]] = self._choices(cpu)[choice]
                values = str(cpu[cpu.row[1]])
            elif op in (Op.GLOAD, Op.GSTORE):
                place, values = self._ghost_access(cpu, op)
            elif op not in (Op.FENCE, Op.END):
                place, values = self._access(cpu, op)
            cpu.pc += 1
            self._settle(cpu)
        except Stopped as stopped:
            cpu.stopped = stopped
        except OverflowFault:
            cpu.stopped = Stopped(faults.OVERFLOW)
        return Event(cpu.number, pc, op.name, place, values)

    def _access(self, cpu: Walker, op: Op) -> tuple[str, str]:
        _, a, _, c, d, e = cpu.row
        address = self._address(cpu)
        if not LINE_WORDS <= address < len(self.memory):
            raise Stopped(faults.ADDRESS, address)
        name = name_of(self.program, address)
        if op is Op.LOAD:
            pending = [v for at, v in self.buffers[cpu.number] if at == address]
            cpu[a] = pending[-1] if pending else self.memory[address]
            cpu.watch = address // LINE_WORDS
            return name, f"{cpu[a]}" + (" (own store)" if pending else "")
        if op is Op.STORE:
            value = cpu[c]
            if self._depth and address not in self.direct:
                self.buffers[cpu.number].append((address, value))
                return name, f"{value} (buffered)"
            old = self.memory[address]
            self._write(address, value)
            return name, f"{old} -> {value}"
        old = self.memory[address]
        cpu[a], new = atomic(op, old, cpu[d], cpu[e])
        self._write(address, new)
        cpu.watch = address // LINE_WORDS
        failed = op is Op.CAS and not cpu[a]
        return name, f"{old}, expected {cpu[d]}" if failed else f"{old} -> {new}"

    def _ghost_access(self, cpu: Walker, op: Op) -> tuple[str, str]:
        _, a, b, c, _, _ = cpu.row
        address = cpu[a] + b if op is Op.GSTORE else cpu[b] + c
        if not LINE_WORDS <= address < len(self.ghost):
            raise Stopped(faults.GHOST_ADDRESS, address)
        old = self.ghost[address]
        if op is Op.GLOAD:
            cpu[a] = old
            return name_of(self.program, address, ghost=True), str(old)
        self.ghost[address] = cpu[c]
        return name_of(self.program, address, ghost=True), f"{old} -> {cpu[c]}"

    def _drain(self, number: int, address: int) -> Event:
        buffer = self.buffers[number]
        position = [at for at, _ in buffer].index(address)
        _, value = buffer.pop(position)
        old = self.memory[address]
        self._write(address, value)
        return Event(number, -1, "drain", name_of(self.program, address), f"{old} -> {value}")

    @staticmethod
    def _address(cpu: Walker) -> int:
        _, a, b, c, _, _ = cpu.row
        return cpu[a] + b if cpu.row[0] in (Op.STORE, Op.WAIT) else cpu[b] + c

    def _write(self, address: int, value: int) -> None:
        """Put a value into memory; who watches the line goes on."""
        self.memory[address] = value
        for cpu in self.cpus:
            if cpu.watch == address // LINE_WORDS:
                cpu.watch = None
                if not cpu.stopped and cpu.row[0] == Op.WAIT:
                    self._wake(cpu)

    def _wake(self, cpu: Walker) -> None:
        """The line that a CPU in front of a WAIT watches was written."""
        self._start(cpu, woken=True)

    def _start(self, cpu: Walker, *, woken: bool = False) -> None:
        """Run a CPU up to its next ordered instruction, or to its failure."""
        try:
            self._settle(cpu, woken=woken)
        except Stopped as stopped:
            cpu.stopped = stopped

    def _settle(self, cpu: Walker, *, woken: bool = False) -> None:
        """Run up to the next ordered instruction that matters; to a `woken` CPU an END does."""
        for _ in range(MAX_LOCAL):
            op = Op(cpu.row[0])
            if op in DRAWS:
                values = self._choices(cpu)
                if not values:
                    raise Stopped(faults.BOUND, cpu[cpu.row[2]])
                if len(values) > 1 and self.flow.live[cpu.pc + 1] >> cpu.row[1] & 1:
                    return
                cpu[cpu.row[1]] = values[0]
                cpu.pc += 1
            elif op < FIRST_ORDERED:
                cpu.local(op)
            elif op is Op.WAIT:
                address = self._address(cpu)
                if not LINE_WORDS <= address < len(self.memory):
                    raise Stopped(faults.ADDRESS, address)
                if cpu.watch == address // LINE_WORDS or self._interruptible:
                    return
                cpu.pc += 1
            elif op is Op.END and cpu.row[1] == 0 and (woken or self._switching):
                return
            elif self._passes(cpu, op):
                cpu.pc += 1
            else:
                self._refuse_outside(cpu, op)
                return
        raise Stopped(faults.LOOP, MAX_LOCAL)

    def _passes(self, cpu: Walker, op: Op) -> bool:  # noqa: ARG002 - kernels change the CPU
        """Execute an instruction that only its CPU can notice; False: it is no such."""
        return op in INERT or op in (Op.BEGIN, Op.END) or (op is Op.FENCE and not self._depth)

    def _refuse_outside(self, cpu: Walker, op: Op) -> None:
        """An access outside memory fails where it stands, before anybody else goes on."""
        if op in (Op.HALT, Op.FENCE, Op.END):
            return
        _, a, b, c, _, _ = cpu.row
        address = cpu[a] + b if op in (Op.STORE, Op.GSTORE) else cpu[b] + c
        ghost = op in (Op.GLOAD, Op.GSTORE)
        if not LINE_WORDS <= address < len(self.ghost if ghost else self.memory):
            raise Stopped(faults.GHOST_ADDRESS if ghost else faults.ADDRESS, address)


def _plan(program: Program) -> Plan:
    """What a reference CPU wants to know of a machine: here, that nothing takes time."""
    cpus = np.arange(program.cpus)
    nothing = np.zeros(program.cpus, np.int64)
    return Plan(
        program=program, entry=program.image.entry, booting=False, cpus=program.cpus, core=cpus,
        core_place=nothing, distance=np.zeros((1, 1), np.int32),
        home_place=np.zeros(len(program.home_of_line), np.int32), hit=0, rmw=0, occ_r=0,
        occ_w_percent=100, near_percent=0, smt_percent=100, home_from=0, mem=0, far=0, instr=0,
        instr_shared=0, warmup=0, stop=0, operations=0, must_finish=False, max_local=MAX_LOCAL,
        costs=Costs(), line_key=0, stream_keys=(0,) * len(program.image.streams),
    )  # fmt: skip
