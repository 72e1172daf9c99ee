"""Reads the CSV that the core-to-core-latency tool writes: one-way latencies in nanoseconds.

Row r, column c is the latency between CPUs r and c. The tool fills the triangle below the diagonal
and leaves the rest empty; a full symmetric matrix is read, too.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from smplab.api import MAX_CPUS, MachineError

Nanoseconds = npt.NDArray[np.float64]

SHIPPED = Path(__file__).parent / "matrices"
"""Folder of the matrices that ship."""

LONGEST_NS = 1e6
SYMMETRY = 0.1
"""Of the larger one: by how much the two directions of a pair may differ."""


def find(file: str) -> Path:
    """Return the file: as given, seen from the working directory, or one of those that ship.

    Raises:
        MachineError: there is no such file.
    """
    if not file:
        raise MachineError(f"topology.file is empty: {_what_there_is()}")
    for path in (Path(file).expanduser(), SHIPPED / file):
        if path.is_dir():
            raise MachineError(f"topology.file={file}: {path} is a folder: {_what_there_is()}")
        if path.is_file():
            return path
    raise MachineError(
        f"topology.file={file}: no such file, neither here ({Path.cwd()}) nor among those that "
        f"ship: {_what_there_is()}"
    )


def read(path: Path) -> Nanoseconds:
    """Read a latency matrix.

    Returns:
        One-way latency between each two CPUs, ns, float64 [cpus, cpus]; symmetric, diagonal 0.
        Where a file has both directions it is the mean of the two.

    Raises:
        MachineError: the file is not such a matrix; the message has file, row, column (both from
            1) and what to do.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            values = _square(path, _rows(path, csv.reader(stream)))
    except UnicodeDecodeError as error:
        raise MachineError(f"{path}: is no text file ({error.reason}); give a CSV file") from None
    except csv.Error as error:
        raise MachineError(f"{path}: is no CSV file ({error})") from None
    except OSError as error:
        raise MachineError(f"{path}: cannot be read: {error.strerror}") from None
    return _symmetric(path, values)


def _rows(path: Path, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[float]]]:
    """Rows with their numbers from 1, each checked on its own; empty cells are nan."""
    for number, cells in enumerate(reader, 1):
        if len(cells) > MAX_CPUS:
            raise MachineError(
                f"{path}, row {number}: {len(cells)} columns; a machine has at most {MAX_CPUS} CPUs"
            )
        if cells:
            yield (
                number,
                [_number(path, number, column, cell) for column, cell in enumerate(cells, 1)],
            )


def _number(path: Path, row: int, column: int, cell: str) -> float:
    text = cell.strip()
    if not text:
        return math.nan
    where = f"{path}, row {row}, column {column}"
    try:
        value = float(text)
    except ValueError:
        shown = text if len(text) <= 20 else text[:20] + "..."
        raise MachineError(
            f"{where}: {shown!r} is no number; cells are nanoseconds, separated by commas, "
            "without a heading"
        ) from None
    if math.isnan(value) or value < 0 or value > LONGEST_NS:
        raise MachineError(
            f"{where}: {text} is no latency; cells are nanoseconds, 0 to {LONGEST_NS:.0f}"
        )
    return value


def _square(path: Path, rows: Iterator[tuple[int, list[float]]]) -> Nanoseconds:
    """Collect the rows, and refuse what is not as high as wide."""
    lines: list[list[float]] = []
    for number, line in rows:
        if lines and len(line) != len(lines[0]):
            raise MachineError(
                f"{path}, row {number}: {len(line)} columns where row 1 has {len(lines[0])}; "
                "every row needs a cell for every CPU, empty ones included"
            )
        if len(lines) == len(line):
            raise MachineError(
                f"{path}, row {number}: is one row too many for {len(line)} columns; "
                "rows and columns are the same CPUs"
            )
        lines.append(line)
    if len(lines) < 2:
        raise MachineError(f"{path}: has {len(lines)} rows; a matrix needs at least two CPUs")
    if len(lines) != len(lines[0]):
        raise MachineError(
            f"{path}, row {len(lines)}: is the last one, but there are {len(lines[0])} columns; "
            "rows and columns are the same CPUs"
        )
    return np.array(lines)


def _symmetric(path: Path, values: Nanoseconds) -> Nanoseconds:
    """Mirror the lower triangle, or check the upper one against it."""
    lower = np.tril_indices(len(values), -1)
    below, above = values[lower], values.T[lower]
    for bad, what in (
        (
            np.isnan(below),
            "is empty: the triangle below the diagonal holds a latency for each pair",
        ),
        (below == 0, "is 0: two CPUs are never 0 ns apart"),
        (
            np.abs(below - above) > SYMMETRY * np.maximum(below, above),
            "differs from its mirror image by more than 10 %: leave the upper triangle empty",
        ),
    ):
        if bad.any():
            first = int(np.argmax(bad))
            row, column = lower[0][first] + 1, lower[1][first] + 1
            raise MachineError(f"{path}, row {row}, column {column}: {what}")
    symmetric = np.zeros_like(values)
    symmetric[lower] = np.where(np.isnan(above), below, (below + above) / 2)
    return symmetric + symmetric.T


def _what_there_is() -> str:
    names = ", ".join(sorted(path.name for path in SHIPPED.glob("*.csv")))
    return f"give the path of a CSV file, or one of {names}"
