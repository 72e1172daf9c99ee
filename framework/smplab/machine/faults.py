"""Why a run stopped, as numbers that the engine can return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GOING: Final = 0  # the slice is used up
REACHED: Final = 1  # the next event lies at or beyond the end
EMPTY: Final = 2  # nothing will ever happen again
FINISHED: Final = 3  # the asked-for operations are complete
POOL: Final = 4  # the set pool must grow
FLIGHT: Final = 5  # the table of interrupts under way must grow

FIRST_FAULT: Final = 10
CHECK: Final = 10  # detail: message
ADDRESS: Final = 11  # detail: word address
GHOST_ADDRESS: Final = 12  # detail: word address
OVERFLOW: Final = 13
DIVISION: Final = 14
SHIFT: Final = 15  # detail: distance
CALLS: Final = 16  # calls nested too deeply
RETURN: Final = 17  # a return without a call
LOOP: Final = 18  # too many local instructions
REGION: Final = 19  # detail: region that ends without a begin
DELAY: Final = 20  # detail: cycles
BOUND: Final = 21  # detail: bound or mean of a random draw
TARGET: Final = 22  # detail: CPU that an interrupt was sent to
TIMER: Final = 23  # detail: cycle that a timer was set to
NESTED: Final = 24  # an interrupt taken inside a handler; detail: its vector
NO_HANDLER: Final = 25  # IRET outside a handler
CONTEXT: Final = 26  # detail: number of a context that there is not
UNMADE: Final = 27  # detail: number of a context that was never made
RUNS: Final = 28  # detail: number of a context that runs already; more: the CPU
PAGE: Final = 29  # detail: page outside what page tables can map
ENTRY: Final = 30  # detail: word of a page table that leads nowhere
FRAME: Final = 31  # detail: frame that there is not
STALE: Final = 32  # detail: frame; more: pc of the reuse * 2**31 + pc of the translation's loading
BROADCAST: Final = 33  # the machine has no broadcast invalidation


@dataclass(frozen=True)
class Fault:
    """A fault, and where it happened.

    Attributes:
        code: one of the numbers above, from FIRST_FAULT on.
        cpu: logical CPU.
        pc: code address.
        ticks: when the CPU's step began in the order of events; local instructions belong to the
            ordered instruction before them.
        detail, more: what the code's comment says, else 0.
    """

    code: int
    cpu: int
    pc: int
    ticks: int
    detail: int
    more: int = 0


@dataclass(frozen=True)
class Sleeper:
    """A CPU asleep in WAIT: since when, at which instruction, on which word address."""

    cpu: int
    pc: int
    ticks: int
    address: int
