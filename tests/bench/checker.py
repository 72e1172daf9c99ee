"""Compares the checker with Spin: the same models at the same granularity, in one run.

    python -m tests.bench.checker [--repeat 3] [--small]

Needs `spin` and `gcc` (Debian's packages). Spin runs depth first without partial-order reduction,
once plain and once with collapse compression; the checker runs without reduction and symmetry, as
Spin does, and once more with both (`spin_models` says where the states differ). Rates are medians;
compilation of either side is not timed; seconds are of CPU time, so that other load does not
matter. Memory is what each says it used for states and their index.
"""

from __future__ import annotations

import argparse
import re
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from smplab.language import Layout, build_image
from smplab.language.image import Program
from smplab.verify import Options, check
from tests.bench.spin_models import Mcs, Peterson, Ring, Ticket

MODELS = Path(__file__).parent / "spin"
# name: workload, (CPUs, rounds) at full size, and small
CASES = {
    "ticket": (Ticket, (5, 3), (3, 2)),
    "mcs": (Mcs, (4, 3), (3, 2)),
    "peterson": (Peterson, (4, 1), (3, 1)),
    "ring": (Ring, (4, 3), (3, 2)),
}
SPIN = {"spin": (), "spin -DCOLLAPSE": ("-DCOLLAPSE",)}
OURS = {
    "smplab": Options(reduction=False, symmetry=False, max_memory_bytes=8 * 2**30),
    "smplab, reduced": Options(max_memory_bytes=8 * 2**30),
}
Figures = tuple[int, float, float]
"""States, states a second, bytes a state."""


def program(name: str, cpus: int, rounds: int) -> Program:
    """The routine-language model, for so many CPUs and rounds."""
    image = build_image({"workload": CASES[name][0](rounds=rounds)})
    return image.load({}, Layout(cpus, 1, (0,) * cpus))


def build_spin(name: str, cpus: int, rounds: int, flags: tuple[str, ...], folder: Path) -> Path:
    """Compile Spin's verifier of a model."""
    define = [f"-DCPUS={cpus}", f"-DROUNDS={rounds}"]
    folder.mkdir()
    subprocess.run(
        ["spin", *define, "-a", str(MODELS / f"{name}.pml")], cwd=folder, check=True,
        capture_output=True,
    )  # fmt: skip
    options = ["-O2", "-w", "-DSAFETY", "-DNOREDUCE", "-DNOFAIR", "-DVECTORSZ=512", *flags]
    subprocess.run(["gcc", *options, "-o", "pan", "pan.c"], cwd=folder, check=True)
    return folder / "pan"


def run_spin(pan: Path) -> Figures:
    """Run Spin's verifier."""
    begun = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [str(pan), "-m2000000", "-w22"], cwd=pan.parent, check=True, capture_output=True, text=True
    )
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
    if "errors: 0" not in done.stdout or "max search depth too small" in done.stdout:
        raise SystemExit(f"{pan}: unexpected result\n{done.stdout}")
    states = int(float(_number(r"([\d.e+]+) states, stored", done.stdout)))
    megabytes = float(_number(r"([\d.]+)\s+actual memory usage for states", done.stdout))
    table = float(_number(r"([\d.]+)\s+memory used for hash table", done.stdout))
    return states, states / cpu_s, (megabytes + table) * 2**20 / states


def _number(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise SystemExit(f"no {pattern} in Spin's output\n{text}")
    return found[1]


def run_ours(model: Program, options: Options) -> Figures:
    """Run the checker."""
    begun = time.process_time()
    verdict = check(model, options)
    cpu_s = time.process_time() - begun
    if verdict.status.value != "no_violation":
        raise SystemExit(f"unexpected: {verdict}")
    return verdict.states, verdict.states / cpu_s, verdict.bytes_per_state


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    print(f"{'model':10}{'CPUs':>5}  {'checker':18}{'states':>12}{'states/s':>12}{'B/state':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for name, (_, full, small) in CASES.items():
            cpus, rounds = small if arguments.small else full
            model = program(name, cpus, rounds)
            pans = {
                label: build_spin(name, cpus, rounds, flags, Path(folder) / f"{name}{k}")
                for k, (label, flags) in enumerate(SPIN.items())
            }
            figures: dict[str, list[Figures]] = {label: [] for label in (*SPIN, *OURS)}
            for options in OURS.values():
                run_ours(program(name, 2, 1), options)  # compiles
            for _ in range(arguments.repeat):  # interleaved, so that both meet the same machine
                for label, pan in pans.items():
                    figures[label].append(run_spin(pan))
                for label, options in OURS.items():
                    figures[label].append(run_ours(model, options))
            for label, runs in figures.items():
                states, _, size = runs[0]
                rate = statistics.median(rate for _, rate, _ in runs)
                print(f"{name:10}{cpus:5}  {label:18}{states:12,}{rate:12,.0f}{size:9.1f}")


if __name__ == "__main__":
    main()
