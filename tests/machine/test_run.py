import dataclasses
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from smplab.language.isa import Op
from smplab.language.verifier import BrokenImage
from smplab.machine import engine_digest, simulate
from smplab.machine.errors import MachineError
from smplab.machine.result import Limits
from tests.machine.assemble import NODES, Row, image, load, machine

ROWS: list[Row] = [
    NODES, (Op.BEGIN, 0), (Op.MOVI, 2, 1), (Op.FADD, 3, 1, 0, 2), (Op.END, 0), (Op.JMP, 1),
]  # fmt: skip


def arguments(number: int = 2, **changes: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "program": load(image(*ROWS), number), "machine": machine(number),
        "cpus": np.arange(number),
        "seed": 1, "limits": Limits(operations=50),
    }  # fmt: skip
    return {**known, **changes}


def test_operations_end_the_run_and_memory_survives() -> None:
    result = simulate(**arguments())
    assert result.operations == 50
    assert result.memory[8] in {50, 51}  # one may be under way
    assert result.end_cycles == result.measured_cycles > 0


def test_boot_gives_memory_its_first_values_and_costs_nothing() -> None:
    rows: list[Row] = [*ROWS, NODES, (Op.MOVI, 2, 1000), (Op.STORE, 1, 0, 2), (Op.HALT,)]
    booted = simulate(**arguments(program=load(image(*rows, boot=len(ROWS)), 2)))
    plain = simulate(**arguments())
    assert booted.memory[8] == plain.memory[8] + 1000
    assert (booted.counters == plain.counters).all()
    assert booted.end_cycles == plain.end_cycles


def test_progress_is_told_between_slices() -> None:
    seen: list[float] = []
    simulate(**arguments(), progress=seen.append, slice_steps=20)
    assert len(seen) > 5
    assert seen == sorted(seen)
    assert 0 <= seen[0] <= seen[-1] <= 1


def test_an_exception_between_slices_ends_the_run() -> None:
    def interrupt(_part: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(**arguments(), progress=interrupt, slice_steps=20)


def test_the_seed_decides_who_comes_first() -> None:
    ends = {simulate(**arguments(8, seed=seed)).region_count[:, 0].tobytes() for seed in range(6)}
    assert len(ends) > 1


def test_the_set_pool_grows_as_needed() -> None:
    """Every CPU loads every line, many more than the pool has sets at first."""
    cpus, lines = 2, 300
    rows: list[Row] = [NODES, (Op.MOVI, 3, lines), (Op.MOVI, 4, 0), (Op.LOAD, 2, 1, 0),
                       (Op.ADDI, 1, 1, 8), (Op.ADDI, 4, 4, 1), (Op.BLT, 4, 3, 3),
                       (Op.HALT,)]  # fmt: skip
    built = image(*rows)
    objects = (dataclasses.replace(built.objects[0], extent=(lines,)), built.objects[1])
    built = dataclasses.replace(built, objects=objects)
    result = simulate(**arguments(cpus, program=load(built, cpus), limits=Limits()))
    assert result.accesses_total == cpus * lines


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "count": ({"cpus": np.arange(3)}, "2 CPUs, but 3 were assigned"),
    "twice": ({"cpus": np.array([1, 1])}, "same CPU"),
    "outside": ({"cpus": np.array([0, 2])}, "has the CPUs 0 to 1, not 2"),
    "instr": ({"instr_cycles": 0.03}, "multiple of 0.05"),
    "instr0": ({"instr_cycles": 0.0}, "positive"),
    "operations": ({"limits": Limits(operations=0)}, "operations = 0 is too small"),
    "warmup": ({"limits": Limits(warmup_cycles=-1)}, "warmup_cycles = -1"),
    "window": ({"limits": Limits(10, operations=1, max_cycles=10)}, "leaves no time"),
    "length": ({"limits": Limits(run_cycles=10**17)}, "may last"),
    "costs": ({"machine": machine(2, hit=0)}, "topology.costs.hit must be at least 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_request_that_cannot_be_met_says_why(name: str) -> None:
    changes, text = WRONG[name]
    with pytest.raises(MachineError, match=text):
        simulate(**arguments(**changes))


def test_an_image_that_no_compiler_made_is_refused() -> None:
    with pytest.raises(BrokenImage, match="no opcode 99"):
        simulate(**arguments(program=load(image((99,), (Op.HALT,)), 2)))


def test_names_are_loaded_lazily() -> None:
    code = "import sys, smplab.machine as m; m.engine_digest(); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_machine_code_lies_in_a_directory_named_by_the_sources(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from smplab.machine import jit

    jit.cache_directory.cache_clear()
    monkeypatch.setenv("SMPLAB_CACHE", str(tmp_path))
    try:
        first = jit.cache_directory()
        assert first.parent == tmp_path
        monkeypatch.setattr(jit, "engine_digest", lambda: "edited" + engine_digest())
        jit.cache_directory.cache_clear()
        assert jit.cache_directory() != first
    finally:
        jit.cache_directory.cache_clear()
