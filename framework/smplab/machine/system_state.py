"""What the state of a run holds beside when its image has instructions that kernels need.

A CPU's row has its interrupts, what it runs, its space and its counters; a context's row has what
SWITCH saves and what a handler interrupted. Times are ticks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from smplab.language.isa import Cause
from smplab.machine.description import TICKS_PER_CYCLE
from smplab.machine.plan import Ints, Plan
from smplab.machine.result import Counter
from smplab.machine.state import FLIGHT_ROOM

# A CPU's row.
ON: Final = 0  # takes interrupts
PENDING: Final = 1  # set of vectors
EVENT: Final = 2  # a vector came while it took none: its next WAIT returns
DELAYING: Final = 3  # one of the three below
LEFT: Final = 4  # what remains of a stopped delay; when a running one ends
TIMER_AT: Final = 5  # when its timer fires, or 0
CONTEXT: Final = 6  # the context that it runs
AREA: Final = 7  # the part of registers and stack that it uses: context, + contexts in a handler
SPACE: Final = 8
ROOT: Final = 9
WALK_LEVEL: Final = 10  # levels left of the walk under way, or 0
WALK_NODE: Final = 11
WALK_KILLED: Final = 12  # a broadcast came in between
GENERATION: Final = 13  # TLB entries of an older one are void
USES: Final = 14  # of the TLB, for the least recently used entry
SYSTEM_COUNTERS: Final = 16
SYSTEM_WORDS: Final = 32

FIRST_COUNTED: Final = Counter.IPIS_SENT
"""Counters from here on are in the system's rows."""
COUNTED: Final = len(Counter) - FIRST_COUNTED

NOT: Final = 0  # no delay, or one that interrupts do not stop
RUNS: Final = 1
STOPPED: Final = 2

# A context's row.
STATUS: Final = 0  # UNMADE, SAVED or RUNNING
ON_CPU: Final = 1
AT: Final = 2  # pc of the instruction before the one that it resumes with
SAVED_BASE: Final = 3
SAVED_DEPTH: Final = 4
SAVED_ON: Final = 5
SAVED_CAUSE: Final = 6
HANDLING: Final = 7  # 1 in a handler
CUT_PC: Final = 8  # what the handler interrupted
CUT_BASE: Final = 9
CUT_DEPTH: Final = 10
CUT_CAUSE: Final = 11
CUT_LEFT: Final = 12  # of its delay, or -1
CONTEXT_WORDS: Final = 16

UNMADE: Final = 0
SAVED: Final = 1
RUNNING: Final = 2

# An entry of a TLB.
TAG_SPACE: Final = 0
TAG_PAGE: Final = 1
TAG_GENERATION: Final = 2  # 0: void
TO_FRAME: Final = 3
MAY_WRITE: Final = 4
FRAME_VERSION: Final = 5
LOADED_BY: Final = 6  # pc
LAST_USE: Final = 7
TLB_WORDS: Final = 8

# A frame.
REUSES: Final = 0
REUSED_BY: Final = 1  # pc
FRAME_WORDS: Final = 2

# The numbers: costs in ticks, sizes, and from HANDLERS on the handlers' code addresses.
COSTS: Final = (
    "ipi_send", "ipi", "interrupt_entry", "interrupt_exit", "kernel_entry", "kernel_exit",
    "switch", "space", "tlb_drop", "tlb_flush", "tlb_broadcast", "toggle",
)  # fmt: skip
IPI_SEND, IPI, INTERRUPT_ENTRY, INTERRUPT_EXIT, KERNEL_ENTRY, KERNEL_EXIT = range(6)
SWITCH, CHANGE_SPACE, TLB_DROP, TLB_FLUSH, TLB_BROADCAST, TOGGLE = range(6, 12)
TLB_ENTRIES: Final = 12
TLB_WAYS: Final = 13
TLB_TAGS: Final = 14
LEVELS: Final = 15
RADIX_BITS: Final = 16
FRAMES: Final = 17
CONTEXTS: Final = 18
HANDLERS: Final = 19

FLIGHT_WORDS: Final = 2
"""An interrupt under way: when it arrives, and CPU << 7 | vector << 1 | whether by the timer."""
MAX_TIMER_CYCLES: Final = 2**50


@dataclass(eq=False)
class SystemState:
    """The arrays beside those of `State`."""

    system: Ints
    contexts: Ints
    flight: Ints
    tlb: Ints
    frames: Ints
    points: Ints
    numbers: Ints


def new_system_state(plan: Plan, registers_each: int) -> SystemState:
    """Return the state at time 0: interrupts off, every CPU in the context of its number.

    Args:
        registers_each: words of the register file of a context.
    """
    image, program, costs = plan.program.image, plan.program, plan.costs
    contexts = plan.contexts
    system = np.zeros((plan.cpus, SYSTEM_WORDS), np.int64)
    system[:, CONTEXT] = system[:, AREA] = np.arange(plan.cpus)
    system[:, GENERATION] = 1
    rows = np.zeros((contexts, CONTEXT_WORDS), np.int64)
    rows[: plan.cpus, STATUS] = RUNNING
    rows[: plan.cpus, ON_CPU] = np.arange(plan.cpus)
    rows[:, SAVED_BASE] = np.arange(contexts) * registers_each
    rows[:, SAVED_CAUSE] = Cause.KERNEL
    entries = plan.cpus * costs.tlb_entries if image.page_levels else 0
    numbers = [
        *(getattr(costs, name) * TICKS_PER_CYCLE for name in COSTS),
        costs.tlb_entries, costs.tlb_ways, int(costs.tlb_tags),
        image.page_levels, image.page_radix_bits, program.frames, contexts, *image.handlers,
    ]  # fmt: skip
    return SystemState(
        system=system.ravel(),
        contexts=rows.ravel(),
        flight=np.zeros(FLIGHT_ROOM * (plan.cpus + 8) * FLIGHT_WORDS, np.int64),
        tlb=np.zeros(entries * TLB_WORDS, np.int64),
        frames=np.zeros(program.frames * FRAME_WORDS, np.int64),
        points=np.zeros(len(image.points), np.int64),
        numbers=np.array(numbers, np.int64),
    )
