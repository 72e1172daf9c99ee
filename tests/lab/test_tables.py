"""The tables that a sweep leaves behind."""

from __future__ import annotations

import csv
from pathlib import Path

from smplab.lab.curves import curves_of
from smplab.lab.tables import point_rows, summary_rows, write_csv
from tests.lab import fakes
from tests.lab.test_curves import record

RECORDS = [
    record(fakes.config(cpus=1, replica=0), x=1.0),
    record(fakes.config(cpus=1, replica=1), x=3.0),
    record(fakes.config(cpus=2, replica=0), x=5.0, y=1 / 3),
    record(fakes.config(cpus=4, replica=0), "failed"),
]


def test_a_row_a_point_failed_ones_included() -> None:
    rows = point_rows(RECORDS)
    assert [row["status"] for row in rows] == ["ok", "ok", "ok", "failed"]
    assert rows[2]["mechanism.lock.name"] == "ticket"
    assert rows[2]["y"] == 1 / 3


def test_a_row_a_curve_and_number_of_cpus() -> None:
    first, second = summary_rows(curves_of(RECORDS))
    assert (first["mechanism.lock"], first["cpus"], first["n"]) == ("ticket", 1, 2)
    assert first["x"] == 2.0
    assert first["x_ci95"] > 12  # of two values t is 12.7
    assert (second["n"], second["x"], second["x_ci95"]) == (1, 5.0, None)


def test_csv_has_the_union_of_the_columns_and_all_digits(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", [{"a": 1 / 3}, {"b": None}])
    with (tmp_path / "t.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows == [{"a": repr(1 / 3), "b": ""}, {"a": "", "b": ""}]
