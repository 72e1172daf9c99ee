"""The machine in plain Python: what the engine computes, written to be read.

Slow (some 10^5 instructions a second) and obvious: every ordered instruction and every service of a
line is an event of its own, taken from one sorted heap. `smplab.machine.coherence` explains the
transaction; here it runs. The engine must agree with it to the last digit, errors included.

The order of events is total: by time, at equal time services of lines (by address) before CPUs (by
number). An event executes one ordered instruction and, at once, the local instructions after it up
to the next ordered one; nobody can tell when a local instruction ran. What an event does is counted
at its place in the order, so an access is counted when it is served. Who sleeps in WAIT executes
the local instructions after it as part of the write that wakes it.

What instructions take: a local one `instr_cycles`, more while an SMT sibling runs; an access what
its transaction costs; FENCE, and a WAIT that does not sleep, as a local one (stores block, so a
fence has nothing to wait for); DELAY its operand; the laboratory's own (`FREE`) nothing. A sibling
runs until it halts, also while it waits: it stands for one that spins.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from smplab.language.image import LINE_WORDS
from smplab.language.isa import FREE, Cause, Op
from smplab.machine import faults, histogram, randomness
from smplab.machine.coherence import AT_HOME, NOWHERE, SHARED
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.diagnosis import cycle_limit, deadlock, diagnose, halted_early
from smplab.machine.plan import MAX_DELAY_CYCLES, Plan
from smplab.machine.reference_cpu import Cpu, Stopped, int64
from smplab.machine.result import Counter, Result

ATOMICS = frozenset({Op.SWAP, Op.CAS, Op.FADD, Op.FOR, Op.FAND})
LOADS = frozenset({Op.LOAD, Op.TOUCH})
ACCESSES = frozenset({Op.LOAD, Op.STORE}) | ATOMICS
INTERRUPT, SERVICE, CPU = 0, 1, 2
"""Classes of events, in their order at equal time."""


@dataclass
class Line:
    """What the machine knows of a cache line; `owner` is a core or NOWHERE, SHARED, AT_HOME."""

    number: int
    home: int
    owner: int = NOWHERE
    sharers: set[int] = field(default_factory=set)
    free_at: int = 0
    queue: set[int] = field(default_factory=set)
    sleepers: set[int] = field(default_factory=set)
    version: int = 0
    last: int = -1
    choices: int = 0

    def has_copy(self, core: int) -> bool:
        """Whether a load of this core hits."""
        return self.owner == core or (self.owner == SHARED and core in self.sharers)


class Run:
    """One run: CPUs, lines and the heap of what happens next."""

    def __init__(self, plan: Plan, memory: list[int], ghost: list[int]) -> None:
        image = plan.program.image
        self.plan, self.image = plan, image
        self.memory, self.ghost = memory, ghost
        self.cpus = [Cpu(number, plan) for number in range(plan.cpus)]
        self.running_on_core = np.bincount(plan.core).tolist()
        self.lines = [Line(n, int(home)) for n, home in enumerate(plan.home_place)]
        self.events: list[tuple[int, int, int]] = []
        self.now = 0
        self.last = 0
        self.end = -1
        self.measuring = plan.warmup == 0
        self.instructions_total = self.accesses_total = 0
        self._clear_measurements()

    def _clear_measurements(self) -> None:
        cpus, regions = self.plan.cpus, len(self.image.regions)
        self.counters = np.zeros((cpus, len(Counter)), np.int64)
        self.region_count, self.region_sum, self.region_max = (
            np.zeros((cpus, regions), np.int64) for _ in range(3)
        )
        self.histograms = np.zeros((regions, histogram.BUCKETS), np.int64)
        self.user_counters = [0] * len(self.image.counters)
        self.operations = 0

    def until_end(self) -> None:
        """Execute events until the run ends; raises its diagnosis if it ends badly."""
        for cpu in self.cpus:
            self._go_on(cpu, 0)
        while self.end < 0:
            if not self.events or self.events[0][0] >= self.plan.stop:
                self._stop()
                break
            self.now, kind, number = heapq.heappop(self.events)
            self._measure_from(self.now)
            if kind == INTERRUPT:
                self._arrive(number)
                continue
            self.last = self.now
            if kind == SERVICE:
                self._choose(self.lines[number])
            else:
                self._execute(self.cpus[number])

    def _arrive(self, number: int) -> None:
        """An interrupt reaches its CPU; `SystemRun` knows what that means."""
        raise NotImplementedError(number)

    def _anything_left(self) -> bool:
        """Whether anything will ever happen again."""
        return bool(self.events)

    def _measure_from(self, ticks: int) -> None:
        if not self.measuring and ticks >= self.plan.warmup:
            self.measuring = True
            self._clear_measurements()

    def _stop(self) -> None:
        """Nothing is left to do before the end: see whether that is how it should be."""
        self._measure_from(self.plan.warmup)
        if not self._anything_left():
            sleepers = [
                faults.Sleeper(c.number, c.pc, c.since, c.waiting_for)
                for c in self.cpus
                if c.waiting_for is not None
            ]
            if sleepers:
                raise deadlock(self.plan, sleepers)
        if not self.plan.must_finish:
            self.end = self.plan.stop
        elif self._anything_left():
            raise cycle_limit(self.plan, self.operations)
        elif self.plan.operations:
            raise halted_early(self.plan, self.operations)
        else:
            self.end = max(self.last, self.plan.warmup)

    def _count(self, cpu: Cpu, counter: Counter, amount: int = 1) -> None:
        self.counters[cpu.number, counter] += amount
        if counter is Counter.INSTRUCTIONS:
            self.instructions_total += amount
        elif counter in {Counter.LOADS, Counter.STORES, Counter.ATOMICS}:
            self.accesses_total += amount

    def _fault(self, cpu: Cpu, stopped: Stopped) -> Exception:
        detail, more = stopped.detail, stopped.more
        fault = faults.Fault(stopped.code, cpu.number, cpu.pc, self.now, detail, more)
        return diagnose(self.plan, fault)

    # ------------------------------------------------------------------ computing

    def _instr(self, cpu: Cpu) -> int:
        """Length of a local instruction: longer while an SMT sibling runs."""
        shared = self.running_on_core[cpu.core] > 1
        return self.plan.instr_shared if shared else self.plan.instr

    def _go_on(self, cpu: Cpu, ticks: int) -> None:
        """Compute from `ticks` on, up to the next ordered instruction, and plan its event."""
        try:
            reached, instructions = cpu.compute(ticks, self._instr(cpu))
        except Stopped as stopped:
            raise self._fault(cpu, stopped) from None
        self._count(cpu, Counter.INSTRUCTIONS, instructions)
        heapq.heappush(self.events, (reached, CPU, cpu.number))

    def _execute(self, cpu: Cpu) -> None:
        """Execute the ordered instruction that a CPU has reached."""
        op = Op(cpu.row[0])
        try:
            if op in ACCESSES:
                self._access(cpu, op)
            elif op is Op.WAIT:
                self._wait(cpu)
            else:
                self._other(cpu, op)
        except Stopped as stopped:
            raise self._fault(cpu, stopped) from None

    def _other(self, cpu: Cpu, op: Op) -> None:
        _, a, b, c, _, _ = cpu.row
        after = self.now
        if op is Op.HALT:
            cpu.halted = True
            self.running_on_core[cpu.core] -= 1
            cpu.timeline.append((self.now, Cause.IDLE))
        elif op is Op.FENCE:
            after += self._instr(cpu)
        elif op is Op.DELAY:
            after += self._delay(cpu, cpu[a])
        elif op is Op.BEGIN:
            cpu.begun[a] = self.now
        elif op is Op.END:
            self._end_region(cpu, a)
        elif op is Op.COUNT:
            self.user_counters[a] = int64(self.user_counters[a] + cpu[b])
        elif op is Op.CAUSE:
            cpu.cause = a
            cpu.timeline.append((self.now, a))
        elif op is Op.GLOAD:
            cpu[a] = self.ghost[self._ghost_address(cpu[b] + c)]
        elif op is Op.GSTORE:
            self.ghost[self._ghost_address(cpu[a] + b)] = cpu[c]
        if op not in FREE:
            self._count(cpu, Counter.INSTRUCTIONS)
        if not cpu.halted and self.end < 0:
            cpu.pc += 1
            self._go_on(cpu, after)

    def _delay(self, cpu: Cpu, cycles: int) -> int:
        if not 0 <= cycles <= MAX_DELAY_CYCLES:
            raise Stopped(faults.DELAY, cycles)
        ticks = cycles * TICKS_PER_CYCLE
        shared = self.running_on_core[cpu.core] > 1
        return ticks * self.plan.smt_percent // 100 if shared else ticks

    def _end_region(self, cpu: Cpu, region: int) -> None:
        if region not in cpu.begun:
            raise Stopped(faults.REGION, region)
        cycles = (self.now - cpu.begun.pop(region)) // TICKS_PER_CYCLE
        at = cpu.number, region
        self.region_count[at] += 1
        self.region_sum[at] += cycles
        self.region_max[at] = max(self.region_max[at], cycles)
        self.histograms[region, histogram.bucket_of(cycles)] += 1
        if region == 0:
            self.operations += 1
            if self.measuring and self.operations == self.plan.operations:
                self.end = self.now

    def _ghost_address(self, address: int) -> int:
        if not LINE_WORDS <= address < len(self.ghost):
            raise Stopped(faults.GHOST_ADDRESS, address)
        return address

    # ------------------------------------------------------------------ memory

    def _line_at(self, address: int) -> Line:
        if not LINE_WORDS <= address < len(self.memory):
            raise Stopped(faults.ADDRESS, address)
        return self.lines[address // LINE_WORDS]

    def _address(self, cpu: Cpu) -> int:
        op, a, b, c, _, _ = cpu.row
        return cpu[a] + b if op in {Op.STORE, Op.WAIT} else cpu[b] + c

    def _hits(self, cpu: Cpu, op: Op, line: Line) -> bool:
        return line.has_copy(cpu.core) if op in LOADS else line.owner == cpu.core

    def _access(self, cpu: Cpu, op: Op) -> None:
        """Issue an access: it hits, is served, or queues."""
        line = self._line_at(self._address(cpu))
        cpu.timeline.append((self.now, Cause.TLB if op is Op.TOUCH else Cause.MEMORY))
        cpu.since = self.now
        if self._hits(cpu, op, line):
            self._hit(cpu, op, line)
        elif line.free_at <= self.now and not line.queue:
            self._serve(cpu, op, line, queued=False)
        else:
            if not line.queue:
                heapq.heappush(self.events, (line.free_at, SERVICE, line.number))
            line.queue.add(cpu.number)

    def _choose(self, line: Line) -> None:
        """The line is free and CPUs wait for it: serve one."""
        queue = sorted(line.queue)
        chosen = queue[0]
        if len(queue) > 1:
            line.choices += 1
            bits = randomness.draw(self.plan.line_key, line.number, line.choices)
            if randomness.below(randomness.mix(bits), 100) < self.plan.near_percent:
                row = self.plan.distance[self.plan.core_place[line.last]]
                chosen = min(queue, key=lambda c: row[self.plan.core_place[self.cpus[c].core]])
            else:
                chosen = queue[randomness.below(bits, len(queue))]
        line.queue.remove(chosen)
        cpu = self.cpus[chosen]
        op = Op(cpu.row[0])
        self._count(cpu, Counter.QUEUED)
        self._count(cpu, Counter.QUEUE_TICKS, self.now - max(cpu.since, self._window_start()))
        try:
            if self._hits(cpu, op, line):
                self._hit(cpu, op, line)
            else:
                self._serve(cpu, op, line, queued=True)
        except Stopped as stopped:
            raise self._fault(cpu, stopped) from None
        if line.queue:
            heapq.heappush(self.events, (line.free_at, SERVICE, line.number))

    def _window_start(self) -> int:
        return self.plan.warmup if self.measuring else 0

    def _hit(self, cpu: Cpu, op: Op, line: Line) -> None:
        self._count(cpu, Counter.HITS)
        self._complete(cpu, op, line, self.plan.hit)

    def _latency(self, a: int, b: int, line: Line) -> int:
        """Transfer between two cores, by way of the line's home if it is a long one."""
        table, a, b = self.plan.distance, self.plan.core_place[a], self.plan.core_place[b]
        direct = int(table[a, b])
        if direct > self.plan.home_from:
            return max(direct, int(table[a, line.home]), int(table[b, line.home]))
        return direct

    def _from_home(self, core: int, line: Line) -> int:
        return int(self.plan.distance[self.plan.core_place[core], line.home])

    def _serve(self, cpu: Cpu, op: Op, line: Line, *, queued: bool) -> None:
        if op in LOADS:
            cost = self._serve_load(cpu, line)
        elif op in ATOMICS and self.plan.far > 0:
            cost = self._serve_far(cpu, line)
        else:
            cost = self._serve_write(cpu, line, queued=queued)
        line.last = cpu.core
        self._complete(cpu, op, line, cost)

    def _serve_load(self, cpu: Cpu, line: Line) -> int:
        busy = self.plan.occ_r
        if line.owner >= 0:
            cost = busy = self._latency(cpu.core, line.owner, line)
            line.sharers = {line.owner}
        elif line.owner == SHARED:
            cost = self._latency(cpu.core, line.last, line)
        else:
            cost = self._from_home(cpu.core, line)
            if line.owner == NOWHERE:
                cost += self.plan.mem
        fetched = line.owner == NOWHERE
        self._count(cpu, Counter.MEMORY_FETCHES if fetched else Counter.TRANSFERS)
        line.owner = SHARED
        line.sharers.add(cpu.core)
        line.free_at = self.now + busy
        return cost

    def _others(self, cpu: Cpu, line: Line) -> list[int]:
        """Cores other than the CPU's own that hold a copy."""
        holders = line.sharers if line.owner == SHARED else {line.owner}
        return [core for core in holders if core >= 0 and core != cpu.core]

    def _serve_write(self, cpu: Cpu, line: Line, *, queued: bool) -> int:
        others = self._others(cpu, line)
        if others:
            cost = max(self._latency(cpu.core, other, line) for other in others)
            self._count(cpu, Counter.TRANSFERS)
        elif line.has_copy(cpu.core):
            cost = self.plan.hit
            self._count(cpu, Counter.HITS)
        else:
            cost = self._from_home(cpu.core, line)
            if line.owner == NOWHERE:
                cost += self.plan.mem
            fetched = line.owner == NOWHERE
            self._count(cpu, Counter.MEMORY_FETCHES if fetched else Counter.TRANSFERS)
        self._count(cpu, Counter.INVALIDATIONS, len(others))
        percent = self.plan.occ_w_percent
        if percent <= 100:
            line.free_at = self.now + cost * percent // 100
        else:
            cost = cost * percent // 100 if queued else cost
            line.free_at = self.now + cost
        line.owner = cpu.core
        line.sharers = set()
        return cost

    def _serve_far(self, cpu: Cpu, line: Line) -> int:
        others = self._others(cpu, line)
        holders = [*others, cpu.core] if line.has_copy(cpu.core) else others
        from_home = self.plan.distance[line.home]
        collect = max((int(from_home[self.plan.core_place[core]]) for core in holders), default=0)
        cost = self._from_home(cpu.core, line) + collect
        if line.owner == NOWHERE:
            cost += self.plan.mem
        self._count(cpu, Counter.FAR_ATOMICS)
        self._count(cpu, Counter.INVALIDATIONS, len(others))
        line.free_at = self.now + collect + self.plan.far
        line.owner = AT_HOME
        line.sharers = set()
        return cost

    def _complete(self, cpu: Cpu, op: Op, line: Line, cost: int) -> None:
        """Bind the access's value now, wake who waits for a write, and let the CPU go on."""
        counter = {Op.LOAD: Counter.LOADS, Op.STORE: Counter.STORES}.get(op, Counter.ATOMICS)
        self._count(cpu, counter)
        self._count(cpu, Counter.INSTRUCTIONS)
        if op is not Op.LOAD:
            line.version += 1
        self._bind(cpu, op)
        if op is not Op.STORE:
            cpu.seen = line.number, line.version
        cpu.pc += 1
        done = self.now + cost
        own = done + (self.plan.rmw if op in ATOMICS else 0)
        cpu.timeline.append((own, cpu.cause))
        self._go_on(cpu, own)
        if op is not Op.LOAD:
            self._wake(line, done)

    def _bind(self, cpu: Cpu, op: Op) -> None:
        _, a, _, c, d, e = cpu.row
        address = self._address(cpu)
        old = self.memory[address]
        if op is Op.LOAD:
            cpu[a] = old
        elif op is Op.STORE:
            self.memory[address] = cpu[c]
        elif op is Op.CAS:
            equal = old == cpu[d]
            if equal:
                self.memory[address] = cpu[e]
            cpu[a] = equal
        else:
            operand = cpu[d]
            if op is Op.FADD:
                new = int64(old + operand)
            else:
                new = {Op.SWAP: operand, Op.FOR: old | operand, Op.FAND: old & operand}[op]
            self.memory[address] = new
            cpu[a] = old

    # ------------------------------------------------------------------ waiting

    def _wait(self, cpu: Cpu) -> None:
        address = self._address(cpu)
        line = self._line_at(address)
        self._count(cpu, Counter.INSTRUCTIONS)
        if cpu.seen == (line.number, line.version) and line.has_copy(cpu.core):
            self._count(cpu, Counter.WAITS)
            cpu.timeline.append((self.now, cpu.row[3]))
            cpu.since = self.now
            cpu.waiting_for = address
            line.sleepers.add(cpu.number)
        else:
            cpu.pc += 1
            self._go_on(cpu, self.now + self._instr(cpu))

    def _wake(self, line: Line, ticks: int) -> None:
        """Everyone asleep on the line goes on at `ticks`."""
        sleepers = sorted(line.sleepers)
        line.sleepers.clear()
        for number in sleepers:
            cpu = self.cpus[number]
            cpu.waiting_for = None
            cpu.timeline.append((ticks, cpu.cause))
            cpu.pc += 1
            self._go_on(cpu, ticks)

    # ------------------------------------------------------------------ results

    def result(self) -> Result:
        """Put together what was measured."""
        account = np.zeros((self.plan.cpus, len(Cause)), np.int64)
        for cpu in self.cpus:
            points = [*cpu.timeline, (self.end, Cause.IDLE)]
            for (start, cause), (until, _) in pairwise(points):
                clipped = min(until, self.end) - max(start, self.plan.warmup)
                account[cpu.number, cause] += max(0, clipped)
        end_cycles = -(-self.end // TICKS_PER_CYCLE)
        return Result(
            end_cycles=end_cycles,
            measured_cycles=end_cycles - self.plan.warmup // TICKS_PER_CYCLE,
            operations=self.operations,
            counters=self.counters,
            account_ticks=account,
            region_count=self.region_count,
            region_sum_cycles=self.region_sum,
            region_max_cycles=self.region_max,
            histograms=self.histograms,
            user_counters=np.array(self.user_counters, np.int64),
            memory=np.array(self.memory, np.int64),
            instructions_total=self.instructions_total,
            accesses_total=self.accesses_total,
        )
