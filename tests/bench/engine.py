"""How fast the engine is, beside the same model in C and in SimPy: `python -m tests.bench.engine`.

The three run the same images with the same checks and counters, and must give the same result to
the last digit. C is the engine's own design, built here with gcc -O3 -march=native. Rounds are
interleaved; times are processor time. With --json the table is JSON.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from smplab.machine.plan import Plan
from smplab.machine.result import Result
from smplab.machine.run import SLICE_STEPS, Run, run_plan, warm_up
from tests.bench.cengine import build, kind_of_run
from tests.bench.scenarios import NAMES, SIZES, plan_of, request
from tests.bench.simpy_engine import run_simpy

ROUNDS = 7
ACCESSES = 2_500_000
"""What numba and C are timed on; SimPy, some hundred times slower, on a part of it."""
SLOW_PART = 40
ENGINES = ("numba", "c", "simpy")

Runner = Callable[[Plan], Result]


@dataclasses.dataclass(frozen=True)
class Row:
    """One scenario: million accesses a second of each round, by engine."""

    scenario: str
    cpus: int
    rates: dict[str, list[float]]

    def rate(self, engine: str) -> float:
        """The median."""
        return statistics.median(self.rates[engine])

    def ratio(self, other: str) -> float:
        """The engine's median over the other's."""
        return self.rate("numba") / self.rate(other)

    def spread(self, other: str) -> tuple[float, float]:
        """The least and the greatest ratio of a round."""
        pairs = zip(self.rates["numba"], self.rates[other], strict=True)
        ratios = [mine / its for mine, its in pairs]
        return min(ratios), max(ratios)


def runners(folder: Path) -> dict[str, Runner]:
    """Return what runs a plan, by engine; builds the C engine in `folder`."""
    c_run = kind_of_run(build(folder))
    return {
        "numba": lambda plan: run_plan(plan, Run, None, SLICE_STEPS),
        "c": lambda plan: run_plan(plan, c_run, None, SLICE_STEPS),
        "simpy": run_simpy,
    }


def check_equal(results: dict[str, Result], where: str) -> None:
    """Refuse to compare engines that do not compute the same."""
    mine = results["numba"]
    for engine, result in results.items():
        for field in dataclasses.fields(Result):
            if not np.array_equal(getattr(mine, field.name), getattr(result, field.name)):
                raise SystemExit(f"{where}: {engine} and numba differ in {field.name}")


def measure(name: str, cpus: int, run: dict[str, Runner], rounds: int, accesses: int) -> Row:
    """Time one scenario."""
    # Operations differ in length: ask for as many as give about the wanted number of accesses.
    probe = run["numba"](plan_of(request(name, cpus, 3 * cpus)))
    each = probe.accesses_total / probe.operations
    operations = max(1, int(accesses / each))
    fast = plan_of(request(name, cpus, operations))
    slow = plan_of(request(name, cpus, max(1, operations // SLOW_PART)))
    where = f"{name} {cpus}"
    check_equal({engine: run[engine](slow) for engine in ENGINES}, where)
    check_equal({engine: run[engine](fast) for engine in ("numba", "c")}, where)
    rates: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    for _ in range(rounds):
        for engine in ENGINES:
            plan = slow if engine == "simpy" else fast
            start = time.process_time()
            result = run[engine](plan)
            rates[engine].append(result.accesses_total / (time.process_time() - start) / 1e6)
    return Row(name, cpus, rates)


def geometric_mean(values: list[float]) -> float:
    """Return the geometric mean."""
    return statistics.geometric_mean(values)


def table(rows: list[Row]) -> str:
    """Return the table, at most 80 columns wide."""
    rounds = len(rows[0].rates["c"])
    lines = [
        f"million simulated memory accesses a second of processor time, median of {rounds}",
        "scenario     CPUs  numba      C  SimPy   numba/C  (min..max)   numba/SimPy",
    ]
    for row in rows:
        least, most = row.spread("c")
        lines.append(
            f"{row.scenario:10} {row.cpus:6} {row.rate('numba'):6.1f} {row.rate('c'):6.1f}"
            f" {row.rate('simpy'):6.3f}    {row.ratio('c'):6.2f}  ({least:.2f}..{most:.2f})"
            f"  {row.ratio('simpy'):8.0f}"
        )
    lines.append(
        f"geometric means: numba/C {geometric_mean([r.ratio('c') for r in rows]):.2f},"
        f" numba/SimPy {geometric_mean([r.ratio('simpy') for r in rows]):.0f}"
    )
    return "\n".join(lines)


def as_json(rows: list[Row]) -> dict[str, Any]:
    """Return the measurements and their geometric means."""
    return {
        "unit": "million accesses a second of processor time",
        "rows": [dataclasses.asdict(row) for row in rows],
        "numba_over_c": geometric_mean([r.ratio("c") for r in rows]),
        "numba_over_simpy": geometric_mean([r.ratio("simpy") for r in rows]),
    }


def main(arguments: list[str]) -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.engine", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--accesses", type=int, default=ACCESSES, help="in a run of numba or C")
    options = parser.parse_args(arguments)
    warm_up()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        run = runners(Path(folder))
        for name in NAMES:
            for cpus in SIZES:
                print(f"{name} {cpus}", file=sys.stderr)
                rows.append(measure(name, cpus, run, options.rounds, options.accesses))
    print(json.dumps(as_json(rows)) if options.json else table(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
