"""`smplab ui`: browse the results in MLflow, on this machine alone."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Sequence

from smplab.language.errors import SmplabError

HOST = "127.0.0.1"
PORT = 5000
STORE = "mlflow.db"
START_S = 120
RUNS_FIRST = "workflowType=machine_learning"
"""Without it MLflow opens its pages for traces of language models, which are empty here."""


class UiError(SmplabError):
    """There is nothing to show, or no port to show it on."""


def main(arguments: Sequence[str]) -> int:
    """Serve MLflow's pages until Ctrl-C; return its exit code."""
    given = _parser().parse_args(list(arguments))
    store = given.store or _default_store()
    port = _port(given.port)
    url = f"http://{HOST}:{port}/#/experiments?{RUNS_FIRST}"
    print(f"MLflow on {store}\n{url} answers in some seconds; Ctrl-C ends it", file=sys.stderr)
    process = subprocess.Popen(
        command(store, port), env=os.environ | ENVIRONMENT, start_new_session=True
    )
    if not given.no_browser:
        threading.Thread(target=_open_when_up, args=(process, port, url), daemon=True).start()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no server is left behind
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server with the processes that it started; it does not pass a signal on itself."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=5)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


ENVIRONMENT = {
    # Without it MLflow starts a runner and five consumers of 250 MB each.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "PYTHONWARNINGS": "ignore",  # of MLflow's own imports
}


def command(store: str, port: int) -> list[str]:
    """Return the command that serves a store."""
    return [
        sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", store, "--host", HOST,
        "--port", str(port), "--workers", "1", "--uvicorn-opts", "--log-level warning",
    ]  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "smplab ui", description="Browse the results in MLflow, on this machine alone."
    )
    parser.add_argument("--port", type=int, help=f"default: {PORT}, or a free one")
    parser.add_argument("--no-browser", action="store_true", help="only serve the pages")
    parser.add_argument(
        "--store", metavar="URI", help="of an MLflow store; default: mlflow.db of the results"
    )
    return parser


def _default_store() -> str:
    from smplab.lab.folder import results_folder

    path = results_folder() / STORE
    if not path.exists():
        raise UiError(
            f"there is no MLflow store yet at {path}: run a sweep first (smplab run ...) in this "
            "folder, or set SMPLAB_HOME to where the results are"
        )
    return f"sqlite:///{path.resolve()}"


def _port(wanted: int | None) -> int:
    """Return the wanted port if it is free, else, if none was wanted, another."""
    for port in (PORT, 0) if wanted is None else (wanted,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    raise UiError(f"port {wanted} cannot be used: choose another, --port N")


def _open_when_up(process: subprocess.Popen[bytes], port: int, url: str) -> None:
    for _ in range(START_S):
        time.sleep(1)
        if process.poll() is not None:
            return
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                webbrowser.open(url)
                return
