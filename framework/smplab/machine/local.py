"""Local instructions, compiled into whoever executes them: they touch their CPU's registers only.

The engine runs them between two ordered instructions, the model checker between two steps; this is
their one source.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from smplab.language.isa import FIRST_ORDERED, ROW_WORDS, Op
from smplab.machine import faults
from smplab.machine.bits import product_overflows
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.draws import below, draw, exponential
from smplab.machine.jit import UINT64, inlined
from smplab.machine.randomness import MAX_MEAN

ORDERED = int(FIRST_ORDERED)
LEAST = np.int64(-(2**63))


@inlined
def compute(
    code: Any, parameters: Any, registers: Any, stack: Any,
    draws: Any, stream_keys: Any, streams: Any,
    cpu: Any, pc: Any, base: Any, top: Any, frames: Any, depth: Any, call_depth: Any,
    ticks: Any, instr: Any, max_local: Any,
) -> Any:  # fmt: skip
    """Execute instructions from `pc` on up to an ordered one or a fault.

    Args:
        code: int64 [instructions * ROW_WORDS]. All tables are pointers.
        parameters, registers, stack: int64, flat; `base` is the frame's first register, `top` the
            greatest base, `frames` the CPU's first word of `stack` (two words a call).
        draws: int64 [cpus * streams], how many numbers each CPU has drawn.
        stream_keys: uint64 [streams].
        streams: number of random streams.
        cpu: logical number.
        depth, call_depth: calls that are open, and that may be.
        ticks, instr: time at the first instruction, and what each takes.
        max_local: how many instructions may follow each other.

    Returns:
        pc, base, depth, number of instructions that count, fault or 0, the fault's detail.
    """
    done = np.int64(0)
    fault = np.int64(0)
    detail = np.int64(0)
    while True:
        row = pc * ROW_WORDS
        op = code[row]
        if op >= ORDERED:
            break
        a = code[row + 1]
        b = code[row + 2]
        c = code[row + 3]
        pc += 1
        done += 1
        if done > max_local and op != Op.CHECK:
            fault = faults.LOOP
        elif op == Op.ADDI:
            x = registers[base + b]
            z = x + c
            if ((x ^ z) & (c ^ z)) < 0:
                fault = faults.OVERFLOW
            else:
                registers[base + a] = z
        elif op == Op.MOVI:
            registers[base + a] = b
        elif op == Op.MOV:
            registers[base + a] = registers[base + b]
        elif op == Op.JMP:
            pc = a
        elif op == Op.BEQ:
            if registers[base + a] == registers[base + b]:
                pc = c
        elif op == Op.BNE:
            if registers[base + a] != registers[base + b]:
                pc = c
        elif op == Op.BLT:
            if registers[base + a] < registers[base + b]:
                pc = c
        elif op == Op.BLE:
            if registers[base + a] <= registers[base + b]:
                pc = c
        elif op == Op.PARAM:
            registers[base + a] = parameters[b]
        elif op == Op.ADD:
            x = registers[base + b]
            y = registers[base + c]
            z = x + y
            if ((x ^ z) & (y ^ z)) < 0:
                fault = faults.OVERFLOW
            else:
                registers[base + a] = z
        elif op == Op.SUB:
            x = registers[base + b]
            y = registers[base + c]
            z = x - y
            if ((x ^ y) & (x ^ z)) < 0:
                fault = faults.OVERFLOW
            else:
                registers[base + a] = z
        elif op == Op.MUL:
            x = registers[base + b]
            y = registers[base + c]
            if product_overflows(x, y):
                fault = faults.OVERFLOW
            else:
                registers[base + a] = x * y
        elif op == Op.DIV:
            x = registers[base + b]
            y = registers[base + c]
            if y == 0:
                fault = faults.DIVISION
            elif y == -1:  # the processor would trap on the one quotient that does not fit
                if x == LEAST:
                    fault = faults.OVERFLOW
                else:
                    registers[base + a] = -x
            else:
                registers[base + a] = x // y
        elif op == Op.MOD:
            y = registers[base + c]
            if y == 0:
                fault = faults.DIVISION
            elif y == -1:
                registers[base + a] = 0
            else:
                registers[base + a] = registers[base + b] % y
        elif op == Op.AND:
            registers[base + a] = registers[base + b] & registers[base + c]
        elif op == Op.OR:
            registers[base + a] = registers[base + b] | registers[base + c]
        elif op == Op.XOR:
            registers[base + a] = registers[base + b] ^ registers[base + c]
        elif op == Op.SHL:
            x = registers[base + b]
            y = registers[base + c]
            if y < 0 or y > 63:
                fault = faults.SHIFT
                detail = y
            elif (x << y) >> y != x:
                fault = faults.OVERFLOW
            else:
                registers[base + a] = x << y
        elif op == Op.SHR:
            y = registers[base + c]
            if y < 0 or y > 63:
                fault = faults.SHIFT
                detail = y
            else:
                registers[base + a] = np.int64(UINT64(registers[base + b]) >> UINT64(y))
        elif op == Op.SAR:
            y = registers[base + c]
            if y < 0 or y > 63:
                fault = faults.SHIFT
                detail = y
            else:
                registers[base + a] = registers[base + b] >> y
        elif op == Op.EQ:
            registers[base + a] = np.int64(registers[base + b] == registers[base + c])
        elif op == Op.NE:
            registers[base + a] = np.int64(registers[base + b] != registers[base + c])
        elif op == Op.LT:
            registers[base + a] = np.int64(registers[base + b] < registers[base + c])
        elif op == Op.LE:
            registers[base + a] = np.int64(registers[base + b] <= registers[base + c])
        elif op == Op.CALL:
            if depth == call_depth or base + b > top:
                fault = faults.CALLS
            else:
                frame = frames + 2 * depth
                stack[frame] = pc
                stack[frame + 1] = base
                depth += 1
                base += b
                pc = a
        elif op == Op.RET:
            if depth == 0:
                fault = faults.RETURN
            else:
                depth -= 1
                frame = frames + 2 * depth
                pc = stack[frame]
                base = stack[frame + 1]
        elif op == Op.CPUID:
            registers[base + a] = cpu
        elif op == Op.TIME:
            registers[base + a] = (ticks + (done - 1) * instr) // TICKS_PER_CYCLE
        elif op == Op.RAND or op == Op.RANDEXP:  # noqa: PLR1714 - numba knows no `in` for enums
            x = registers[base + b]
            drawn = cpu * streams + c
            if op == Op.RAND:
                refused = x <= 0
            else:
                refused = x < 0 or x >= MAX_MEAN
            if refused:
                fault = faults.BOUND
                detail = x
            else:
                count = draws[drawn] + 1
                draws[drawn] = count
                bits = draw(stream_keys[c], cpu, count)
                if op == Op.RAND:
                    registers[base + a] = below(bits, x)
                else:
                    registers[base + a] = exponential(bits, x)
        elif op == Op.CHECK:
            done -= 1
            if registers[base + a] == 0:
                fault = faults.CHECK
                detail = b
        if fault != 0:
            pc -= 1
            break
    return pc, base, depth, done, fault, detail
