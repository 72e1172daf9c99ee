"""The beginning of a run: every CPU executes its local instructions up to the first ordered one."""

from __future__ import annotations

from typing import Any

import numpy as np

from smplab.machine import faults
from smplab.machine.bits import leading_zeros, pointer
from smplab.machine.heap import pop_root, push
from smplab.machine.jit import UINT64, inlined, kept
from smplab.machine.local import compute
from smplab.machine.result import Counter
from smplab.machine.state import (
    BASE,
    COUNTERS,
    CPU_WORDS,
    DEPTH,
    FAULT_CPU,
    FAULT_DETAIL,
    FAULT_PC,
    HEAP_SIZE,
    PC,
    SIBLINGS,
)  # fmt: skip

INSTRUCTIONS = int(Counter.INSTRUCTIONS) + COUNTERS


@kept
def start(
    instr_alone: Any, instr_shared: Any, max_local: Any, call_depth: Any, frame: Any, lines: Any,
    stream_keys: Any, code: Any, parameters: Any,
    status: Any, cpu: Any, heap: Any, registers: Any, stack: Any, draws: Any,
) -> Any:  # fmt: skip
    """Bring every CPU to its first ordered instruction; arguments and result as `run_slice`."""
    return _start(
        instr_alone, instr_shared, max_local, call_depth, frame, lines,
        pointer(stream_keys), len(stream_keys), pointer(code), pointer(parameters),
        pointer(status), pointer(cpu), pointer(heap), pointer(registers), pointer(stack),
        pointer(draws), len(cpu) // CPU_WORDS,
    )  # fmt: skip


@inlined
def _start(
    instr_alone: Any, instr_shared: Any, max_local: Any, call_depth: Any, frame: Any, lines: Any,
    stream_keys: Any, streams: Any, code: Any, parameters: Any,
    status: Any, cpu: Any, heap: Any, registers: Any, stack: Any, draws: Any, cpus: Any,
) -> Any:  # fmt: skip
    shift = 64 - leading_zeros(UINT64(lines + cpus))
    farthest = np.int64(2**62) >> shift
    heap[0] = np.int64(-1)  # stands at the root while the others come in
    size = np.int64(1)
    for this in range(cpus):
        me = this * CPU_WORDS
        instr = instr_shared if cpu[me + SIBLINGS] > 0 else instr_alone
        first = this * frame
        pc, base, depth, done, fault, detail = compute(
            code, parameters, registers, stack, draws, stream_keys, streams,
            this, cpu[me + PC], first, first + (frame >> 1),
            this * 2 * call_depth, np.int64(0), call_depth, np.int64(0), instr, max_local,
        )  # fmt: skip
        if fault != 0:
            status[FAULT_CPU] = this
            status[FAULT_PC] = pc
            status[FAULT_DETAIL] = detail
            return fault
        cpu[me + PC] = pc
        cpu[me + BASE] = base
        cpu[me + DEPTH] = depth
        cpu[me + INSTRUCTIONS] += done
        size = push(heap, size, (min(done * instr, farthest) << shift) | (lines + this))
    status[HEAP_SIZE] = pop_root(heap, size)
    return np.int64(faults.GOING)
