"""The benchmark's three engines compute the same; their speed is nobody's business here."""

import shutil
from pathlib import Path

import pytest

from tests.bench.engine import Row, check_equal, runners, table
from tests.bench.scenarios import NAMES, plan_of, request


@pytest.mark.skipif(shutil.which("gcc") is None, reason="builds a C program with gcc")
def test_c_and_simpy_give_the_engines_results(tmp_path: Path) -> None:
    run = runners(tmp_path)
    for name in NAMES:
        for cpus in (2, 5, 70):
            plan = plan_of(request(name, cpus, 2 * cpus))
            check_equal({engine: each(plan) for engine, each in run.items()}, f"{name} {cpus}")


def test_the_table_fits_a_terminal() -> None:
    rates = {"numba": [20.0, 21.0, 19.0], "c": [21.0, 21.0, 21.0], "simpy": [0.2, 0.2, 0.2]}
    text = table([Row("private", 1024, rates)])
    assert max(map(len, text.splitlines())) <= 80
    assert "0.95" in text
    assert "(0.90..1.00)" in text
