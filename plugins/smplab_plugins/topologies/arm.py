"""What the two Arm machines of sel4bench have in common."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Origin, Provenance, parameter
from smplab_plugins.topologies.calibrated import CalibratedCosts

CLOCK = Origin(Provenance.CALIBRATED, "two one-core throughputs of sel4bench's smp")


@dataclass(eq=False)
class ArmCosts(CalibratedCosts):
    """A cost table with address-space tags, and invalidation that the hardware broadcasts."""

    hit: int = parameter(
        4, "access to a copy in the CPU's own cache", unit="cycles", minimum=1,
        source="estimated: 4 cycles on Cortex-A9 and Cortex-A15 (7-cpu.com)",
    )  # fmt: skip
    ipi_send: int = parameter(
        50, "sending an interrupt, for the sender", unit="cycles", minimum=0,
        source="estimated: a write to the interrupt distributor",
    )  # fmt: skip
    ipi: int = parameter(
        400, "from an interrupt's sending to its arrival, beside the distance", unit="cycles",
        minimum=0, source="estimated: the interrupt controller's own clock; vary it",
    )  # fmt: skip
    tlb_tags: bool = parameter(
        True, "the TLB keeps translations of several spaces; else a change of space flushes it",
        source="Arm's manual: ASIDs",
    )  # fmt: skip
    tlb_drop: int = parameter(
        40, "removing one page from the CPU's own TLB", unit="cycles", minimum=0,
        source="estimated: TLBI and the barrier after it",
    )  # fmt: skip
    tlb_flush: int = parameter(
        40, "emptying the CPU's own TLB, of one space or of all", unit="cycles", minimum=0,
        source="estimated: TLBI and the barrier after it",
    )  # fmt: skip
