"""The store keeps what it was given, whatever cuts it short."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from smplab.lab.records import Record
from smplab.lab.store import NAME, PointStore, StoreError, latest, read_records
from tests.lab.test_records import record


def written(folder: Path, *records: Record) -> bytes:
    with PointStore(folder) as store:
        for one in records:
            store.append(one)
    return (folder / NAME).read_bytes()


THREE = [record(hash=name, metrics={"x": 1 / 3}) for name in ("a", "b", "ç")]


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    written(tmp_path, *THREE[:2])
    written(tmp_path, THREE[2])
    assert read_records(tmp_path / NAME) == THREE


def test_a_store_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read_records(tmp_path / NAME) == []


def test_cut_at_every_byte_whole_lines_count_and_the_next_writer_goes_on(tmp_path: Path) -> None:
    data = written(tmp_path, *THREE)
    path = tmp_path / NAME
    for end in range(len(data) + 1):
        path.write_bytes(data[:end])
        whole = data[:end].count(b"\n")
        assert read_records(path) == THREE[:whole]
        with PointStore(tmp_path) as store:
            assert store.records == THREE[:whole]
            store.append(THREE[0])
        assert read_records(path) == [*THREE[:whole], THREE[0]]


@pytest.mark.parametrize("line", [1, 2, 3])
def test_a_damaged_line_is_reported_with_its_number(tmp_path: Path, line: int) -> None:
    lines = written(tmp_path, *THREE).splitlines(keepends=True)
    lines[line - 1] = lines[line - 1][:20] + b"\n"
    (tmp_path / NAME).write_bytes(b"".join(lines))
    with pytest.raises(StoreError, match=rf"points.jsonl, line {line}: damaged: not JSON"):
        PointStore(tmp_path)


def test_another_layout_is_refused(tmp_path: Path) -> None:
    written(tmp_path, record(versions={"schema": 99}))
    with pytest.raises(StoreError, match="layout 99, this smplab writes layout 1"):
        PointStore(tmp_path)


def test_two_writers_at_once_are_refused(tmp_path: Path) -> None:
    with PointStore(tmp_path), pytest.raises(StoreError, match="another smplab is writing"):
        PointStore(tmp_path)
    PointStore(tmp_path).close()


def test_a_full_disk_loses_nothing_and_says_so(tmp_path: Path) -> None:
    with PointStore(tmp_path) as store:
        store.append(THREE[0])
        size = (tmp_path / NAME).stat().st_size
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, before[1]))
            with pytest.raises(StoreError, match="Everything written before is kept"):
                store.append(THREE[1])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, old)
        assert (tmp_path / NAME).stat().st_size == size
        store.append(THREE[2])
    assert read_records(tmp_path / NAME) == [THREE[0], THREE[2]]


def test_a_killed_writer_leaves_every_record_that_append_returned_from(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from smplab.lab.store import PointStore
        from tests.lab.test_records import record
        store = PointStore(Path(sys.argv[1]))
        for number in range(100):
            store.append(record(hash=str(number)))
        os.kill(os.getpid(), 9)
    """)
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(root)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [r.hash for r in read_records(tmp_path / NAME)] == [str(n) for n in range(100)]


def test_the_latest_record_of_a_point_counts() -> None:
    again = record(hash="a", metrics={"x": 2.0})
    assert latest([*THREE, again])["a"] is again
    assert len(latest([*THREE, again])) == 3


def test_a_line_is_plain_json(tmp_path: Path) -> None:
    first = written(tmp_path, *THREE).splitlines()[0]
    assert json.loads(first)["metrics"]["x"] == 1 / 3
