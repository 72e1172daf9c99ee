"""The instruction set: what every routine becomes, and all that the machine executes.

An instruction is a row of six int64: the opcode and up to five operands, `[op, a, b, c, d, e]`.
Registers are numbered from the base of the routine's own frame; a call moves the base up, so a
thread's whole context is its registers, its base and its stack of return addresses.

There are two classes of instruction, and the difference is the machine's whole contract:

- A *local* instruction touches nothing but its CPU's registers. Nobody else can tell when it ran.
- An *ordered* instruction is visible to other CPUs (or stops the run), so all CPUs' ordered
  instructions happen in one total order: by time, then by CPU. The local instructions that follow
  an ordered one belong to it: they run at once, up to the next ordered instruction.

Opcodes 64 to 127 are kept free for interrupts, timers, contexts, translation and instrumentation
points; no image holds one yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

ROW_WORDS: Final = 6
"""int64 words in one instruction."""


class Op(IntEnum):
    """Opcodes. Below 32 local, from 32 on ordered."""

    NOP = 0
    MOVI = 1  # a <- immediate b
    MOV = 2  # a <- b
    PARAM = 3  # a <- parameter block [b]
    ADD = 4  # a <- b op c, for ADD to SAR
    SUB = 5
    MUL = 6
    DIV = 7  # floor division, as Python's //
    MOD = 8  # sign of the divisor, as Python's %
    AND = 9
    OR = 10
    XOR = 11
    SHL = 12  # as Python's <<: overflows when bits are lost
    SHR = 13  # logical
    SAR = 14  # arithmetic, as Python's >>
    ADDI = 15  # a <- b + immediate c
    EQ = 16  # a <- 1 if b op c else 0, for EQ to LE
    NE = 17
    LT = 18
    LE = 19
    JMP = 20  # to a
    BEQ = 21  # if a op b: to c, for BEQ to BLE
    BNE = 22
    BLT = 23
    BLE = 24
    CALL = 25  # to a; the callee's register 0 is the caller's register b
    RET = 26
    CPUID = 27  # a <- logical number of this CPU
    TIME = 28  # a <- this CPU's clock, cycles
    RAND = 29  # a <- uniform in [0, b), stream c
    RANDEXP = 30  # a <- exponential variate of mean b, rounded down, stream c
    CHECK = 31  # the run fails with message b if register a is 0; costs nothing

    HALT = 32  # this CPU stops for good
    LOAD = 33  # a <- [b + immediate c]
    STORE = 34  # [a + immediate b] <- c
    SWAP = 35  # a <- [b + immediate c]; [..] <- d
    CAS = 36  # if [b + immediate c] == d: [..] <- e, a <- 1; else a <- 0
    FADD = 37  # a <- [b + immediate c]; [..] <- a + d, likewise FOR, FAND
    FOR = 38
    FAND = 39
    FENCE = 40
    WAIT = 41  # sleep until the line of [a + immediate b] is written; time goes to cause c
    DELAY = 42  # compute for as many cycles as register a holds
    BEGIN = 43  # region a begins on this CPU; costs nothing
    END = 44  # region a ends; region 0 is the workload's operation; costs nothing
    COUNT = 45  # counter a of the workload's own += b; costs nothing
    CAUSE = 46  # from now on this CPU's computing is charged to cause a; costs nothing
    GLOAD = 47  # a <- ghost [b + immediate c]; costs nothing
    GSTORE = 48  # ghost [a + immediate b] <- c; costs nothing


FIRST_ORDERED: Final = Op.HALT
FREE: Final = frozenset({Op.CHECK, Op.BEGIN, Op.END, Op.COUNT, Op.CAUSE, Op.GLOAD, Op.GSTORE})
"""Instructions of the laboratory, not of the machine: they cost no time and are not counted."""


class Cause(IntEnum):
    """What a CPU's cycles are charged to. Every cycle of every CPU has exactly one cause."""

    USER = 0
    KERNEL = 1
    LOCK_WAIT = 2
    MEMORY = 3
    IPI = 4
    TLB = 5
    IDLE = 6


@dataclass(frozen=True)
class Signature:
    """The operands of an opcode, one letter for each of a, b, c, ...

    d: register written; r: register read; b: register base of a callee's frame; i: immediate;
    t: code address; p: parameter; m: message; g: region; n: counter; s: random stream; c: cause.
    """

    operands: str


_BINARY = Signature("drr")
SIGNATURES: Final[dict[Op, Signature]] = {
    Op.NOP: Signature(""),
    Op.MOVI: Signature("di"),
    Op.MOV: Signature("dr"),
    Op.PARAM: Signature("dp"),
    **dict.fromkeys((Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MOD, Op.AND, Op.OR, Op.XOR), _BINARY),
    **dict.fromkeys((Op.SHL, Op.SHR, Op.SAR, Op.EQ, Op.NE, Op.LT, Op.LE), _BINARY),
    Op.ADDI: Signature("dri"),
    Op.JMP: Signature("t"),
    **{op: Signature("rrt") for op in (Op.BEQ, Op.BNE, Op.BLT, Op.BLE)},
    Op.CALL: Signature("tb"),
    Op.RET: Signature(""),
    Op.CPUID: Signature("d"),
    Op.TIME: Signature("d"),
    Op.RAND: Signature("drs"),
    Op.RANDEXP: Signature("drs"),
    Op.CHECK: Signature("rm"),
    Op.HALT: Signature(""),
    Op.LOAD: Signature("dri"),
    Op.STORE: Signature("rir"),
    Op.SWAP: Signature("drir"),
    Op.CAS: Signature("drirr"),
    **{op: Signature("drir") for op in (Op.FADD, Op.FOR, Op.FAND)},
    Op.FENCE: Signature(""),
    Op.WAIT: Signature("ric"),
    Op.DELAY: Signature("r"),
    Op.BEGIN: Signature("g"),
    Op.END: Signature("g"),
    Op.COUNT: Signature("nr"),
    Op.CAUSE: Signature("c"),
    Op.GLOAD: Signature("dri"),
    Op.GSTORE: Signature("rir"),
}
