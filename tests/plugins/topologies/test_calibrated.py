"""Path costs: the measured total less what is modelled, never negative, told where they miss."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.machine.description import Provenance
from smplab_plugins.topologies.calibrated import PATH_COSTS, CalibratedCosts, Sel4Bench
from smplab_plugins.topologies.haswell4 import Haswell4, Haswell4Costs
from smplab_plugins.topologies.path_lengths import LENGTHS
from smplab_plugins.topologies.quad import Quad
from smplab_plugins.topologies.sabre import Sabre
from smplab_plugins.topologies.skylake4 import Skylake4
from smplab_plugins.topologies.tx1 import Tx1
from tests.house.sources import ROOT

EXPERIMENTS = ROOT / "experiments"
PRIMITIVES = EXPERIMENTS / "kernel_paths" / "reference" / "sel4_primitives_cycles.csv"
BIG_LOCK = EXPERIMENTS / "big_lock" / "reference" / "sel4_biglock.csv"
MACHINES: list[type[Quad]] = [Haswell4, Skylake4, Tx1, Sabre]
CYCLES = st.integers(0, 5000)
INSTR_CYCLES = st.integers(1, 80).map(lambda n: n / 20)


def rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return {row["config"]: row for row in csv.DictReader(stream)}


@given(
    measured=st.builds(Sel4Bench, st.just("X"), CYCLES, CYCLES, CYCLES, CYCLES),
    hit=st.integers(1, 10),
    instr_cycles=INSTR_CYCLES,
)
def test_path_costs_make_up_what_was_measured(
    measured: Sel4Bench, hit: int, instr_cycles: float
) -> None:
    found = measured.path_costs(hit, instr_cycles)
    cost = {name: value for name, (value, _) in found.items()}
    assert tuple(cost) == PATH_COSTS
    assert min(cost.values()) >= 0
    crossing = cost["kernel_entry"] + cost["kernel_exit"]
    call, interrupt, empty = (
        LENGTHS[path].cycles(hit, instr_cycles) for path in ("call", "interrupt", "empty")
    )
    total = call + crossing + cost["switch"] + cost["space"]
    assert total >= measured.ipc_call - 1
    assert total <= max(measured.ipc_call, call + cost["space"]) + 1, "only a path alone is longer"
    assert crossing <= max(0, measured.null_syscall - empty) + 1
    taken = interrupt + cost["interrupt_entry"] + cost["switch"] + cost["kernel_exit"]
    assert taken >= measured.irq_switch - 1


@given(instr_cycles=INSTR_CYCLES)
def test_a_dearer_instruction_leaves_less_to_path_costs(instr_cycles: float) -> None:
    measured = Skylake4.measured
    cheap, dear = (
        sum(cost for cost, _ in measured.path_costs(4, n).values() if cost)
        for n in (instr_cycles, instr_cycles + 1)
    )
    assert dear < cheap or dear == 0


def test_a_shortfall_is_told() -> None:
    short = Sel4Bench("X", null_syscall=500, ipc_call=600, ipc_call_intra=600, irq_switch=1000)
    assert "too long for ipc_call" in short.path_costs(4, 1.0)["kernel_entry"][1].source
    hopeless = Sel4Bench("X", null_syscall=500, ipc_call=100, ipc_call_intra=90, irq_switch=100)
    found = hopeless.path_costs(4, 1.0)
    assert [found[name][0] for name in ("kernel_entry", "kernel_exit", "switch")] == [0, 0, 0]
    assert "even so it takes" in found["kernel_entry"][1].source
    assert "cycles too many" in found["interrupt_entry"][1].source
    roomy = Sel4Bench("X", null_syscall=50, ipc_call=900, ipc_call_intra=900, irq_switch=2000)
    assert not any("too" in origin.source for _, origin in roomy.path_costs(4, 1.0).values())


@pytest.mark.parametrize("kind", MACHINES)
def test_what_was_measured_is_what_was_published(kind: type[Quad]) -> None:
    measured = kind.measured
    published = rows(PRIMITIVES)[measured.build]
    for column in ("null_syscall", "ipc_call", "ipc_call_intra", "irq_switch"):
        assert getattr(measured, column) == float(published[column]), column


@pytest.mark.parametrize("kind", MACHINES)
def test_what_was_measured_of_several_cpus_is_what_was_published(kind: type[Quad]) -> None:
    measured = kind.measured_locked
    published = rows(PRIMITIVES)[measured.build]
    assert measured.ipc_call == float(published["ipc_call"])
    assert measured.ipc_reply == float(published["ipc_reply"])
    both = rows(BIG_LOCK)[measured.build]["call_plus_reply_cycles"]
    assert measured.ipc_call + measured.ipc_reply == int(both)


@pytest.mark.parametrize("kind", MACHINES)
def test_the_clock_is_that_of_the_published_throughputs(kind: type[Quad]) -> None:
    """With one core a round trip is two delays and the overhead: two delays give the clock."""
    row = rows(BIG_LOCK)[kind.measured_locked.build]
    assert kind.clock_ghz == float(row["implied_clock_ghz"])


def test_a_change_of_space_without_the_page_table_window_is_a_load_of_cr3() -> None:
    published = rows(PRIMITIVES)
    for kind in (Haswell4, Skylake4):
        row = published[kind.measured.build.replace("_64_", "_64_noksw_")]
        flush = float(row["ipc_call"]) - float(row["ipc_call_intra"])
        assert kind().describe().costs.tlb_flush == flush


@pytest.mark.parametrize(("kind", "several"), [(Tx1, "TX1_SMP_64"), (Sabre, "SABRE_SMP_32")])
def test_a_broadcast_is_what_protecting_a_page_costs_several_cpus(
    kind: type[Quad], several: str
) -> None:
    published = rows(PRIMITIVES)

    def more(column: str) -> float:
        one, many = published[kind.measured.build], published[several]
        return (float(many[column]) - float(one[column])) / 2048

    broadcast = kind().describe().costs.tlb_broadcast
    assert broadcast == round(more("protect_2048") - more("map_2048"))


def test_skylakes_distance_is_the_median_of_the_measured_pairs() -> None:
    path = ROOT / "plugins/smplab_plugins/topologies/matrices/intel-core-i7-6700k-4c.csv"
    cells = [float(x) for row in csv.reader(path.open(encoding="utf-8")) for x in row if x.strip()]
    cores = sorted(ns for ns in cells if ns > 10)  # the others are SMT siblings
    middle = (cores[len(cores) // 2] + cores[(len(cores) - 1) // 2]) / 2
    assert Skylake4.neighbour_cycles == round(middle * 4.0)


def test_what_the_user_sets_stays_at_every_cost_of_an_instruction() -> None:
    for instr_cycles in (0.5, 1.0, 2.0):
        topology = Haswell4(costs=Haswell4Costs(switch=321))
        topology.instr_cycles = instr_cycles
        machine = topology.describe()
        assert machine.costs.switch == 321
        assert machine.origins["costs.switch"].provenance is Provenance.USER
        assert machine.origins["costs.space"].provenance is Provenance.CALIBRATED


@pytest.mark.parametrize("kind", MACHINES)
def test_what_the_lock_holds_moves_between_the_costs_and_their_sum_stays(kind: type[Quad]) -> None:
    outside, locked = (kind(calibration=how).describe() for how in ("multiprocessor", "all_locked"))
    for machine in (outside, locked):
        origin = machine.origins["costs.switch"]
        assert kind.measured_locked.build in origin.source
    sums = {
        costs.kernel_entry + costs.kernel_exit + costs.switch
        for costs in (outside.costs, locked.costs)
    }
    assert max(sums) - min(sums) <= 1
    assert locked.costs.kernel_entry == locked.costs.kernel_exit == 0
    assert outside.costs.interrupt_entry == kind().describe().costs.interrupt_entry


@pytest.mark.parametrize("kind", MACHINES)
def test_four_cores_with_every_cost_known(kind: type[Quad]) -> None:
    machine = kind().describe()
    assert (machine.cpus, machine.nodes, machine.name) == (4, 1, kind.name)
    assert isinstance(machine.costs, CalibratedCosts)
    assert min(int(value) for value in vars(machine.costs).values()) >= 0, "no -1 is left"
    assert machine.costs.tlb_entries % machine.costs.tlb_ways == 0
    for name in ("kernel_entry", "kernel_exit", "switch", "space", "interrupt_entry"):
        assert machine.origins[f"costs.{name}"].provenance is Provenance.CALIBRATED
    assert machine.origins["costs.interrupt_exit"].provenance is Provenance.ESTIMATED
