"""Path costs from sel4bench: a measured total less what the simulated instructions cost already.

Four measurements of a single-core build give six costs:

    null_syscall    kernel_entry + kernel_exit, in equal halves
    ipc_call        with ipc_call_intra: `space`, the difference between the two
                    itself: switch = ipc_call - space - kernel_entry - kernel_exit - modelled
    irq_switch      interrupt_entry = irq_switch - kernel_exit - switch - modelled
    none            interrupt_exit = kernel_exit, an estimate

`modelled` is what `path_lengths` says, so that these costs depend on `instr_cycles`. What would
come out negative is 0. If `switch` would, entering and leaving the kernel are shortened instead:
seL4's null system call contains instructions of its own, ours does not, so null_syscall bounds the
two from above, and the total that matters is that of IPC. Where even that is not enough, the
modelled path alone is longer than the measured one, and the origin of the cost says so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smplab.api import Costs, Origin, Provenance, parameter
from smplab_plugins.topologies.path_lengths import LENGTHS
from smplab_plugins.topologies.uncalibrated import UncalibratedCosts

PATH_COSTS = (
    "kernel_entry", "kernel_exit", "switch", "space", "interrupt_entry", "interrupt_exit"
)  # fmt: skip
DERIVED = "calibrated: see the numbers of the machine"


@dataclass(frozen=True)
class Sel4Bench:
    """Cycles of one single-core build, means (seL4/sel4bench-results, 2026-06-26).

    Attributes:
        build: its name there.
        null_syscall, ipc_call, ipc_call_intra, irq_switch: the columns of the same names.
    """

    build: str
    null_syscall: int
    ipc_call: int
    ipc_call_intra: int
    irq_switch: int

    def path_costs(self, hit: int, instr_cycles: float) -> dict[str, tuple[int, Origin]]:
        """Return each of PATH_COSTS, cycles, with where it comes from.

        Args:
            hit: what an access to the CPU's own cache costs, cycles.
            instr_cycles: what a local instruction costs.
        """
        empty, call, interrupt = (
            LENGTHS[path].cycles(hit, instr_cycles) for path in ("empty", "call", "interrupt")
        )
        space = max(0, self.ipc_call - self.ipc_call_intra)
        crossing = self.null_syscall - empty
        rest = self.ipc_call - space - call
        short = max(0.0, crossing - rest)
        crossing = max(0.0, crossing - short)
        both = round(crossing)
        entry, leaving = both - both // 2, both // 2
        switch = max(0, round(rest - crossing))
        taken = self.irq_switch - leaving - switch - interrupt
        half = f"half of null_syscall, {self.null_syscall} cycles"
        if short:
            half += f", less {short:.0f} that the modelled call is too long for ipc_call"
        if rest < 0:
            half += f": even so it takes {-rest:.0f} cycles too many"
        spent = f"less {call:.0f} modelled"
        return {
            "kernel_entry": (entry, self._origin(half)),
            "kernel_exit": (leaving, self._origin(half)),
            "switch": (
                switch,
                self._origin(f"ipc_call, {self.ipc_call} cycles, {spent} and the costs on its way"),
            ),
            "space": (
                space,
                self._origin(
                    f"ipc_call less ipc_call_intra, {self.ipc_call} and {self.ipc_call_intra}"
                ),
            ),
            "interrupt_entry": (
                max(0, round(taken)),
                self._origin(
                    f"irq_switch, {self.irq_switch} cycles, less {interrupt:.0f} modelled and the "
                    "costs on its way" + (f": {-taken:.0f} cycles too many" if taken < 0 else "")
                ),
            ),
            "interrupt_exit": (
                leaving,
                Origin(Provenance.ESTIMATED, "as long as leaving the kernel after a system call"),
            ),
        }

    def _origin(self, text: str) -> Origin:
        return Origin(Provenance.CALIBRATED, f"sel4bench, {self.build}: {text}")


@dataclass(eq=False)
class CalibratedCosts(UncalibratedCosts):
    """A cost table whose path costs follow from sel4bench where the user gives none (-1)."""

    kernel_entry: int = parameter(
        -1, "from user level into the kernel; -1: calibrated", unit="cycles", minimum=-1,
        source=DERIVED,
    )  # fmt: skip
    kernel_exit: int = parameter(
        -1, "from the kernel to user level; -1: calibrated", unit="cycles", minimum=-1,
        source=DERIVED,
    )  # fmt: skip
    switch: int = parameter(
        -1, "saving one thread's registers and loading another's; -1: calibrated", unit="cycles",
        minimum=-1, source=DERIVED,
    )  # fmt: skip
    space: int = parameter(
        -1, "changing the page table, beside the misses after it; -1: calibrated", unit="cycles",
        minimum=-1, source=DERIVED,
    )  # fmt: skip
    interrupt_entry: int = parameter(
        -1, "from a vector's being taken to its handler's first instruction; -1: calibrated",
        unit="cycles", minimum=-1, source=DERIVED,
    )  # fmt: skip
    interrupt_exit: int = parameter(
        -1, "from a handler's end to what it interrupted; -1: as kernel_exit", unit="cycles",
        minimum=-1, source="estimated: as long as leaving the kernel after a system call",
    )  # fmt: skip

    def calibrated(
        self, found: Mapping[str, tuple[int, Origin]], neighbour_cycles: int
    ) -> tuple[Costs, dict[str, Origin]]:
        """Return the table with numbers in place of what follows, and the origins of these.

        Args:
            found: each of PATH_COSTS, with where it comes from.
            neighbour_cycles: transfer between neighbouring cores.
        """
        derived = {name: found[name] for name in PATH_COSTS if getattr(self, name) < 0}
        values: dict[str, Any] = {name: cost for name, (cost, _) in derived.items()}
        costs = dataclasses.replace(self.resolved(neighbour_cycles), **values)
        return costs, {f"costs.{name}": origin for name, (_, origin) in derived.items()}
