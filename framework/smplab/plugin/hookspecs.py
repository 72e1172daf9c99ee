"""The plugin manual: every hook that smplab calls.

A plugin is a module with functions marked `@hookimpl`, named by one entry point in the group
`smplab`:

    [project.entry-points.smplab]
    my_locks = "my_locks"

    # my_locks.py
    from smplab.api import Components, hookimpl

    @hookimpl
    def register_components(context: Components) -> None:
        context.add("mechanism/lock", "my_lock", MyLock)

It imports `smplab.api` and nothing deeper. Each hook gets one context object, so that fields can be
added later without breaking anybody; a plugin implements the hooks that it needs and no others. A
module is loaded when a command first needs plugins; what is heavy (pandas, matplotlib, ray, mlflow)
is imported inside functions. A plugin that fails to load is reported with its distribution, and
the others work.
"""

from __future__ import annotations

import pluggy

from smplab.plugin.contexts import (
    Components,
    ConfigurationFolders,
    Figures,
    Metrics,
    PointFinished,
    SweepFinished,
    SweepStarted,
)

hookspec = pluggy.HookspecMarker("smplab")
hookimpl = pluggy.HookimplMarker("smplab")


@hookspec
def register_components(context: Components) -> None:
    """Add components: `context.add("mechanism/lock", "my_lock", MyLock)`.

    The kind is the configuration group in which users choose the component by its name:
    `topology`, `mechanism/<slot>`, `workload`, `kernel`, `policy`, `scenario`, `executor`,
    `tracking`. The component is a dataclass whose fields are declared by `parameter()`; the
    dataclass is at once the entry, the schema of the configuration and the documentation. Called
    once, at loading.
    """


@hookspec
def add_configuration(context: ConfigurationFolders) -> None:
    """Add a folder of YAML: `context.add("pkg://my_locks.conf")`, or a path.

    The folder is laid out as smplab's own `conf/`: `topology/ring_big.yaml` is the choice
    `topology=ring_big`, and may begin with `defaults: [ring]` to refine a registered component.
    Called once, at loading.
    """


@hookspec
def register_metrics(context: Metrics) -> None:
    """Add metrics: `context.add("handovers_far", "transfers", compute, "handovers that ...")`.

    `compute` turns a `Measurement` into a number, in the process that simulated the point, or into
    None where the metric does not apply. Called once, at loading.
    """


@hookspec
def register_figures(context: Figures) -> None:
    """Add figures: `context.add("my_curve", draw, "throughput over ...")`.

    After a sweep `draw` gets the table of its results (a pandas DataFrame, one row a point, with
    the columns of `points.csv`) and returns a matplotlib Figure, or None where it has nothing to
    show. Called once, at loading.
    """


@hookspec
def sweep_started(context: SweepStarted) -> None:
    """A sweep is about to run its points, here in the driving process.

    What has to remember things until the sweep ends makes an object for it, with hook
    implementations as methods: `context.observe(ProgressBar(context.console))`.
    """


@hookspec
def point_finished(context: PointFinished) -> None:
    """A point's record has been written to `points.jsonl`; records come in any order."""


@hookspec
def sweep_finished(context: SweepFinished) -> None:
    """The sweep is over: complete, interrupted, or with failures. Its files are written."""
