"""The machine as a SimPy model, for the benchmark: a process a CPU, an event a line service.

The same transaction, checks, counters, account and histograms as the engine, written for speed as
far as SimPy allows: plain lists and integers, no objects made in the inner loop but SimPy's events.
An event's priority is its place in the order at equal time: lines by address, then CPUs by number.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from smplab.language.image import LINE_WORDS
from smplab.language.isa import Cause, Op
from smplab.machine.coherence import SHARED
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.histogram import BUCKETS, bucket_of
from smplab.machine.plan import MAX_DELAY_CYCLES, Plan
from smplab.machine.randomness import below, draw, mix
from smplab.machine.result import Result
from tests.bench.simpy_state import (
    ATOMICS,
    HITS,
    INSTRUCTIONS,
    LOADS,
    QUEUE_TICKS,
    QUEUED,
    STORES,
    WAITS,
    Caches,
    Cpu,
    Fault,
    Line,
)  # fmt: skip

LEAST, GREATEST = -(2**63), 2**63 - 1
MEMORY, IDLE = int(Cause.MEMORY), int(Cause.IDLE)
(MOVI, MOV, PARAM, ADD, SUB, MUL, MOD, ADDI, LE, JMP, BEQ, BNE, BLT, BLE, CPUID, CHECK) = map(
    int, (Op.MOVI, Op.MOV, Op.PARAM, Op.ADD, Op.SUB, Op.MUL, Op.MOD, Op.ADDI, Op.LE, Op.JMP,
          Op.BEQ, Op.BNE, Op.BLT, Op.BLE, Op.CPUID, Op.CHECK)
)  # fmt: skip
(HALT, LOAD, STORE, SWAP, CAS, FADD, FAND, WAIT, DELAY, BEGIN, END) = map(
    int, (Op.HALT, Op.LOAD, Op.STORE, Op.SWAP, Op.CAS, Op.FADD, Op.FAND, Op.WAIT, Op.DELAY,
          Op.BEGIN, Op.END)
)  # fmt: skip
SUPPORTED = {MOVI, MOV, PARAM, ADD, SUB, MUL, MOD, ADDI, LE, JMP, BEQ, BNE, BLT, BLE, CPUID, CHECK,
             HALT, LOAD, STORE, SWAP, CAS, FADD, FAND, int(Op.FOR), WAIT, DELAY, BEGIN,
             END}  # fmt: skip


class Model(Caches):
    """A run without warm-up that ends with its operations."""

    def __init__(self, plan: Plan, memory: list[int]) -> None:
        assert plan.warmup == 0
        assert {row[0] for row in plan.program.image.code.tolist()} <= SUPPORTED
        super().__init__(plan)
        self.memory = memory
        self.code: list[list[int]] = plan.program.image.code.tolist()
        self.parameters: list[int] = plan.program.parameters.tolist()
        self.env: Any = simpy.Environment()
        self.lines = [Line(n, int(h)) for n, h in enumerate(plan.home_place)]
        self.cpus = [Cpu(n, plan) for n in range(plan.cpus)]
        self.running = np.bincount(plan.core).tolist()
        self.histograms = [[0] * BUCKETS for _ in plan.program.image.regions]
        self.operations = 0
        self.finished = self.env.event()

    def run(self) -> None:
        """Run until the operations are complete or every CPU has halted."""
        processes = [self.env.process(self.cpu(c)) for c in self.cpus]
        self.env.run(until=self.finished if self.plan.operations else self.env.all_of(processes))

    def at(self, ticks: int, number: int) -> Any:
        """Return an event at an absolute time with a place in the order."""
        event = simpy.Event(self.env)
        event._ok, event._value = True, None  # triggered, as a Timeout is
        self.env.schedule(event, priority=number, delay=ticks - self.env.now)
        return event

    def cpu(self, cpu: Cpu) -> Generator[Any, None, None]:
        """The life of a CPU."""
        plan, env, lines, memory = self.plan, self.env, self.lines, self.memory
        code, parameters = self.code, self.parameters
        registers, counters, place_in_order = cpu.registers, cpu.counters, len(lines) + cpu.number
        words, max_local = len(memory), plan.max_local
        pc, now, ordered = plan.entry, 0, 0
        while True:
            done = 0
            while True:
                op, a, b, c, _, _ = row = code[pc]
                if op >= HALT:
                    break
                pc += 1
                done += 1
                if op == BNE:
                    if registers[a] != registers[b]:
                        pc = c
                elif op == BEQ:
                    if registers[a] == registers[b]:
                        pc = c
                elif op == SUB:
                    registers[a] = z = registers[b] - registers[c]
                    if not LEAST <= z <= GREATEST:
                        raise Fault("overflow")
                elif op == JMP:
                    pc = a
                elif op == BLE:
                    if registers[a] <= registers[b]:
                        pc = c
                elif op == BLT:
                    if registers[a] < registers[b]:
                        pc = c
                elif op == ADD:
                    registers[a] = z = registers[b] + registers[c]
                    if not LEAST <= z <= GREATEST:
                        raise Fault("overflow")
                elif op == ADDI:
                    registers[a] = z = registers[b] + c
                    if not LEAST <= z <= GREATEST:
                        raise Fault("overflow")
                elif op == MUL:
                    registers[a] = z = registers[b] * registers[c]
                    if not LEAST <= z <= GREATEST:
                        raise Fault("overflow")
                elif op == LE:
                    registers[a] = int(registers[b] <= registers[c])
                elif op == MOVI:
                    registers[a] = b
                elif op == MOV:
                    registers[a] = registers[b]
                elif op == PARAM:
                    registers[a] = parameters[b]
                elif op == MOD:
                    registers[a] = registers[b] % registers[c]
                elif op == CPUID:
                    registers[a] = cpu.number
                else:
                    done -= 1
                    if registers[a] == 0:
                        raise Fault("check")
                if done > max_local:
                    raise Fault("livelock")
            counters[INSTRUCTIONS] += done + ordered
            instr = plan.instr_shared if self.running[cpu.core] > 1 else plan.instr
            now += done * instr
            if now >= plan.stop:
                raise Fault("cycle limit")
            if done or now != env.now:
                yield self.at(now, place_in_order)
            ordered = 1
            if LOAD <= op <= FAND:
                address = registers[a] + b if op == STORE else registers[b] + c
                if not LINE_WORDS <= address < words:
                    raise Fault("address")
                cpu.account[cpu.doing] += cpu.done - cpu.since
                cpu.account[cpu.cause] += now - cpu.done
                cpu.since = now
                line = lines[address >> 3]
                cpu.row = row
                hits = line.owner == cpu.core or (
                    op == LOAD and line.owner == SHARED and cpu.core in line.sharers
                )
                if hits or (line.free_at <= now and not line.queue):
                    self.access(cpu, line, address, hits=hits)
                else:
                    if not line.queue:
                        self.at(line.free_at, line.number).callbacks.append(
                            lambda _, line=line: self.service(line)
                        )
                    insort(line.queue, cpu.number)
                    cpu.queued = True
                    cpu.wake = simpy.Event(env)
                    yield cpu.wake
                now = cpu.done
            elif op == WAIT:
                address = registers[a] + b
                if not LINE_WORDS <= address < words:
                    raise Fault("address")
                line = lines[address >> 3]
                copy = line.owner == cpu.core or (line.owner == SHARED and cpu.core in line.sharers)
                if copy and cpu.seen == line.number and cpu.seen_version == line.version:
                    counters[WAITS] += 1
                    cpu.account[cpu.doing] += cpu.done - cpu.since
                    cpu.account[cpu.cause] += now - cpu.done
                    cpu.since, cpu.doing, cpu.asleep = now, c, True
                    line.sleepers.append(cpu.number)
                    cpu.wake = simpy.Event(env)
                    counters[INSTRUCTIONS] += 1
                    ordered = 0
                    yield cpu.wake
                    now = cpu.done
                else:
                    now += instr
            elif op == DELAY:
                cycles = registers[a]
                if not 0 <= cycles <= MAX_DELAY_CYCLES:
                    raise Fault("delay")
                ticks = cycles * TICKS_PER_CYCLE
                now += ticks * plan.smt_percent // 100 if self.running[cpu.core] > 1 else ticks
            elif op == BEGIN:
                ordered = 0
                cpu.region[a][3] = now
            elif op == END:
                ordered = 0
                if self.end_region(cpu, a, now):
                    return
            else:
                counters[INSTRUCTIONS] += 1
                cpu.account[cpu.doing] += cpu.done - cpu.since
                cpu.account[cpu.cause] += now - cpu.done
                cpu.since = cpu.done = now
                cpu.cause = IDLE
                self.running[cpu.core] -= 1
                return
            pc += 1

    def end_region(self, cpu: Cpu, number: int, now: int) -> bool:
        """Record a latency; tells whether the run ends with it."""
        region = cpu.region[number]
        if region[3] < 0:
            raise Fault("region")
        cycles = (now - region[3]) // TICKS_PER_CYCLE
        region[0] += 1
        region[1] += cycles
        region[2] = max(region[2], cycles)
        region[3] = -1
        self.histograms[number][bucket_of(cycles)] += 1
        if number == 0:
            self.operations += 1
            if self.operations == self.plan.operations:
                # At once: nothing else may happen in this tick.
                self.finished._ok, self.finished._value = True, None
                self.env.schedule(self.finished, priority=-1)
                return True
        return False

    def service(self, line: Line) -> None:
        """The line is free: serve one of its queue."""
        plan, queue, now = self.plan, line.queue, self.env.now
        rank = 0
        if len(queue) > 1:
            line.choices += 1
            bits = draw(plan.line_key, line.number, line.choices)
            if plan.near_percent and below(mix(bits), 100) < plan.near_percent:
                away = self.distance[line.last]
                rank = min(range(len(queue)), key=lambda i: away[self.cpus[queue[i]].place])
            else:
                rank = below(bits, len(queue))
        cpu = self.cpus[queue.pop(rank)]
        cpu.counters[QUEUED] += 1
        cpu.counters[QUEUE_TICKS] += now - cpu.since
        op, a, b, c, _, _ = cpu.row
        registers = cpu.registers
        address = registers[a] + b if op == STORE else registers[b] + c
        hits = line.owner == cpu.core or (
            op == LOAD and line.owner == SHARED and cpu.core in line.sharers
        )
        self.access(cpu, line, address, hits=hits)
        cpu.queued = False
        self.env.schedule(self.triggered(cpu.wake), priority=-1)
        if queue:
            self.at(line.free_at, line.number).callbacks.append(lambda _: self.service(line))

    @staticmethod
    def triggered(event: Any) -> Any:
        """Mark an event as successful without SimPy's own priority."""
        event._ok, event._value = True, None
        return event

    def access(self, cpu: Cpu, line: Line, address: int, *, hits: bool) -> None:
        """Do the transaction of an access that hits or is served now."""
        plan, counters, now = self.plan, cpu.counters, self.env.now
        op, a, _, c, d, e = cpu.row
        if hits:
            cost = plan.hit
            counters[HITS] += 1
        elif op == LOAD:
            cost = self.serve_load(cpu, line, now)
        else:
            cost = self.serve_write(cpu, line, now)
        registers, memory = cpu.registers, self.memory
        old = memory[address]
        done = now + cost
        if op == LOAD:
            counters[LOADS] += 1
            registers[a] = old
            cpu.seen, cpu.seen_version = line.number, line.version
            cpu.done, cpu.doing = done, MEMORY
            return
        line.version += 1
        cpu.done, cpu.doing = done, MEMORY
        if op == STORE:
            counters[STORES] += 1
            memory[address] = registers[c]
        else:
            counters[ATOMICS] += 1
            cpu.seen, cpu.seen_version = line.number, line.version
            cpu.done += plan.rmw
            operand = registers[d]
            registers[a] = old
            if op == CAS:
                registers[a] = int(old == operand)
                if old == operand:
                    memory[address] = registers[e]
            elif op == SWAP:
                memory[address] = operand
            elif op == FADD:
                memory[address] = total = old + operand
                if not LEAST <= total <= GREATEST:
                    raise Fault("overflow")
            elif op == FAND:
                memory[address] = old & operand
            else:
                memory[address] = old | operand
        if line.sleepers:
            for number in sorted(line.sleepers):
                other = self.cpus[number]
                other.done, other.asleep = done, False
                self.env.schedule(self.triggered(other.wake), priority=-1)
            line.sleepers.clear()

    def result(self) -> Result:
        """Put together what was measured."""
        end: int = self.env.now
        for cpu in self.cpus:
            if cpu.queued:
                cpu.account[MEMORY] += end - cpu.since
            elif cpu.asleep:
                cpu.account[cpu.doing] += end - cpu.since
            else:
                since, done = min(cpu.since, end), min(cpu.done, end)
                cpu.account[cpu.doing] += done - since
                cpu.account[cpu.cause] += end - done
        counters = np.array([c.counters for c in self.cpus], np.int64)
        regions = np.array([c.region for c in self.cpus], np.int64)
        end_cycles = -(-end // TICKS_PER_CYCLE)
        return Result(
            end_cycles=end_cycles, measured_cycles=end_cycles, operations=self.operations,
            counters=counters, account_ticks=np.array([c.account for c in self.cpus], np.int64),
            region_count=regions[:, :, 0], region_sum_cycles=regions[:, :, 1],
            region_max_cycles=regions[:, :, 2], histograms=np.array(self.histograms, np.int64),
            user_counters=np.zeros(len(self.plan.program.image.counters), np.int64),
            memory=np.array(self.memory, np.int64),
            instructions_total=int(counters[:, INSTRUCTIONS].sum()),
            accesses_total=int(counters[:, [LOADS, STORES, ATOMICS]].sum()),
        )  # fmt: skip


def run_simpy(plan: Plan) -> Result:
    """Run a plan, its boot routine first."""
    memory = [0] * plan.program.memory_words
    if plan.program.image.boot >= 0:
        Model(plan.for_boot(), memory).run()
    model = Model(plan, memory)
    model.run()
    return model.result()
