"""In front of which of the kernel's instructions a CPU stops, so that others may come between.

It goes through those whose effect nobody can tell from the same a little earlier: with interrupts
off already, turning them off again; where the image has no handlers, turning them on. With
interrupts on a CPU stops wherever a handler may change what follows, also at a DELAY: it may be
interrupted there, however long a loop of delays it is in.

Under TSO and PSO some wait until the store buffer is empty (`SERIALISING`):

- The beginning of a handler: interrupts drain the store buffer (Intel SDM vol. 3, "Store Buffer").
  IRET is a serialising instruction.
- Kernel entry and exit: as by INT and IRET. (SYSCALL drains nothing; a kernel that enters so needs
  fences that the checker does not miss here.)
- SPACE, DROP, DROPSPACE, FLUSH: MOV to CR3, INVLPG and INVPCID are serialising instructions (SDM
  vol. 3, "Serializing Instructions"). DROPALL, DROPSPACEALL: TLBI is followed by a DSB.

SEND does not: an x2APIC's interrupt may overtake the sender's stores (SDM vol. 3, "x2APIC Register
Address Space"), so whoever sends a request fences first. Turning interrupts on or off, timers,
TAKE, CREATE and SWITCH do not either: none of them is defined to. Contexts are no words of memory
here, so a saved one is seen at once; who resumes a thread of another CPU learns from a store made
after the SWITCH that it may, and that store is behind the thread's own.
"""

from __future__ import annotations

from typing import Final

from smplab.language.isa import Op

DROPS: Final = frozenset({Op.DROP, Op.DROPSPACE, Op.FLUSH})
BROADCASTS: Final = frozenset({Op.DROPALL, Op.DROPSPACEALL})
SERIALISING: Final = DROPS | BROADCASTS | {Op.FENCE, Op.SPACE, Op.ENTER, Op.EXIT, Op.IRET}
"""Instructions that wait until the CPU's store buffer is empty, atomics aside."""


def stops(op: Op, on: bool, vectored: bool, buffered: bool, translated: bool) -> bool:
    """Whether a CPU stops in front of one of the instructions that only kernels use, or a DELAY.

    Args:
        on: it takes interrupts.
        vectored: there are any.
        buffered: it has a store buffer.
        translated: the image looks pages up.
    """
    if op in (Op.DELAY, Op.DISABLE):
        return vectored and on
    if op is Op.ENABLE:
        return vectored and not on
    if op is Op.ENTER:
        return buffered or (vectored and on)
    if op is Op.EXIT:
        return buffered or (vectored and not on)
    if op is Op.SPACE or op in DROPS:
        return buffered or (vectored and on) or (translated and op is not Op.SPACE)
    if op in BROADCASTS or op is Op.REUSE:
        return translated or (buffered and op is not Op.REUSE)
    return op is not Op.CONTEXT
