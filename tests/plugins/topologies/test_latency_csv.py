"""Reading latency matrices: what is right survives, what is wrong is named by row and column."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.machine.description import MAX_CPUS
from smplab.machine.errors import MachineError
from smplab_plugins.topologies import latency_csv


def write(folder: Path, text: str) -> Path:
    path = folder / "m.csv"
    path.write_text(text, encoding="utf-8")
    return path


@st.composite
def triangles(draw: st.DrawFn) -> list[list[float]]:
    cpus = draw(st.integers(2, 8))
    latency = st.floats(0.5, 5000, allow_nan=False)
    return [draw(st.lists(latency, min_size=row, max_size=row)) for row in range(cpus)]


@given(triangles())
def test_what_the_tool_writes_is_read_to_the_last_digit(
    tmp_path_factory: pytest.TempPathFactory, triangle: list[list[float]]
) -> None:
    cpus = len(triangle)
    text = "".join(
        ",".join([*map(repr, row), *[""] * (cpus - len(row))]) + "\n" for row in triangle
    )
    matrix = latency_csv.read(write(tmp_path_factory.mktemp("csv"), text))
    assert (matrix == matrix.T).all()
    assert (np.diag(matrix) == 0).all()
    for row, values in enumerate(triangle):
        assert matrix[row, :row].tolist() == values


def test_a_full_matrix_is_the_mean_of_both_directions(tmp_path: Path) -> None:
    matrix = latency_csv.read(write(tmp_path, "0,52\n50,0\n"))
    assert matrix.tolist() == [[0, 51], [51, 0]]


def test_byte_order_mark_spaces_and_blank_lines_are_no_content(tmp_path: Path) -> None:
    matrix = latency_csv.read(write(tmp_path, "\ufeff , \r\n 50 ,\r\n\r\n"))
    assert matrix.tolist() == [[0, 50], [50, 0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"m.csv: has 0 rows; a matrix needs at least two CPUs"),
        ("\n\n", r"m.csv: has 0 rows"),
        ("5\n", r"m.csv: has 1 rows"),
        (",,\n50,,\n50,50\n", r"m.csv, row 3: 2 columns where row 1 has 3"),
        (",\n50,\n50,50\n", r"m.csv, row 3: is one row too many for 2 columns"),
        (",,\n50,,\n", r"m.csv, row 2: is the last one, but there are 3 columns"),
        (",\nfast,\n", r"m.csv, row 2, column 1: 'fast' is no number; .*without a heading"),
        ("cpu0,cpu1\n", r"m.csv, row 1, column 1: 'cpu0' is no number"),
        (";\n50;\n", r"m.csv, row 1, column 1: ';' is no number; .*separated by commas"),
        (",\n" + "x" * 1000 + ",\n", r"row 2, column 1: 'x{20}\.\.\.' is no number"),
        (
            ",\n-5,\n",
            r"m.csv, row 2, column 1: -5 is no latency; cells are nanoseconds, 0 to 1000000",
        ),
        (",\nnan,\n", r"m.csv, row 2, column 1: nan is no latency"),
        (",\ninf,\n", r"m.csv, row 2, column 1: inf is no latency"),
        (",\n1e9,\n", r"m.csv, row 2, column 1: 1e9 is no latency"),
        (",\n0,\n", r"m.csv, row 2, column 1: is 0: two CPUs are never 0 ns apart"),
        (",,\n50,,\n50,,\n", r"m.csv, row 3, column 2: is empty: the triangle below the diagonal"),
        (",50\n,\n", r"m.csv, row 2, column 1: is empty"),
        (
            "0,50\n90,0\n",
            r"m.csv, row 2, column 1: differs from its mirror image by more than 10 %",
        ),
        (
            "," * MAX_CPUS + "\n",
            rf"m.csv, row 1: {MAX_CPUS + 1} columns; .*at most {MAX_CPUS} CPUs",
        ),
        (",\n" + "9" * 200_000 + ",\n", r"m.csv: is no CSV file \(field larger than"),
    ],
)
def test_a_broken_file_is_named_with_row_column_and_remedy(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(MachineError, match=message) as caught:
        latency_csv.read(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(b"\x89PNG\xff\xfe\x00")
    with pytest.raises(MachineError, match=r"m.csv: is no text file"):
        latency_csv.read(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_says_why(tmp_path: Path) -> None:
    path = write(tmp_path, ",\n50,\n")
    path.chmod(0)
    with pytest.raises(MachineError, match=r"m.csv: cannot be read: Permission denied"):
        latency_csv.read(path)


def test_a_file_of_ones_own_comes_before_one_that_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = "ibm-power7-2s16c.csv"
    assert latency_csv.find(shipped) == latency_csv.SHIPPED / shipped
    (tmp_path / shipped).write_text(",\n50,\n")
    assert latency_csv.find(shipped) == Path(shipped)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("", r"topology.file is empty: give the path .* ibm-power7-2s16c.csv"),
        ("nowhere.csv", r"topology.file=nowhere.csv: no such file.* ibm-power7-2s16c.csv"),
        (".", r"topology.file=\.: \. is a folder"),
    ],
)
def test_a_missing_file_lists_those_that_ship(file: str, message: str) -> None:
    with pytest.raises(MachineError, match=message):
        latency_csv.find(file)
