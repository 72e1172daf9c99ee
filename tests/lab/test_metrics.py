"""Metrics are named numbers that follow from a run's counters."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.lab.metrics import jain, metrics_of
from smplab.language.image import Image
from smplab.language.isa import Cause, Op
from smplab.machine.description import TICKS_PER_CYCLE, Machine
from smplab.machine.histogram import BUCKETS, bucket_of
from smplab.machine.result import Counter, Result
from smplab.testing.locks import small_machine

LATENCIES = (100, 200, 300)


@pytest.fixture
def machine() -> Machine:
    return dataclasses.replace(small_machine(2), clock_ghz=2.0)


@pytest.fixture
def image() -> Image:
    return Image(
        code=np.zeros((1, 6), np.int64),
        sites=(),
        entry=0,
        boot=-1,
        parameters=("cpus",),
        constants={},
        objects=(),
        messages=(),
        regions=("operation", "acquire"),
        counters=("lost",),
        streams=(),
        registers=0,
        call_depth=0,
    )


@pytest.fixture
def result() -> Result:
    """Two CPUs, 1,000 cycles, three operations of 100, 200 and 300 cycles, no `acquire`."""
    histograms = np.zeros((2, BUCKETS), np.int64)
    for latency in LATENCIES:
        histograms[0, bucket_of(latency)] += 1
    counters = np.zeros((2, len(Counter)), np.int64)
    counters[:, Counter.TRANSFERS] = (5, 7)
    counters[:, Counter.QUEUE_TICKS] = (TICKS_PER_CYCLE, TICKS_PER_CYCLE // 2)
    account = np.zeros((2, len(Cause)), np.int64)
    account[:, Cause.USER] = 600 * TICKS_PER_CYCLE
    account[:, Cause.MEMORY] = 400 * TICKS_PER_CYCLE
    return Result(
        end_cycles=1500,
        measured_cycles=1000,
        operations=3,
        counters=counters,
        account_ticks=account,
        region_count=np.array([[2, 0], [1, 0]]),
        region_sum_cycles=np.array([[300, 0], [300, 0]]),
        region_max_cycles=np.array([[200, 0], [300, 0]]),
        histograms=histograms,
        user_counters=np.array([4]),
        memory=np.zeros(8, np.int64),
        instructions_total=1,
        accesses_total=1,
    )


def test_throughput_is_operations_in_a_second_of_the_clock(
    result: Result, image: Image, machine: Machine
) -> None:
    # 1,000 cycles at 2 GHz are 500 ns.
    assert metrics_of(result, image, machine)["throughput_ops_per_s"] == pytest.approx(3 / 500e-9)


def test_latency_is_that_of_the_operation(result: Result, image: Image, machine: Machine) -> None:
    metrics = metrics_of(result, image, machine)
    assert metrics["latency_mean_cycles"] == 200
    assert metrics["latency_p50_cycles"] == pytest.approx(200, rel=1 / 64)
    assert metrics["latency_p99_cycles"] == pytest.approx(300, rel=1 / 64)
    assert metrics["latency_max_cycles"] == 300


def test_a_region_that_nobody_finished_has_no_latency(
    result: Result, image: Image, machine: Machine
) -> None:
    assert not [name for name in metrics_of(result, image, machine) if "acquire" in name]


def test_counters_are_summed_over_the_cpus(result: Result, image: Image, machine: Machine) -> None:
    metrics = metrics_of(result, image, machine)
    assert metrics["transfers"] == 12
    assert metrics["queue_cycles"] == 1.5
    assert metrics["count_lost"] == 4


def test_what_only_systems_can_do_is_told_of_systems_only(
    result: Result, image: Image, machine: Machine
) -> None:
    switches = dataclasses.replace(image, code=np.array([[Op.SWITCH, 0, 0, 0, 0, 0]]))
    assert "context_switches" not in metrics_of(result, image, machine)
    assert metrics_of(result, switches, machine)["context_switches"] == 0


def test_causes_add_up_to_the_time_of_all_cpus(
    result: Result, image: Image, machine: Machine
) -> None:
    metrics = metrics_of(result, image, machine)
    causes = sum(metrics[f"cycles_{cause.name.lower()}"] for cause in Cause)
    assert causes == 2 * metrics["cycles"]


def test_every_metric_is_a_finite_float(result: Result, image: Image, machine: Machine) -> None:
    for name, value in metrics_of(result, image, machine).items():
        assert isinstance(value, float), name
        assert np.isfinite(value), name


def test_a_run_without_operations_has_no_rate(
    result: Result, image: Image, machine: Machine
) -> None:
    empty = dataclasses.replace(
        result, operations=0, measured_cycles=0, region_count=np.zeros((2, 2), np.int64)
    )
    metrics = metrics_of(empty, image, machine)
    assert metrics["throughput_ops_per_s"] == 0
    assert metrics["fairness"] == 1
    assert "latency_mean_cycles" not in metrics


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=64))
def test_fairness_lies_between_one_cpu_and_all(shares: list[int]) -> None:
    index = jain(np.array(shares))
    assert 1 / len(shares) - 1e-9 <= index <= 1 + 1e-9


def test_fairness_of_a_monopoly() -> None:
    assert jain(np.array([9, 0, 0])) == pytest.approx(1 / 3)
