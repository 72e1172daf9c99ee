"""Packing: every point once, chunks that follow the points' times, a balanced end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smplab.lab.executors.packing import AIM_S, Packer
from smplab.lab.executors.work import Outcome, Task


def tasks(count: int) -> list[Task]:
    return [Task(i, {"cpus": i % 7}) for i in range(count)]


@given(st.integers(0, 200), st.integers(1, 8), st.floats(1e-6, 10))
def test_every_point_is_handed_out_once(count: int, workers: int, wall_s: float) -> None:
    packer = Packer(tasks(count))
    seen = []
    while len(packer):
        chunk = packer.take(workers)
        assert chunk
        seen += [task.index for task in chunk]
        packer.observe(Outcome(chunk[0].index, "ok", {}, wall_s))
    assert sorted(seen) == list(range(count))


def test_the_first_chunks_are_single_points() -> None:
    packer = Packer(tasks(100))
    assert [len(packer.take(2)) for _ in range(3)] == [1, 1, 1]


def test_short_points_are_packed_and_long_ones_not() -> None:
    for wall_s, size in ((AIM_S / 10, 10), (AIM_S * 3, 1)):
        packer = Packer(tasks(1000))
        packer.observe(Outcome(0, "ok", {}, wall_s))
        assert len(packer.take(2)) == size


def test_the_end_is_shared_out() -> None:
    packer = Packer(tasks(16))
    packer.observe(Outcome(0, "ok", {}, 1e-5))
    assert [len(packer.take(2)) for _ in range(4)] == [2, 2, 2, 2]


def test_many_cpus_come_first() -> None:
    cpus = [packed.config["cpus"] for packed in (Packer(tasks(14)).take(1)[0],)]
    assert cpus == [6]


def test_what_is_given_back_comes_again() -> None:
    packer = Packer(tasks(3))
    chunk = packer.take(1)
    packer.give_back(chunk)
    assert len(packer) == 3
    assert packer.take(1) == chunk
