"""The instruction set: what every routine becomes, and all that the machine executes.

An instruction is a row of six int64: the opcode and up to five operands, `[op, a, b, c, d, e]`.
Registers are numbered from the base of the routine's own frame; a call moves the base up, so a
thread's whole context is its registers, its base and its stack of return addresses.

There are two classes of instruction, and the difference is the machine's whole contract:

- A *local* instruction touches nothing but its CPU's registers. Nobody else can tell when it ran.
- An *ordered* instruction is visible to other CPUs (or stops the run), so all CPUs' ordered
  instructions happen in one total order: by time, then by CPU. The local instructions that follow
  an ordered one belong to it: they run at once, up to the next ordered instruction.

Opcodes from 64 on are what kernels need beside: interrupts, timers, contexts, translation and
instrumentation points. They are all ordered.

*Interrupts.* A CPU has a set of pending vectors and a flag; it starts with interrupts off. With
interrupts on and a vector pending, a CPU takes the least of them in the place of the next ordered
instruction, or within a DELAY or WAIT, but never between joining a line's queue and the access that
it joined for. Taking one turns interrupts off and runs the vector's handler, in registers and a
stack of its own, which belong to the interrupted context. IRET turns them on and goes on where that
was: with the rest of the DELAY, or with the WAIT, which then lets the routine load again.

With interrupts off, a vector that arrives ends a WAIT, or the next one, so that a loop that waits
can serve requests (as Arm's WFE, and MWAIT with masked interrupts as break events, do).

*Contexts.* A context is a thread's registers, stack, code address, interrupt flag, cause, and the
beginnings of its open regions. Contexts 0 to cpus - 1 are those in which the CPUs started; those of
the image's pool follow. SWITCH saves the running one and resumes another, saved by any CPU.

*Translation.* TOUCH looks a page up in the CPU's TLB, and on a miss walks the page tables in
simulated memory by ordinary coherent loads, in the format of `smplab.language.paging`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

ROW_WORDS: Final = 6
"""int64 words in one instruction."""


class Op(IntEnum):
    """Opcodes. Below 32 local, from 32 on ordered, from 64 on what kernels need."""

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

    ENABLE = 64  # interrupts on
    DISABLE = 65  # interrupts off; a <- 1 if they were on
    SEND = 66  # interrupt vector b of CPU a becomes pending after a while
    TIMER = 67  # vector b of this CPU becomes pending at cycle a; 0: not at all
    IRET = 68  # ends a handler
    ENTER = 69  # into the kernel: interrupts off, cause KERNEL
    EXIT = 70  # back to user level: interrupts on, cause USER
    CREATE = 71  # context a starts at b, with register c in its register 0, when switched to
    SWITCH = 72  # saves the running context, resumes context a
    CONTEXT = 73  # a <- number of the running context
    SPACE = 74  # page table [b] is this CPU's, by the name a
    TOUCH = 75  # a <- frame of page b, or why there is none; c: whether to write to it
    DROP = 76  # this CPU's TLB forgets page b of space a
    DROPSPACE = 77  # this CPU's TLB forgets space a
    FLUSH = 78  # this CPU's TLB forgets everything
    DROPALL = 79  # every CPU's TLB forgets page b of space a, where the machine can
    DROPSPACEALL = 80  # every CPU's TLB forgets space a, where the machine can
    REUSE = 81  # frame a is given to somebody else: older translations to it are stale
    POINT = 82  # a <- 1 if instrumentation point b is on; costs nothing
    TOGGLE = 83  # instrumentation point a is on if b is not 0
    TAKE = 84  # a <- 1 if vector b is pending on this CPU, and no longer is


FIRST_ORDERED: Final = Op.HALT
FIRST_SYSTEM: Final = Op.ENABLE
FREE: Final = frozenset(
    {Op.CHECK, Op.BEGIN, Op.END, Op.COUNT, Op.CAUSE, Op.GLOAD, Op.GSTORE, Op.REUSE, Op.POINT}
)
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
    t: code address; p: parameter; m: message; g: region; n: counter; s: random stream; c: cause;
    v: interrupt vector; o: instrumentation point.
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
    Op.ENABLE: Signature(""),
    Op.DISABLE: Signature("d"),
    Op.SEND: Signature("rv"),
    Op.TIMER: Signature("rv"),
    Op.IRET: Signature(""),
    Op.ENTER: Signature(""),
    Op.EXIT: Signature(""),
    Op.CREATE: Signature("rtr"),
    Op.SWITCH: Signature("r"),
    Op.CONTEXT: Signature("d"),
    Op.SPACE: Signature("rr"),
    Op.TOUCH: Signature("drr"),
    Op.DROP: Signature("rr"),
    Op.DROPSPACE: Signature("r"),
    Op.FLUSH: Signature(""),
    Op.DROPALL: Signature("rr"),
    Op.DROPSPACEALL: Signature("r"),
    Op.REUSE: Signature("r"),
    Op.POINT: Signature("do"),
    Op.TOGGLE: Signature("or"),
    Op.TAKE: Signature("dv"),
}
