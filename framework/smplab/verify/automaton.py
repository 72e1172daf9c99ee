"""Each CPU as an automaton: local states, and what their next ordered instruction makes of memory.

A CPU is deterministic between ordered instructions, so an ordered instruction and all that follows
it up to the next one is a function of the CPU's local state and of the value it meets in memory.
The automaton holds that function as a table, filled as the search asks: each entry costs one run of
the local instructions, and the search itself only looks up. A state of the system is then one small
number for each CPU and one for each word that the run has changed. G. J. Holzmann, "State
Compression in Spin", 3rd Spin Workshop, 1997, stores processes so; here they are executed so as
well.
"""

from __future__ import annotations

from typing import NamedTuple

from smplab.language.image import LINE_WORDS, Program
from smplab.language.isa import Op
from smplab.machine import faults
from smplab.verify import tables as t
from smplab.verify.alternatives import alternatives
from smplab.verify.compute import MAX_LOCAL, Processor
from smplab.verify.equivalence import representatives
from smplab.verify.flow import ATOMICS, DRAWS, READS, Flow, analyse
from smplab.verify.options import Options, Progress
from smplab.verify.sharing import Sharing
from smplab.verify.symmetry import interchangeable
from smplab.verify.unit import Unit
from smplab.verify.words import Area, OverflowFault, Words, atomic

MAX_TURNS = 10_000
"""Turns of a loop whose only ordered instructions are without effect here."""

LOCAL_BYTES = 1500
"""Memory of a local state in Python: its tuples, and its entries in lists and dictionaries."""


class Local(NamedTuple):
    """A CPU's local state in front of an ordered instruction (or draw, or fault).

    Attributes:
        registers: from register 0 of the CPU on; those that nobody will read are 0.
        frames: return address and base of each open call.
        watch: line read last, if it matters whether it was written since, else -1.
        pending: an operation (region 0) began and has not ended.
        fault, detail: as in `smplab.machine.faults`, or 0.
        ahead: the instruction that is next is at fault; it has not been executed.
        unit: what kernels need beside, in images that do.
    """

    pc: int
    base: int
    frames: tuple[int, ...]
    registers: tuple[int, ...]
    watch: int
    pending: int
    fault: int = 0
    detail: int = 0
    ahead: int = 0
    unit: Unit | None = None


class Step(NamedTuple):
    """What a local state does next, for the tables.

    Attributes:
        state: the local state itself, with its fault if the instruction cannot be executed.
        kind, slot, value, choices: as in `smplab.verify.tables`.
        room: for transitions, a power of two or 0.
        like: an opcode whose access this is, as far as others can tell.
        also: slots that are accessed as well, at once after this one.
        merge: whether it may happen together with the step before it.
        at_once: whether it must; that step has named its slot.
    """

    state: Local
    kind: int
    slot: int = -1
    value: int = -1
    choices: int = -1
    room: int = 0
    like: Op = Op.HALT
    also: tuple[int, ...] = ()
    merge: bool = True
    at_once: bool = False


class Automaton:
    """All CPUs' local states and transitions, as far as known.

    Attributes:
        states: `Local` of each number, rank * cpus + cpu; None where a rank is not used.
        local, transition: tables for the search.
        words: the words that were accessed, with the values they took.
        sharing: which accesses other CPUs may observe.
        ranks: number of ranks used, by CPU.
        arrivals: kinds of interrupts that may reach a CPU, and `irq`, what they change there.
        contexts: slots of the words of contexts, by number.
        bounds: what was not covered, in words.
        symmetric: the CPUs are interchangeable, and have the same ranks.
        drew_few: a random number was not tried with every value.
    """

    def __init__(
        self, program: Program, options: Options, memory: list[int], ghost: list[int]
    ) -> None:
        self.program, self.options = program, options
        self.flow: Flow = analyse(program.image)
        self.symmetric = (
            options.symmetry
            and options.progress is Progress.NONE
            and not program.image.is_system
            and interchangeable(program.image)
        )
        self._same = representatives(program.image)
        self.rows: list[list[int]] = program.image.code.tolist()
        self.cpus = program.cpus
        self.words = Words(program, memory, ghost)
        self.buffered = options.depth_of_buffer > 0
        self.local = t.Table(t.LOCAL_COLUMNS, -1)
        self.transition = t.Table(t.TRANSITION_COLUMNS, -1)
        self.sharing = Sharing(options.reduction, self.buffered, self.local, self.transition)
        self.states: list[Local | None] = []
        self.ranks = [0] * self.cpus
        self.drew_few = False
        self.arrivals = 0
        self.irq = t.Table(t.FIRST_ARRIVAL, -1)
        self.contexts: range = range(0)
        self.bounds: tuple[str, ...] = ()
        self._ranks: list[dict[Local, int]] = [{} for _ in range(self.cpus)]
        self._processor = Processor(program)
        self._prepare()
        for cpu in range(self.cpus):
            self._begin(cpu)

    def _prepare(self) -> None:
        """Make ready what the first local states refer to: here, nothing."""

    def _begin(self, cpu: int) -> None:
        """Bring a CPU from the image's entry to its first local state."""
        self._processor.put(self.program.image.entry, 0, (), (0,) * self.program.image.registers)
        self._go_on(cpu, -1, 0)

    @property
    def bytes(self) -> int:
        """Memory in use, with an estimate for Python's objects."""
        tables = self.local.rows.nbytes + self.transition.rows.nbytes
        return tables + LOCAL_BYTES * len(self.states)

    @property
    def direct(self) -> frozenset[int]:
        """Addresses whose stores go straight to memory, since only their writer uses them."""
        if not self.buffered:
            return frozenset()
        kinds = self.local.rows
        return frozenset(
            self.words.key[kinds[n, t.SLOT]][1]
            for n, state in enumerate(self.states)
            if state is not None
            and kinds[n, t.KIND] == t.STORE
            and not self.words.key[kinds[n, t.SLOT]][0]
        )

    # ------------------------------------------------------------------ what the search asks

    def at_rest(self, fields: list[int], depth: int) -> bool:  # noqa: ARG002 - kernels come to rest
        """Whether a state in which nothing can happen is no deadlock; fields are as in Packing."""
        return False

    def resolve(self, number: int, value: int) -> None:
        """Fill in the transition of a local state that meets a value (or draws alternative)."""
        cpu = number % self.cpus
        state = self.states[number]
        assert state is not None
        processor = self._processor
        self._resume(state)
        written, watch = self._execute(number, state, value)
        rank, ended = -1, 0
        if processor.fault:
            fault, detail = processor.fault, processor.detail
            failed = state._replace(registers=(), watch=-1, fault=fault, detail=detail)
            rank = self._intern(cpu, failed)
        else:
            note = self.local.rows[number, t.KIND] == t.NOTE
            processor.pc += 1
            rank, ended = self._go_on(cpu, watch, 0 if note else state.pending)
            ended |= note
        self._enter(number, (rank, written, ended, value))

    def resolve_stale(self, number: int) -> None:
        """Fill in what becomes of a local state when another CPU writes the line it watches."""
        state = self.states[number]
        assert state is not None
        cpu = number % self.cpus
        if self.local.rows[number, t.KIND] == t.ASLEEP:
            self._resume(state)
            self._processor.pc += 1
            rank, _ = self._go_on(cpu, -1, state.pending, woken=True)
        else:
            rank = self._intern(cpu, state._replace(watch=-1))
        self.local.rows[number, t.STALE] = rank

    def _resume(self, state: Local) -> None:
        """Be where a local state is."""
        self._processor.put(state.pc, state.base, state.frames, state.registers)
        self._processor.fault = 0

    # ------------------------------------------------------------------ ordered instructions

    def _execute(self, number: int, state: Local, value: int) -> tuple[int, int]:
        """Execute the ordered instruction; return the value written, or -1, and the line
        watched.
        """
        cpu = self._processor
        _, a, _, c, d, e = self.rows[state.pc]
        op = Op(self.rows[state.pc][0])
        slot = int(self.local.rows[number, t.SLOT])
        if op in DRAWS:
            cpu[a] = alternatives(op, self._operand(op), self.options.random_values)[value]
            return -1, state.watch
        if op in (Op.LOAD, Op.GLOAD):
            cpu[a] = int(self.words.value(slot, value))
            return -1, self.words.line[slot] if op is Op.LOAD else state.watch
        if op in (Op.STORE, Op.GSTORE):
            buffered = self.local.rows[number, t.KIND] == t.STORE_BUFFERED
            written = -1 if buffered else self.words.number(slot, cpu[c])
            own = op is Op.STORE and not buffered and state.watch == self.words.line[slot]
            return written, -1 if own else state.watch
        if op in ATOMICS:
            old = self.words.value(slot, value)
            try:
                result, new = atomic(op, old, cpu[d], cpu[e])
            except OverflowFault:
                cpu.fault = faults.OVERFLOW
                return -1, -1
            cpu[a] = result
            return self.words.number(slot, new), self.words.line[slot]
        return -1, state.watch

    def _operand(self, op: Op) -> int:
        row = self.rows[self._processor.pc]
        return 0 if op is Op.TIME else self._processor[row[2]]

    # ------------------------------------------------------------------ up to the next one

    def _go_on(self, cpu: int, watch: int, pending: int, *, woken: bool = False) -> tuple[int, int]:
        """Run local instructions; return the rank of the state reached, and whether an END came.

        A CPU that was `woken` stops in front of an END, which must be a step of its own; so does
        one that runs contexts, since the END belongs to the one that it runs by then.
        """
        ended = 0
        processor = self._processor
        for _ in range(MAX_TURNS):
            processor.run(cpu)
            pc = processor.pc
            op = Op(self.rows[pc][0])
            if processor.fault:
                break
            if op in (Op.BEGIN, Op.END):
                if op is Op.END and (woken or self.contexts):
                    break
                pending = int(op is Op.BEGIN)
                ended |= int(op is Op.END)
            elif op is Op.WAIT:
                address = processor[self.rows[pc][1]] + self.rows[pc][2]
                if not LINE_WORDS <= address < self.program.memory_words:
                    processor.fault, processor.detail = faults.ADDRESS, address
                    break
                if watch == address // LINE_WORDS or self.arrivals:
                    break
            elif op in DRAWS:
                values = alternatives(op, self._operand(op), self.options.random_values)
                a = self.rows[pc][1]
                if not values:
                    processor.fault, processor.detail = faults.BOUND, self._operand(op)
                    break
                if len(values) > 1 and self.flow.live[pc + 1] >> a & 1:
                    self.drew_few |= op is Op.RANDEXP or len(values) < self._operand(op)
                    break
                processor[a] = values[0]
            elif not self._passes(op):
                break
            processor.pc += 1
        else:
            processor.fault, processor.detail = faults.LOOP, MAX_LOCAL
        return self._intern(cpu, self._local(watch, pending)), ended

    def _passes(self, op: Op) -> bool:
        """Execute an instruction that changes only this CPU's local state; False: it is no such."""
        return op is Op.FENCE and not self.buffered

    def _local(self, watch: int, pending: int) -> Local:
        """The processor's state, without what nobody will read."""
        p = self._processor
        if p.fault:
            return Local(p.pc, p.base, p.frames, (), -1, pending, p.fault, p.detail)
        frames, registers = self._needed()
        watch = watch if self.flow.watching[p.pc] else -1
        return Local(self._same[p.pc], p.base, frames, registers, watch, pending)

    def _needed(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The processor's open calls and registers, those that nobody will read being 0."""
        p = self._processor
        frames = p.frames
        live = self.flow.live[p.pc] << p.base
        bases = [*frames[1::2], p.base]
        for k, (target, base) in enumerate(zip(frames[::2], frames[1::2], strict=True)):
            kept = (1 << (bases[k + 1] - base)) - 1
            live |= (self.flow.live[target] & kept) << base
        values = p.registers[: live.bit_length()].tolist()
        registers = tuple(v if live >> r & 1 else 0 for r, v in enumerate(values))
        returns = (self._same[word] if k % 2 == 0 else word for k, word in enumerate(frames))
        return tuple(returns), registers

    def _intern(self, cpu: int, state: Local) -> int:
        """Return the rank of a local state, new or known."""
        rank = self._ranks[cpu].setdefault(state, self.ranks[cpu])
        if rank == self.ranks[cpu]:
            for same in range(self.cpus) if self.symmetric else (cpu,):
                self._ranks[same][state] = rank
                self.ranks[same] += 1
                self._describe(same, rank * self.cpus + same, state)
        return rank

    # ------------------------------------------------------------------ tables

    def _describe(self, cpu: int, number: int, state: Local) -> None:
        """Enter a new local state into the tables."""
        self.local.reach((number // self.cpus + 1) * self.cpus)
        self.states += [None] * (self.local.used - len(self.states))
        if not state.fault:
            self._resume(state)
        step = self._step(cpu, state) if not state.fault else Step(state, t.FAULT)
        self.states[number] = state = step.state
        row = self.local.rows[number]
        row[:] = -1
        row[t.KIND], row[t.SLOT] = step.kind, step.slot
        row[t.VALUE], row[t.CHOICES] = step.value, step.choices
        row[t.WATCH], row[t.MERGE], row[t.PENDING] = state.watch, 0, state.pending
        row[t.TBASE], row[t.TCAP] = self.transition.extend(step.room), step.room
        if step.at_once:
            row[t.MERGE] = 2
        else:
            line = self.words.line[step.slot] if step.slot >= 0 else -1
            if not step.merge:
                self.sharing.forbid(number)
            self.sharing.enter(number, cpu, step.like, step.slot, line, state.watch, step.also)

    def _step(self, cpu: int, state: Local) -> Step:  # noqa: ARG002 - kernels have words of a CPU
        """What comes next in a local state that the processor is in."""
        row, p = self.rows[state.pc], self._processor
        op = Op(row[0])
        if op is Op.HALT:
            return Step(state, t.HALTED)
        if op is Op.WAIT:
            return Step(state, t.ASLEEP)
        if op in (Op.FENCE, Op.END):
            return Step(state, t.FENCE if op is Op.FENCE else t.NOTE, room=1, like=op)
        if op in DRAWS:
            n = len(alternatives(op, self._operand(op), self.options.random_values))
            return Step(state, t.DRAW, choices=n, room=2)
        ghost = op in (Op.GLOAD, Op.GSTORE)
        address = p[row[1]] + row[2] if op in (Op.STORE, Op.GSTORE) else p[row[2]] + row[3]
        end = self.words.ghost_words if ghost else self.words.memory_words
        if not LINE_WORDS <= address < end:
            fault = faults.GHOST_ADDRESS if ghost else faults.ADDRESS
            return Step(state._replace(fault=fault, detail=address, ahead=1), t.FAULT)
        slot = self.words.slot(Area.GHOST if ghost else Area.MEMORY, address)
        if op in READS or op is Op.GLOAD:
            kind = t.ATOMIC if op in ATOMICS else t.LOAD
            return Step(state, kind, slot, room=2, like=op)
        if op is Op.STORE and self.buffered:
            store = self.words.store(slot, self.words.number(slot, p[row[3]]))
            return Step(state, t.STORE_BUFFERED, slot, store, room=1, like=op)
        return Step(state, t.STORE, slot, room=1, like=op)

    def _enter(self, number: int, transition: tuple[int, int, int, int]) -> None:
        """Add a transition to a local state's, in more room if they fill three quarters of it."""
        row = self.local.rows[number]
        base, capacity = int(row[t.TBASE]), int(row[t.TCAP])
        known = self.transition.rows[base : base + capacity]
        entries = [transition, *known[known[:, t.MET] >= 0].tolist()]
        if 4 * len(entries) > 3 * capacity + 3:
            capacity *= 2
            base = self.transition.extend(capacity)
            row[t.TBASE], row[t.TCAP] = base, capacity
        else:
            entries = entries[:1]
        for entry in entries:
            at = entry[t.MET] % capacity
            while self.transition.rows[base + at, t.MET] >= 0:
                at = (at + 1) % capacity
            self.transition.rows[base + at] = entry
