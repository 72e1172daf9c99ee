"""The engine: one compiled function that executes a slice of a run.

The order of what happens is that of `smplab.machine.reference`. What makes it fast changes no
result:

- *Run-ahead*: the CPU or line whose event was executed goes on at once, past the heap, as long as
  its next event comes before the heap's least.
- *Early sleep*: a CPU whose next ordered instruction is a WAIT that would sleep if nobody wrote the
  line until then is put among the line's sleepers at once. A write that comes before the WAIT finds
  out by comparing the two's places in the order, and sends the CPU to its WAIT after all.
- *Flocks*: CPUs that a write wakes and that will load the line again at the same time form a list
  behind the first of them, the only one in the heap. When it arrives, the others queue with it:
  if the line is busy at that moment, nothing that happens in the same tick can change that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from smplab.language.image import LINE_WORDS
from smplab.language.isa import ROW_WORDS, Cause, Op
from smplab.machine import faults
from smplab.machine.bits import leading_zeros, lowest_one, pointer
from smplab.machine.cpus import charge, end_region, fall_asleep, join_queue, would_sleep
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.heap import NEVER, pop_root, push, replace_root, second
from smplab.machine.interrupts import arrive, begin_handler, takes
from smplab.machine.jit import ONE, UINT64, inlined, kept
from smplab.machine.lines import (
    ATOMIC,
    HITS,
    LOADING,
    STORING,
    ZERO,
    choose,
    has_copy,
    serve_far,
    serve_load,
    serve_write,
)
from smplab.machine.local import compute
from smplab.machine.plan import MAX_DELAY_CYCLES
from smplab.machine.result import Counter
from smplab.machine.state import (
    ASLEEP_AT,
    BASE,
    BEGUN,
    CAUSE,
    CORE,
    COUNTERS,
    CPU_WORDS,
    DEPTH,
    DOING,
    DONE,
    FAULT_CPU,
    FAULT_DETAIL,
    FAULT_PC,
    FAULT_TICKS,
    FOLLOWER,
    FREE_AT,
    HALTED,
    HEAP_SIZE,
    IN_FLIGHT,
    IN_QUEUE,
    LAST_CPU,
    LAST_TICKS,
    LINE_ROW,
    OPERATIONS,
    OWNER,
    PC,
    REGION_ROW,
    RUNNING,
    SEEN_LINE,
    SEEN_VERSION,
    SETS,
    SETS_THERE,
    SETS_USED,
    SIBLINGS,
    SINCE,
    SLEEPERS,
    SLEPT,
    STATE,
    VERSION,
)
from smplab.machine.system import execute, look_up, walk, walk_address
from smplab.machine.system_state import (
    AREA,
    CONTEXT,
    CONTEXTS,
    DELAYING,
    EVENT,
    FLIGHT_WORDS,
    LEFT,
    NOT,
    ON,
    RUNS,
    STOPPED,
    SYSTEM_WORDS,
    WALK_LEVEL,
)

INSTRUCTIONS = int(Counter.INSTRUCTIONS) + COUNTERS
LOADS = int(Counter.LOADS) + COUNTERS
QUEUED_ACCESSES = int(Counter.QUEUED) + COUNTERS
QUEUE_TICKS = int(Counter.QUEUE_TICKS) + COUNTERS
WAITS = int(Counter.WAITS) + COUNTERS
MEMORY = int(Cause.MEMORY)
IDLE = int(Cause.IDLE)
TLB = int(Cause.TLB)


SYSTEM_OFF = False
SYSTEM_ON = True


@kept
def run_slice(
    steps: Any, stop: Any, operations: Any,
    instr_alone: Any, instr_shared: Any, hit: Any, rmw: Any, occ_r: Any, occ_w: Any, near: Any,
    smt: Any, home_from: Any, mem: Any, far: Any, max_local: Any, call_depth: Any, frame: Any,
    line_key: Any, stream_keys: Any, code: Any, parameters: Any, distance: Any, places: Any,
    core_place: Any, home_place: Any,
    status: Any, cpu: Any, line: Any, pool: Any, heap: Any, registers: Any, stack: Any,
    draws: Any, regions: Any, histograms: Any, user: Any, memory: Any, ghost: Any,
) -> Any:  # fmt: skip
    """Execute events until `stop`, at most `steps`; returns a code of `smplab.machine.faults`.

    The arguments are the numbers of a `Plan` and the arrays of a `State`; `frame` is the number of
    registers of a CPU, `operations` is 0 for no limit or as long as nothing is measured.
    """
    cpus = len(cpu) // CPU_WORDS
    nothing = pointer(status)
    return _run_slice(
        SYSTEM_OFF, steps, stop, operations,
        instr_alone, instr_shared, hit, rmw, occ_r, occ_w, near,
        smt, home_from, mem, far, max_local, call_depth, frame,
        line_key, pointer(stream_keys), len(stream_keys), pointer(code), pointer(parameters),
        pointer(distance), places, pointer(core_place), pointer(home_place),
        pointer(status), pointer(cpu), pointer(line), pointer(pool), pointer(heap),
        pointer(registers), pointer(stack), pointer(draws), pointer(regions),
        pointer(histograms), pointer(user), pointer(memory), pointer(ghost),
        len(home_place), cpus, len(regions) // (REGION_ROW * cpus), len(memory), len(ghost),
        nothing, nothing, nothing, nothing, nothing, nothing, nothing, np.int64(0),
    )  # fmt: skip


@kept
def run_system_slice(
    steps: Any, stop: Any, operations: Any,
    instr_alone: Any, instr_shared: Any, hit: Any, rmw: Any, occ_r: Any, occ_w: Any, near: Any,
    smt: Any, home_from: Any, mem: Any, far: Any, max_local: Any, call_depth: Any, frame: Any,
    line_key: Any, stream_keys: Any, code: Any, parameters: Any, distance: Any, places: Any,
    core_place: Any, home_place: Any,
    status: Any, cpu: Any, line: Any, pool: Any, heap: Any, registers: Any, stack: Any,
    draws: Any, regions: Any, histograms: Any, user: Any, memory: Any, ghost: Any,
    system: Any, contexts: Any, flight: Any, tlb: Any, frames: Any, points: Any, numbers: Any,
) -> Any:  # fmt: skip
    """As `run_slice`, for images with instructions of `smplab.machine.system`."""
    cpus = len(cpu) // CPU_WORDS
    return _run_slice(
        SYSTEM_ON, steps, stop, operations,
        instr_alone, instr_shared, hit, rmw, occ_r, occ_w, near,
        smt, home_from, mem, far, max_local, call_depth, frame,
        line_key, pointer(stream_keys), len(stream_keys), pointer(code), pointer(parameters),
        pointer(distance), places, pointer(core_place), pointer(home_place),
        pointer(status), pointer(cpu), pointer(line), pointer(pool), pointer(heap),
        pointer(registers), pointer(stack), pointer(draws), pointer(regions),
        pointer(histograms), pointer(user), pointer(memory), pointer(ghost),
        len(home_place), cpus, len(regions) // (REGION_ROW * numbers[CONTEXTS]), len(memory),
        len(ghost), pointer(system), pointer(contexts), pointer(flight), pointer(tlb),
        pointer(frames), pointer(points), pointer(numbers), len(flight) // FLIGHT_WORDS,
    )  # fmt: skip


@inlined
def _run_slice(
    systems: Any, steps: Any, stop: Any, operations: Any,
    instr_alone: Any, instr_shared: Any, hit: Any, rmw: Any, occ_r: Any, occ_w: Any, near: Any,
    smt: Any, home_from: Any, mem: Any, far: Any, max_local: Any, call_depth: Any, frame: Any,
    line_key: Any, stream_keys: Any, streams: Any, code: Any, parameters: Any,
    distance: Any, places: Any, core_place: Any, home_place: Any,
    status: Any, cpu: Any, line: Any, pool: Any, heap: Any,
    registers: Any, stack: Any, draws: Any, regions: Any,
    histograms: Any, user: Any, memory: Any, ghost: Any,
    lines: Any, cpus: Any, regions_each: Any, memory_words: Any, ghost_words: Any,
    system: Any, contexts: Any, flight: Any, tlb: Any, frames: Any, points: Any, numbers: Any,
    flight_there: Any,
) -> Any:  # fmt: skip
    """As `run_slice`, on pointers; what the constant `systems` rules out leaves no machine code."""
    words = (cpus + 63) >> 6
    shift = 64 - leading_zeros(UINT64(lines + cpus))
    number_mask = (np.int64(1) << shift) - 1
    farthest = np.int64(2**62) >> shift
    sets_there = status[SETS_THERE]
    size = status[HEAP_SIZE]
    if size == 0:
        return faults.EMPTY
    key = heap[0]
    next_key = second(heap)
    now = np.int64(0)
    last = status[LAST_TICKS]
    fault = np.int64(faults.GOING)
    detail = np.int64(0)
    who = np.int64(-1)
    pc = np.int64(0)
    while True:
        now = key >> shift
        if now >= stop:
            fault = faults.REACHED
            break
        if steps == 0:
            break
        if sets_there - status[SETS_USED] < 2:
            fault = faults.POOL
            break
        if systems and flight_there - status[IN_FLIGHT] < 2:
            fault = faults.FLIGHT
            break
        steps -= 1
        number = key & number_mask
        own_key = NEVER  # when the CPU of this event goes on
        line_key_next = NEVER  # when a line serves next
        woken = np.int64(-1)  # first of those that this event wakes
        flock = np.int64(-1)  # first of those that arrive together with this CPU
        goes_on = True
        instr_done = np.int64(1)
        after = now
        queued = number < lines
        row = number * LINE_ROW
        if systems and number == 0:
            size, matters = arrive(
                status, flight, system, cpu, line, pool, words, code, heap, size, lines, shift,
                farthest, now,
            )  # fmt: skip
            if matters:
                last = now
            size = pop_root(heap, size)
            if size == 0:
                fault = faults.EMPTY
                break
            key = heap[0]
            next_key = second(heap)
            continue
        last = now
        if queued:
            who = choose(line, row, number, pool, words, cpu, distance, places, near, line_key)
        else:
            who = number - lines
        me = who * CPU_WORDS
        pc = cpu[me + PC]
        base = cpu[me + BASE]
        instruction = pc * ROW_WORDS
        op = code[instruction]
        a = code[instruction + 1]
        b = code[instruction + 2]
        c = code[instruction + 3]
        touching = False
        interrupted = False
        if systems:
            walking = system[who * SYSTEM_WORDS + WALK_LEVEL] != 0
            if not queued and not walking and takes(system, who):
                interrupted = True
                flock = cpu[me + FOLLOWER]
            elif op == Op.TOUCH:
                touching = True
                if not walking:
                    hits, fault = look_up(
                        status, registers, system, tlb, frames, numbers, a, b, c, base, who
                    )
                    if fault != 0:
                        detail = status[FAULT_DETAIL]
                        break
                    touching = not hits
        if touching or (op >= Op.LOAD and op <= Op.FAND and not interrupted):
            kind = ATOMIC
            if op == Op.LOAD or touching:
                kind = LOADING
            elif op == Op.STORE:
                kind = STORING
            if touching:
                address = walk_address(system, numbers, who, registers[base + b])
            elif kind == STORING:
                address = registers[base + a] + b
            else:
                address = registers[base + b] + c
            if address < LINE_WORDS or address >= memory_words:
                fault = faults.ADDRESS
                detail = address
                break
            number = address >> 3
            row = number * LINE_ROW
            core = cpu[me + CORE]
            owner = line[row + OWNER]
            hits = owner == core or (kind == LOADING and has_copy(line, row, pool, core))
            if queued:
                cpu[me + STATE] = RUNNING
                cpu[me + QUEUED_ACCESSES] += 1
                cpu[me + QUEUE_TICKS] += now - cpu[me + SINCE]
            else:
                charge(cpu, me, now)
                flock = cpu[me + FOLLOWER]
                if not hits and (line[row + FREE_AT] > now or line[row + IN_QUEUE] > 0):
                    if line[row + IN_QUEUE] == 0:
                        line_key_next = (line[row + FREE_AT] << shift) | number
                    join_queue(line, row, pool, words, status, cpu, who)
                    goes_on = False
            if goes_on:
                if hits:
                    cost = hit
                    cpu[me + HITS] += 1
                else:
                    home = np.int64(home_place[number])
                    if kind == LOADING:
                        cost = serve_load(
                            line, row, pool, words, status, cpu, me, core_place,
                            distance, places, home_from, home, mem, occ_r, now,
                        )  # fmt: skip
                    elif kind == ATOMIC and far > 0:
                        cost = serve_far(
                            line, row, pool, words, cpu, me, core_place,
                            distance, places, home, mem, far, now,
                        )  # fmt: skip
                    else:
                        cost = serve_write(
                            line, row, pool, words, cpu, me, core_place,
                            distance, places, home_from, home, mem, hit, occ_w, queued, now,
                        )  # fmt: skip
                cpu[me + LOADS + kind] += 1
                after = now + cost
                old = memory[address]
                if touching:
                    goes_on, fault = walk(
                        status, registers, system, tlb, frames, numbers, a, b, c, base, pc, who, old
                    )
                    if fault != 0:
                        detail = status[FAULT_DETAIL]
                        break
                    if not goes_on:
                        own_key = (min(after, farthest) << shift) | (lines + who)
                elif kind == LOADING:
                    registers[base + a] = old
                    cpu[me + SEEN_LINE] = number
                    cpu[me + SEEN_VERSION] = line[row + VERSION]
                else:
                    version = line[row + VERSION] + 1
                    line[row + VERSION] = version
                    if kind == STORING:
                        memory[address] = registers[base + c]
                    else:
                        cpu[me + SEEN_LINE] = number
                        cpu[me + SEEN_VERSION] = version
                        d = registers[base + code[instruction + 4]]
                        if op == Op.CAS:
                            if old == d:
                                e = code[instruction + 5]
                                memory[address] = registers[base + e]
                                old = np.int64(1)
                            else:
                                old = np.int64(0)
                        elif op == Op.SWAP:
                            memory[address] = d
                        elif op == Op.FADD:
                            total = old + d
                            if ((old ^ total) & (d ^ total)) < 0:
                                fault = faults.OVERFLOW
                                break
                            memory[address] = total
                        elif op == Op.FOR:
                            memory[address] = old | d
                        else:
                            memory[address] = old & d
                        registers[base + a] = old
                    if line[row + SLEEPERS] > 0:
                        # Chain those who sleep, in ascending order; send the others to their WAIT.
                        line[row + SLEEPERS] = 0
                        sleepers = line[row + SETS] + 2 * words
                        tail = np.int64(-1)
                        for word in range(words):
                            members = pool[sleepers + word]
                            if members != ZERO:
                                pool[sleepers + word] = ZERO
                            while members != ZERO:
                                other = (word << 6) + lowest_one(members)
                                members &= members - ONE
                                it = other * CPU_WORDS
                                asleep_at = cpu[it + ASLEEP_AT]
                                cpu[it + STATE] = RUNNING
                                at = (min(asleep_at, farthest) << shift) | (lines + other)
                                if at > key:
                                    size = push(heap, size, at)
                                    next_key = min(next_key, at)
                                    continue
                                if cpu[it + SLEPT] == 0:
                                    charge(cpu, it, asleep_at)
                                    cpu[it + WAITS] += 1
                                    cpu[it + INSTRUCTIONS] += 1
                                cpu[it + DONE] = after
                                its_wait = cpu[it + PC] * ROW_WORDS
                                cpu[it + DOING] = code[its_wait + 3]
                                if tail < 0:
                                    woken = other
                                else:
                                    cpu[tail * CPU_WORDS + FOLLOWER] = other
                                cpu[it + FOLLOWER] = -1
                                tail = other
                wake_at = after
                if kind == ATOMIC:
                    after += rmw
                cpu[me + DONE] = after
                cpu[me + DOING] = TLB if touching else MEMORY
            else:
                wake_at = now
            if queued and line[row + IN_QUEUE] > 0:
                line_key_next = (line[row + FREE_AT] << shift) | number
        else:
            wake_at = now
            if systems and interrupted:
                fault = begin_handler(status, system, contexts, numbers, cpu, frame, who, now)
                if fault != 0:
                    detail = status[FAULT_DETAIL]
                    break
                instr_done = np.int64(0)
                after = cpu[me + DONE]
            elif systems and op >= Op.ENABLE:
                instr = instr_shared if cpu[me + SIBLINGS] > 0 else instr_alone
                if op == Op.TOUCH:
                    after = now + instr
                else:
                    after, arrival, fault = execute(
                        status, cpu, registers, system, contexts, flight, tlb, frames, points,
                        numbers, regions, distance, places, core_place, op, a, b, c, base, pc, who,
                        cpus, frame, regions_each, instr, now,
                    )  # fmt: skip
                    if fault != 0:
                        detail = status[FAULT_DETAIL]
                        break
                    if arrival >= 0:
                        at_key = min(arrival, farthest) << shift
                        size = push(heap, size, at_key)
                        next_key = min(next_key, at_key)
                    if op == Op.REUSE or op == Op.POINT:  # noqa: PLR1714
                        instr_done = np.int64(0)
                    if op == Op.IRET:
                        cpu[me + INSTRUCTIONS] += 1
                        goes_on = False
                        own_key = (min(after, farthest) << shift) | (lines + who)
            elif systems and op == Op.DELAY and system[who * SYSTEM_WORDS + DELAYING] != NOT:
                instr_done = np.int64(0)
                if system[who * SYSTEM_WORDS + DELAYING] == STOPPED:
                    ends = now + system[who * SYSTEM_WORDS + LEFT]
                    system[who * SYSTEM_WORDS + DELAYING] = RUNS
                    system[who * SYSTEM_WORDS + LEFT] = ends
                    goes_on = False
                    own_key = (min(ends, farthest) << shift) | (lines + who)
                else:
                    system[who * SYSTEM_WORDS + DELAYING] = NOT
            elif op == Op.DELAY:
                cycles = registers[base + a]
                if cycles < 0 or cycles > MAX_DELAY_CYCLES:
                    fault = faults.DELAY
                    detail = cycles
                    break
                ticks = cycles * TICKS_PER_CYCLE
                if cpu[me + SIBLINGS] > 0:
                    ticks = ticks * smt // 100
                after = now + ticks
                if systems and system[who * SYSTEM_WORDS + ON] != 0:
                    # It ends by an event of its own, which an interrupt can put off.
                    system[who * SYSTEM_WORDS + DELAYING] = RUNS
                    system[who * SYSTEM_WORDS + LEFT] = after
                    cpu[me + INSTRUCTIONS] += 1
                    goes_on = False
                    own_key = (min(after, farthest) << shift) | (lines + who)
            elif op == Op.WAIT:
                address = registers[base + a] + b
                if address < LINE_WORDS or address >= memory_words:
                    fault = faults.ADDRESS
                    detail = address
                    break
                number = address >> 3
                if systems and system[who * SYSTEM_WORDS + EVENT] != 0:
                    system[who * SYSTEM_WORDS + EVENT] = 0
                    after = now + (instr_shared if cpu[me + SIBLINGS] > 0 else instr_alone)
                elif would_sleep(line, pool, cpu, me, number):
                    fall_asleep(line, number * LINE_ROW, pool, words, status, cpu, who, now)
                    goes_on = False
                elif cpu[me + SIBLINGS] > 0:
                    after = now + instr_shared
                else:
                    after = now + instr_alone
            elif op == Op.END:
                instr_done = np.int64(0)
                region_row = (who * regions_each + a) * REGION_ROW
                begun_row = region_row
                if systems:
                    context = system[who * SYSTEM_WORDS + CONTEXT]
                    begun_row = (context * regions_each + a) * REGION_ROW
                if regions[begun_row + BEGUN] < 0:
                    fault = faults.REGION
                    detail = a
                    break
                end_region(regions, histograms, region_row, begun_row, a, now)
                if a == 0:
                    done = status[OPERATIONS] + 1
                    status[OPERATIONS] = done
                    if done == operations:
                        fault = faults.FINISHED
                        break
            elif op == Op.BEGIN:
                instr_done = np.int64(0)
                context = system[who * SYSTEM_WORDS + CONTEXT] if systems else who
                regions[(context * regions_each + a) * REGION_ROW + BEGUN] = now
            elif op == Op.COUNT:
                instr_done = np.int64(0)
                old = user[a]
                d = registers[base + b]
                total = old + d
                if ((old ^ total) & (d ^ total)) < 0:
                    fault = faults.OVERFLOW
                    break
                user[a] = total
            elif op == Op.CAUSE:
                instr_done = np.int64(0)
                charge(cpu, me, now)
                cpu[me + DONE] = now
                cpu[me + CAUSE] = a
            elif op == Op.FENCE:
                if cpu[me + SIBLINGS] > 0:
                    after = now + instr_shared
                else:
                    after = now + instr_alone
            elif op == Op.HALT:
                charge(cpu, me, now)
                cpu[me + DONE] = now
                cpu[me + CAUSE] = IDLE
                cpu[me + STATE] = HALTED
                cpu[me + INSTRUCTIONS] += 1
                if cpu[me + SIBLINGS] > 0:
                    for other in range(cpus):
                        if cpu[other * CPU_WORDS + CORE] == cpu[me + CORE]:
                            cpu[other * CPU_WORDS + SIBLINGS] -= 1
                goes_on = False
            else:
                instr_done = np.int64(0)
                if op == Op.GLOAD:
                    address = registers[base + b] + c
                else:
                    address = registers[base + a] + b
                if address < LINE_WORDS or address >= ghost_words:
                    fault = faults.GHOST_ADDRESS
                    detail = address
                    break
                if op == Op.GLOAD:
                    registers[base + a] = ghost[address]
                else:
                    ghost[address] = registers[base + c]

        # Local instructions: of this CPU, then of those it woke.
        this = who if goes_on else np.int64(-1)
        following = woken
        leader = np.int64(-1)
        leader_tail = np.int64(-1)
        leader_at = np.int64(-1)
        while this >= 0:
            me = this * CPU_WORDS
            instr = instr_shared if cpu[me + SIBLINGS] > 0 else instr_alone
            area = system[this * SYSTEM_WORDS + AREA] if systems else this
            first = area * frame
            pc, base, depth, done, fault, detail = compute(
                code, parameters, registers, stack, draws, stream_keys, streams,
                this, cpu[me + PC] + 1, cpu[me + BASE], first + (frame >> 1),
                area * 2 * call_depth, cpu[me + DEPTH], call_depth,
                after, instr, max_local,
            )  # fmt: skip
            if fault != 0:
                who = this
                break
            cpu[me + PC] = pc
            cpu[me + BASE] = base
            cpu[me + DEPTH] = depth
            cpu[me + INSTRUCTIONS] += done + instr_done
            at = after + done * instr
            instruction = pc * ROW_WORDS
            op = code[instruction]
            at_key = (min(at, farthest) << shift) | (lines + this)
            together = False
            if op == Op.WAIT:
                address = registers[base + code[instruction + 1]] + code[instruction + 2]
                if (
                    address >= LINE_WORDS
                    and address < memory_words
                    and sets_there > status[SETS_USED]
                    and not (
                        systems
                        and (takes(system, this) or system[this * SYSTEM_WORDS + EVENT] != 0)
                    )
                    and would_sleep(line, pool, cpu, me, address >> 3)
                ):
                    fall_asleep(line, (address >> 3) * LINE_ROW, pool, words, status, cpu, this, at)
                    at_key = NEVER
            elif this != who and op == Op.LOAD and (leader < 0 or at == leader_at):
                address = registers[base + code[instruction + 2]] + code[instruction + 3]
                together = address >> 3 == number
            if this == who:
                own_key = at_key
            elif together and leader >= 0:
                cpu[leader_tail * CPU_WORDS + FOLLOWER] = this
                leader_tail = this
            elif at_key != NEVER:
                size = push(heap, size, at_key)
                next_key = min(next_key, at_key)
            if together and leader < 0:
                leader = this
                leader_tail = this
                leader_at = at
            this = following
            if this >= 0:
                following = cpu[this * CPU_WORDS + FOLLOWER]
                cpu[this * CPU_WORDS + FOLLOWER] = -1
                instr_done = np.int64(0)
                after = wake_at
        if fault != 0:
            break

        # Those who arrive together with this CPU.
        if flock >= 0:
            cpu[who * CPU_WORDS + FOLLOWER] = -1
            while flock >= 0:
                it = flock * CPU_WORDS
                following = cpu[it + FOLLOWER]
                cpu[it + FOLLOWER] = -1
                if systems and (interrupted or takes(system, flock)):
                    busy = False
                else:
                    busy = line[row + FREE_AT] > now or line[row + IN_QUEUE] > 0
                if busy and not has_copy(line, row, pool, cpu[it + CORE]):
                    charge(cpu, it, now)
                    if line[row + IN_QUEUE] == 0:
                        line_key_next = (line[row + FREE_AT] << shift) | number
                    join_queue(line, row, pool, words, status, cpu, flock)
                else:
                    at_key = (now << shift) | (lines + flock)
                    size = push(heap, size, at_key)
                    next_key = min(next_key, at_key)
                flock = following

        # Plan what comes next, past the heap if possible.
        if line_key_next < own_key:
            own_key, line_key_next = line_key_next, own_key
        if line_key_next != NEVER:
            size = push(heap, size, line_key_next)
            next_key = min(next_key, line_key_next)
        if own_key < next_key:
            key = own_key
        else:
            if own_key != NEVER:
                replace_root(heap, size, own_key)
            else:
                size = pop_root(heap, size)
                if size == 0:
                    fault = faults.EMPTY
                    break
            key = heap[0]
            next_key = second(heap)
    heap[0] = key
    status[HEAP_SIZE] = size
    status[LAST_TICKS] = last
    status[LAST_CPU] = who
    status[FAULT_CPU] = who
    status[FAULT_PC] = pc
    status[FAULT_TICKS] = now
    status[FAULT_DETAIL] = detail
    return fault
