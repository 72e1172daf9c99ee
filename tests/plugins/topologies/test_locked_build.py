"""Path costs of seL4's builds for several CPUs: their sum is what was measured."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smplab_plugins.topologies.locked_build import LockedBuild
from smplab_plugins.topologies.path_lengths import LOCKED

CYCLES = st.integers(0, 3000)


@given(
    measured=st.builds(LockedBuild, st.just("X"), CYCLES, CYCLES),
    crossing=st.integers(0, 700),
    hit=st.integers(1, 10),
    rmw=st.integers(0, 150),
    instr_cycles=st.integers(1, 80).map(lambda n: n / 20),
)
def test_call_and_reply_make_up_what_was_measured(
    measured: LockedBuild, crossing: int, hit: int, rmw: int, instr_cycles: float
) -> None:
    found = measured.path_costs(crossing, hit, rmw, instr_cycles)
    cost = {name: value for name, (value, _) in found.items()}
    assert min(cost.values()) >= 0
    assert cost["kernel_entry"] + cost["kernel_exit"] <= crossing
    modelled = sum(LOCKED[path].cycles(hit, instr_cycles, rmw) for path in LOCKED)
    taken = modelled + 2 * sum(cost.values())
    published = measured.ipc_call + measured.ipc_reply
    assert abs(taken - max(published, modelled)) <= 2, "only the paths alone are longer"


def test_a_path_that_is_too_long_is_told() -> None:
    short, roomy = (LockedBuild("X", n, n).path_costs(100, 4, 15, 1.0) for n in (50, 900))
    assert "cycles too many" in short["switch"][1].source
    assert "too many" not in roomy["switch"][1].source
