"""`points.jsonl`: the truth of a sweep, one line a point, appended as results arrive.

A line counts once its newline is on the disk. What a kill leaves behind is therefore whole lines
and at most one torn one at the end, which is ignored by readers and cut off by the next writer.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from smplab.lab.records import SCHEMA, Record, RecordError
from smplab.language.errors import SmplabError

NAME = "points.jsonl"
SYNC_INTERVAL_S = 0.5
"""A record survives the death of this process at once, and that of the machine after this long."""


class StoreError(SmplabError):
    """The store cannot be read or written: says which file, which line and what to do."""


def read_records(path: Path) -> list[Record]:
    """Return the records of a `points.jsonl` in their order; a torn last line is ignored.

    Raises:
        StoreError: a whole line is damaged, or was written by another version of the layout.
    """
    return _parse(path, path.read_bytes())[0] if path.exists() else []


def latest(records: list[Record]) -> dict[str, Record]:
    """Return the last record of each hash: a point that was run again counts once."""
    return {record.hash: record for record in records}


class PointStore:
    """Appends records to a sweep's `points.jsonl`; only one process may at a time.

    Attributes:
        path: of the file.
        records: those that the file held when it was opened.

    Raises:
        StoreError: the file is damaged, of another version, or in use.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            self._lock()
            self.records, end = _parse(self.path, self.path.read_bytes())
            os.ftruncate(self._file, end)
        except BaseException:
            os.close(self._file)
            raise
        self._end = end
        self._synced = time.monotonic()

    def append(self, record: Record) -> None:
        """Write one record; it is in the file when this returns.

        Raises:
            StoreError: it cannot be written (the disk is full); the file is as it was before.
        """
        line = record.line()
        try:
            written = 0
            while written < len(line):
                written += os.write(self._file, line[written:])
            if time.monotonic() - self._synced > SYNC_INTERVAL_S:
                os.fsync(self._file)
                self._synced = time.monotonic()
        except OSError as error:
            os.ftruncate(self._file, self._end)
            raise StoreError(
                f"{self.path}: cannot write: {error.strerror}. Everything written before is kept; "
                f"make room, then go on with: smplab run --resume {self.path.parent}"
            ) from error
        self._end += len(line)

    def close(self) -> None:
        """Bring the file to the disk and let others write to it."""
        try:
            os.fsync(self._file)
        finally:
            os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(
                f"{self.path}: another smplab is writing to this sweep; wait until it has ended"
            ) from None


def _parse(path: Path, data: bytes) -> tuple[list[Record], int]:
    """Return the records and the length of the whole lines in bytes."""
    end = data.rfind(b"\n") + 1
    records = []
    for number, line in enumerate(data[:end].splitlines(), start=1):
        try:
            record = Record.parse(line)
        except RecordError as error:
            raise StoreError(
                f"{path}, line {number}: damaged: {error}. Delete that line, and the point that "
                "it told of will run again upon --resume"
            ) from None
        written = record.versions.get("schema")
        if written != SCHEMA:
            raise StoreError(
                f"{path}, line {number}: written with layout {written}, this smplab writes layout "
                f"{SCHEMA}; use the version that began the sweep, or begin a new one"
            )
        records.append(record)
    return records, end
