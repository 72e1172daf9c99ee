"""Tracking in MLflow: builds the view of a sweep when it has ended.

The import of mlflow takes seconds, and so does making a new store: both happen in a thread while
the points are computed.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from smplab.api import Component, SweepFinished, hookimpl, parameter

if TYPE_CHECKING:
    from smplab_plugins.trackers.mlflow_view import View


@dataclass(eq=False)
class Mlflow(Component):
    """A view in MLflow: a parent run a sweep, a run a curve, steps are numbers of CPUs."""

    uri: str = parameter(
        "", "of the tracking server or store; empty: mlflow.db beside the sweeps' folders"
    )


@dataclass(eq=False)
class NoTracking(Component):
    """Files in the sweep's folder alone; mlflow is not even imported."""


class MlflowTracker:
    """Prepares the view while points run and fills it at the end."""

    def __init__(self, folder: Path, uri: str) -> None:
        self._folder = folder
        self._uri = uri
        self._view: View | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._open, daemon=True)
        self._thread.start()

    @hookimpl
    def sweep_finished(self, context: SweepFinished) -> None:
        """Write the view.

        Raises:
            TrackingError: the store cannot be reached or written.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._view is not None
        self._view.write(self._folder, context.files, context.wall_s)
        where = f"MLflow: experiment {self._view.experiment} in {self._view.uri}"
        context.console.print(where, markup=False, highlight=False)

    def _open(self) -> None:
        try:
            from smplab_plugins.trackers.mlflow_view import View

            self._view = View.open(self._folder, self._uri)
        except Exception as error:  # noqa: BLE001 - told by the thread that can tell it
            self._error = error
