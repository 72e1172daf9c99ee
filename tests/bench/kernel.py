"""How fast systems with a kernel are simulated, beside bare ones: `python -m tests.bench.kernel`.

An operation of the kernel's is a call with its answer, two switches of threads and more; one of the
bare machine's is a lock taken and given back. Rounds are interleaved; times are processor time.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from smplab.kernel.kernel import KernelWorkload
from smplab.language.build import build_image
from smplab.language.image import Layout
from smplab.machine.plan import Plan
from smplab.machine.result import Counter, Limits
from smplab.machine.run import SLICE_STEPS, Run, run_plan, warm_up
from smplab_plugins.workloads.ipc_pairs import IpcPairs
from smplab_plugins.workloads.ipc_pingpong import IpcPingpong
from tests.bench import scenarios
from tests.kernel.systems import components

ROUNDS = 7
INSTRUCTIONS = 5_000_000
"""About so many are simulated in a run."""
SIZES = (1, 8, 64)
BARE = "private"
"""Of the bare machine's scenarios that in which CPUs do not meet, as in ipc_pairs."""


@dataclass(frozen=True)
class Row:
    """One system: simulated operations, instructions and accesses a second of each round."""

    name: str
    cpus: int
    operations: list[float]
    instructions: list[float]
    accesses: list[float]


def request(name: str, cpus: int, operations: int) -> dict[str, Any]:
    """Return the arguments of `simulate` for a system."""
    if name == BARE:
        return scenarios.request(name, cpus, operations)
    workload: KernelWorkload = IpcPairs()
    if name == "ipc_pingpong":
        workload = IpcPingpong(server_on="same" if cpus == 1 else "last")
    machine = scenarios.machine_of(cpus)
    layout = Layout(cpus, machine.nodes, tuple(int(n) for n in machine.node))
    program = build_image(components("locked", workload)).load({}, layout)
    return {
        "program": program, "machine": machine, "cpus": np.arange(cpus), "seed": 1,
        "limits": Limits(operations=operations),
    }  # fmt: skip


def measure(plans: dict[tuple[str, int], Plan], rounds: int) -> list[Row]:
    """Time the systems in turn."""
    rows = {key: Row(*key, [], [], []) for key in plans}
    for _ in range(rounds):
        for key, plan in plans.items():
            start = time.process_time()
            result = run_plan(plan, Run, None, SLICE_STEPS)
            took_s = time.process_time() - start
            instructions = int(result.counters[:, Counter.INSTRUCTIONS].sum())
            rows[key].operations.append(result.operations / took_s)
            rows[key].instructions.append(instructions / took_s)
            rows[key].accesses.append(result.accesses_total / took_s)
    return list(rows.values())


def sized(name: str, cpus: int, instructions: int) -> Plan:
    """Return the plan of a run of about so many instructions."""
    probe = run_plan(scenarios.plan_of(request(name, cpus, 20 * cpus)), Run, None, SLICE_STEPS)
    each = int(probe.counters[:, Counter.INSTRUCTIONS].sum()) / probe.operations
    return scenarios.plan_of(request(name, cpus, max(1, int(instructions / each))))


def table(rows: list[Row]) -> str:
    """Return the table, at most 80 columns wide."""
    lines = [
        f"simulated a second of processor time, median of {len(rows[0].operations)}",
        "system        CPUs   operations  (min..max)            instructions   accesses",
    ]
    for row in rows:
        operations, instructions, accesses = map(
            statistics.median, (row.operations, row.instructions, row.accesses)
        )
        spread = f"({min(row.operations):,.0f}..{max(row.operations):,.0f})"
        lines.append(
            f"{row.name:12} {row.cpus:5} {operations:12,.0f}  {spread:22}"
            f"{instructions / 1e6:8.1f} M {accesses / 1e6:8.1f} M"
        )
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.kernel", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--instructions", type=int, default=INSTRUCTIONS, help="in a run")
    options = parser.parse_args(arguments)
    warm_up()
    names = [(name, n) for name in (BARE, "ipc_pairs", "ipc_pingpong") for n in SIZES]
    plans = {(name, n): sized(name, n, options.instructions) for name, n in names}
    print(table(measure(plans, options.rounds)))


if __name__ == "__main__":
    main(sys.argv[1:])
