"""The benchmark of kernels runs what it says; its speed is nobody's business here."""

import pytest

from smplab.machine.run import SLICE_STEPS, Run, run_plan
from tests.bench.kernel import BARE, SIZES, Row, request, sized, table
from tests.bench.scenarios import plan_of


@pytest.mark.parametrize("cpus", SIZES)
@pytest.mark.parametrize("name", [BARE, "ipc_pairs", "ipc_pingpong"])
def test_every_system_completes_its_operations(name: str, cpus: int) -> None:
    assert run_plan(plan_of(request(name, cpus, 3)), Run, None, SLICE_STEPS).operations == 3


def test_a_run_is_as_long_as_asked() -> None:
    short, long = (sized("ipc_pairs", 1, n).operations for n in (10_000, 40_000))
    assert 3 * short < long < 5 * short


def test_the_table_fits_a_terminal() -> None:
    rates = [1_000_000.0, 900_000.0]
    text = table([Row("ipc_pingpong", 64, rates, [2e8, 1e8], [9e7, 8e7])])
    assert max(map(len, text.splitlines())) <= 80
    assert "(900,000..1,000,000)" in text
