"""Path costs from sel4bench's builds for several CPUs, whose kernel one CLH lock protects.

Call and reply on one CPU, the lock free, are what is measured. Ours, with one CLH lock for the
kernel, take as long together:

    2 (kernel_entry + kernel_exit + switch) = ipc_call + ipc_reply - modelled

How much of that is spent outside the lock these two cannot say, and it decides what several CPUs do
side by side. The lock is taken after the kernel was entered and given back before it is left, so
the crossing is outside; null_syscall of the single-core build, which executes some instructions of
the kernel too, bounds it from above. From below nothing bounds it but 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Origin, Provenance
from smplab_plugins.topologies.path_lengths import LOCKED


@dataclass(frozen=True)
class LockedBuild:
    """Cycles of one build for several CPUs, means (seL4/sel4bench-results, 2026-06-26).

    Attributes:
        build: its name there.
        ipc_call, ipc_reply: the columns of the same names.
    """

    build: str
    ipc_call: int
    ipc_reply: int

    def path_costs(
        self, crossing: float, hit: int, rmw: int, instr_cycles: float
    ) -> dict[str, tuple[int, Origin]]:
        """Return kernel_entry, kernel_exit and switch, cycles, with where they come from.

        Args:
            crossing: what entering and leaving the kernel takes at most, cycles.
            hit, rmw: what an access to the CPU's own cache costs, and an atomic one more, cycles.
            instr_cycles: what a local instruction costs.
        """
        modelled = sum(LOCKED[path].cycles(hit, instr_cycles, rmw) for path in ("call", "reply"))
        rest = (self.ipc_call + self.ipc_reply - modelled) / 2
        both = round(min(crossing, max(0.0, rest)))
        text = (
            f"ipc_call {self.ipc_call} and ipc_reply {self.ipc_reply}, less {modelled:.0f} modelled"
        )
        if rest < 0:
            text += f": {-2 * rest:.0f} cycles too many"
        origin = Origin(Provenance.CALIBRATED, f"sel4bench, {self.build}: {text}")
        return {
            "kernel_entry": (both - both // 2, origin),
            "kernel_exit": (both // 2, origin),
            "switch": (max(0, round(rest - both)), origin),
        }
