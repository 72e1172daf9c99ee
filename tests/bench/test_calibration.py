"""The path costs that topologies have still fit the kernel as it is."""

from __future__ import annotations

from typing import Any

import pytest

from smplab.lab.point import run_point
from smplab_plugins.topologies.path_lengths import LENGTHS, LOCKED
from tests.bench import calibration
from tests.bench.calibration import MACHINES, ON_THE_WAY, length, on_the_way

AGAIN = "the kernel's paths have changed: run `python -m tests.bench.calibration`"


@pytest.mark.parametrize("path", LENGTHS)
def test_path_lengths_are_those_of_the_kernel(path: str) -> None:
    assert length(path) == LENGTHS[path], AGAIN
    assert on_the_way(path) == ON_THE_WAY[path], AGAIN


@pytest.mark.parametrize("path", LOCKED)
def test_path_lengths_are_those_of_the_kernel_with_one_lock(path: str) -> None:
    assert length(path, locked=True) == LOCKED[path], AGAIN


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
@pytest.mark.parametrize("instr_cycles", [0.5, 1.0])
def test_machines_take_what_their_costs_were_calibrated_on(
    machine: Any, instr_cycles: float
) -> None:
    measured = machine.measured
    space = max(0, measured.ipc_call - measured.ipc_call_intra)
    for path, cycles in (("call", measured.ipc_call - space), ("interrupt", measured.irq_switch)):
        config = calibration.config(path, {"name": machine.name}, instr_cycles)
        metrics = run_point(config)
        taken = metrics["count_path_cycles"] / metrics["operations"]
        assert taken == pytest.approx(cycles, abs=2), f"{path} on {machine.name}: {AGAIN}"


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
@pytest.mark.parametrize("how", ["multiprocessor", "all_locked"])
@pytest.mark.parametrize("instr_cycles", [0.5, 1.0])
def test_machines_take_what_a_build_for_several_cpus_takes(
    machine: Any, how: str, instr_cycles: float
) -> None:
    taken = 0.0
    for path in LOCKED:
        topology = {"name": machine.name, "calibration": how}
        metrics = run_point(calibration.config(path, topology, instr_cycles, locked=True))
        taken += metrics["count_path_cycles"] / metrics["operations"]
    measured = machine.measured_locked
    assert taken == pytest.approx(measured.ipc_call + measured.ipc_reply, abs=2), AGAIN


def test_the_command_prints_what_to_paste(capsys: pytest.CaptureFixture[str]) -> None:
    calibration.main()
    printed = capsys.readouterr().out
    for path, found in (*LENGTHS.items(), *LOCKED.items()):
        assert f'"{path}": {found},' in printed
    assert all(f"{machine.name:<10}" in printed for machine in MACHINES)
