"""Derives the lengths of the kernel's paths, and prints the path costs that follow from them.

    uv run python -m tests.bench.calibration

To be run when the kernel's source has changed: the test of `path_lengths` fails then. Put the
lengths that this prints into plugins/smplab_plugins/topologies/path_lengths.py; then
`uv run smplab reproduce kernel_paths executor=serial` compares all that is calibrated and all that
is predicted with what was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smplab.lab.point import run_point
from smplab_plugins.topologies.calibrated import PATH_COSTS
from smplab_plugins.topologies.haswell4 import Haswell4
from smplab_plugins.topologies.path_lengths import LENGTHS, LOCKED, Length
from smplab_plugins.topologies.quad import Quad
from smplab_plugins.topologies.sabre import Sabre
from smplab_plugins.topologies.skylake4 import Skylake4
from smplab_plugins.topologies.tx1 import Tx1

MACHINES: tuple[Quad, ...] = (Haswell4(), Skylake4(), Tx1(), Sabre())
INSTR_CYCLES = (0.5, 1.0, 2.0)
ON_THE_WAY = {
    "empty": {"kernel_entry", "kernel_exit"},
    "call": {"kernel_entry", "kernel_exit", "switch"},
    "interrupt": {"interrupt_entry", "kernel_exit", "switch"},
}
"""Path costs that a path pays, each once; `calibrated` counts on it."""


def config(
    path: str, topology: Mapping[str, Any], instr_cycles: float, locked: bool = False
) -> dict[str, Any]:
    """Return the configuration of a point that takes a path.

    The kernel is `uniprocessor`, or, `locked`, `multiprocessor` with one CLH lock for all of it.
    """
    fillings = {
        "synchronization": "locked", "granularity": "global", "lock": "clh", "tlb": "batched",
        "tracking": "bitmap", "accounting": "none",
    }  # fmt: skip
    mechanism = {slot: {"name": name} if locked else None for slot, name in fillings.items()}
    return {
        "topology": dict(topology),
        "kernel": {"name": "multiprocessor" if locked else "uniprocessor"},
        "mechanism": mechanism,
        "policy": None,
        "workload": {"name": "kernel_paths", "path": path},
        "cpus": 1,
        "placement": "compact",
        "seed": 1,
        "replica": 0,
        "warmup_cycles": 100_000,
        "run_cycles": None,
        "operations": 10,
        "max_cycles": 10**8,
        "instr_cycles": instr_cycles,
    }


def path_cycles(
    path: str, costs: Mapping[str, int], instr_cycles: float = 1.0, locked: bool = False
) -> float:
    """Return what a path takes on `uniform` with these costs, cycles."""
    topology = {"name": "uniform", "costs": dict(costs)}
    metrics = run_point(config(path, topology, instr_cycles, locked))
    return metrics["count_path_cycles"] / metrics["operations"]


def length(path: str, locked: bool = False) -> Length:
    """Return how much of a path is instructions and accesses, and how many of these are atomic.

    Raises:
        ValueError: instructions and accesses to the CPU's own cache do not explain what it takes.
    """
    least = dict.fromkeys(PATH_COSTS, 0) | {"hit": 1, "rmw": 0}
    shortest = path_cycles(path, least, locked=locked)
    found = Length(
        round(path_cycles(path, least, 2.0, locked) - shortest),
        round(path_cycles(path, least | {"hit": 2}, locked=locked) - shortest),
        round(path_cycles(path, least | {"rmw": 1}, locked=locked) - shortest),
    )
    if found.cycles(1, 1.0) != shortest:
        raise ValueError(f"{path}: {shortest} cycles are not {found}: does it leave the CPU?")
    return found


def on_the_way(path: str) -> set[str]:
    """Return the path costs that a path pays.

    Raises:
        ValueError: it pays one of them more than once.
    """
    free = dict.fromkeys(PATH_COSTS, 0)
    least = path_cycles(path, free)
    times = {cost: (path_cycles(path, {**free, cost: 1000}) - least) / 1000 for cost in PATH_COSTS}
    if not set(times.values()) <= {0.0, 1.0}:
        raise ValueError(f"{path} pays path costs so many times: {times}")
    return {cost for cost, n in times.items() if n}


def main() -> None:
    """Print lengths and costs."""
    print("LENGTHS = {")
    for path in LENGTHS:
        found = length(path)
        print(f'    "{path}": {found},')
        if on_the_way(path) != ON_THE_WAY[path]:
            print(f"    # now pays {sorted(on_the_way(path))}: calibrated.py must follow")
    print("}\nLOCKED = {")
    for path in LOCKED:
        print(f'    "{path}": {length(path, locked=True)},')
    print("}\n\nPath costs, cycles, from the lengths as path_lengths.py has them now:")
    print(f"{'machine':<10}{'instr_cycles':>13}", *(f"{name:>16}" for name in PATH_COSTS))
    for machine in MACHINES:
        for instr_cycles in INSTR_CYCLES:
            machine.instr_cycles = instr_cycles
            costs = machine.describe().costs
            row = (f"{getattr(costs, name):>16}" for name in PATH_COSTS)
            print(f"{machine.name:<10}{instr_cycles:>13}", *row)


if __name__ == "__main__":
    main()
