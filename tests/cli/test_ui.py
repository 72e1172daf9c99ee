"""`smplab ui` serves the store on this machine alone, and says when there is none."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from smplab.cli import ui
from smplab.cli.main import main
from smplab.cli.ui import HOST, UiError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SMPLAB_HOME", str(tmp_path))
    return tmp_path


def test_without_a_store_it_says_what_to_do(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ui", "--no-browser"]) == 2
    told = capsys.readouterr().err
    assert f"there is no MLflow store yet at {home / 'mlflow.db'}" in told
    assert "run a sweep first" in told


def test_it_serves_the_store_on_the_loopback_without_job_runners(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "mlflow.db").touch()
    asked: list[tuple[str, int]] = []
    script = "import os, sys; sys.exit(os.environ['MLFLOW_SERVER_ENABLE_JOB_EXECUTION'] != 'false')"

    def instead(store: str, port: int) -> list[str]:
        asked.append((store, port))
        return [sys.executable, "-c", script]

    monkeypatch.setattr(ui, "command", instead)
    assert main(["ui", "--no-browser"]) == 0
    ((store, port),) = asked
    assert store == f"sqlite:///{home}/mlflow.db"
    assert f"http://127.0.0.1:{port}/" in capsys.readouterr().err


def test_the_command_names_the_loopback() -> None:
    command = ui.command("sqlite:////x/mlflow.db", 5005)
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--port") + 1] == "5005"
    assert command[command.index("--backend-store-uri") + 1] == "sqlite:////x/mlflow.db"


def test_a_port_that_is_taken_is_told_and_the_default_one_avoided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UiError, match=f"port {port} cannot be used: choose another"):
            ui._port(port)
        monkeypatch.setattr(ui, "PORT", port)
        assert ui._port(None) != port


def test_the_whole_group_of_processes_ends() -> None:
    script = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, start_new_session=True
    )
    assert server.stdout is not None
    child = int(server.stdout.readline())
    ui.stop(server)
    server.stdout.close()
    assert server.wait() is not None
    deadline = time.monotonic() + 10
    while _runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    """Tell whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] != "Z"
    except OSError:
        return False
