"""All that a plugin may import. Names are loaded when they are first asked for.

So a plugin that registers components costs no more at the start than it uses: neither the compiler
nor numpy, until something of it is built.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smplab.kernel.accounting import Accounting, Event
    from smplab.kernel.coherency import Coherency, TlbRequest
    from smplab.kernel.contracts import EVERYBODY, Grace, Lock, Scenario, Workload
    from smplab.kernel.faults import FAULT
    from smplab.kernel.granularity import COARSE, FINE, Granularity
    from smplab.kernel.ipc import ANYBODY, NEVER, NOBODY
    from smplab.kernel.kernel import Kernel, KernelWorkload
    from smplab.kernel.objects import Tcb
    from smplab.kernel.policy import Policy
    from smplab.kernel.pool import NodePool
    from smplab.kernel.rendezvous import NO_PARTNER, OK, TIMEOUT
    from smplab.kernel.scenarios import contract_scenarios
    from smplab.kernel.spaces import BUSY, INVALID, NO_MAPPING, NO_MEMORY, NO_SPACE, OCCUPIED
    from smplab.kernel.synchronization import ALONE, SHARED, Synchronization
    from smplab.kernel.threads import REFUSED
    from smplab.kernel.tracking import Tracking
    from smplab.kernel.trees import GRANT, OWN, RESTRICT
    from smplab.lab.curves import Curve
    from smplab.lab.executors.base import Executor, ExecutorError
    from smplab.lab.executors.process import ProcessPool
    from smplab.lab.executors.raycluster import RayCluster
    from smplab.lab.executors.serial import Serial
    from smplab.lab.executors.work import Outcome, Task, Work, compute
    from smplab.lab.folder import split
    from smplab.lab.results import SweepResults, read_sweep
    from smplab.lab.tracing import traces_of
    from smplab.language import (
        NULL,
        Array,
        Cpu,
        Home,
        Memory,
        Opaque,
        Place,
        Ref,
        Struct,
        Word,
        aligned,
        array,
        ending_in,
        routine,
    )
    from smplab.language.component import Component, Mutant, parameter, slot
    from smplab.language.errors import CompileError, LanguageError, SmplabError
    from smplab.language.isa import Cause
    from smplab.language.paging import (
        ENTRY_SHIFT,
        LEAF,
        NOT_PRESENT,
        NOT_WRITABLE,
        PRESENT,
        WRITABLE,
    )
    from smplab.machine.description import (
        MAX_CPUS,
        Costs,
        Machine,
        Origin,
        Provenance,
        Topology,
    )
    from smplab.machine.errors import MachineError
    from smplab.machine.origins import origins_of
    from smplab.plugin.contexts import (
        Components,
        ConfigurationFolders,
        Figures,
        Measurement,
        Metrics,
        Point,
        PointFinished,
        SweepFinished,
        SweepStarted,
    )
    from smplab.plugin.hookspecs import hookimpl

_HOMES = {
    "smplab.kernel.granularity": ("COARSE", "FINE", "Granularity"),
    "smplab.kernel.ipc": ("ANYBODY", "NEVER", "NOBODY"),
    "smplab.kernel.rendezvous": ("NO_PARTNER", "OK", "TIMEOUT"),
    "smplab.kernel.threads": ("REFUSED",),
    "smplab.kernel.kernel": ("Kernel", "KernelWorkload"),
    "smplab.kernel.objects": ("Tcb",),
    "smplab.kernel.synchronization": ("ALONE", "SHARED", "Synchronization"),
    "smplab.kernel.contracts": ("EVERYBODY", "Grace", "Lock", "Scenario", "Workload"),
    "smplab.kernel.policy": ("Policy",),
    "smplab.kernel.pool": ("NodePool",),
    "smplab.kernel.accounting": ("Accounting", "Event"),
    "smplab.kernel.coherency": ("Coherency", "TlbRequest"),
    "smplab.kernel.faults": ("FAULT",),
    "smplab.kernel.trees": ("GRANT", "OWN", "RESTRICT"),
    "smplab.kernel.spaces": (
        "BUSY",
        "INVALID",
        "NO_MAPPING",
        "NO_MEMORY",
        "NO_SPACE",
        "OCCUPIED",
    ),
    "smplab.kernel.tracking": ("Tracking",),
    "smplab.kernel.scenarios": ("contract_scenarios",),
    "smplab.lab.curves": ("Curve",),
    "smplab.lab.executors.base": ("Executor", "ExecutorError"),
    "smplab.lab.executors.process": ("ProcessPool",),
    "smplab.lab.executors.raycluster": ("RayCluster",),
    "smplab.lab.executors.serial": ("Serial",),
    "smplab.lab.executors.work": ("Outcome", "Task", "Work", "compute"),
    "smplab.lab.folder": ("split",),
    "smplab.lab.results": ("SweepResults", "read_sweep"),
    "smplab.lab.tracing": ("traces_of",),
    "smplab.language": (
        "NULL",
        "Array",
        "Cpu",
        "Home",
        "Memory",
        "Opaque",
        "Place",
        "Ref",
        "Struct",
        "Word",
        "aligned",
        "array",
        "ending_in",
        "routine",
    ),
    "smplab.language.component": ("Component", "Mutant", "parameter", "slot"),
    "smplab.language.errors": ("CompileError", "LanguageError", "SmplabError"),
    "smplab.language.isa": ("Cause",),
    "smplab.language.paging": (
        "ENTRY_SHIFT",
        "LEAF",
        "NOT_PRESENT",
        "NOT_WRITABLE",
        "PRESENT",
        "WRITABLE",
    ),
    "smplab.machine.description": (
        "MAX_CPUS",
        "Costs",
        "Machine",
        "Origin",
        "Provenance",
        "Topology",
    ),
    "smplab.machine.errors": ("MachineError",),
    "smplab.machine.origins": ("origins_of",),
    "smplab.plugin.contexts": (
        "Components",
        "ConfigurationFolders",
        "Figures",
        "Measurement",
        "Metrics",
        "Point",
        "PointFinished",
        "SweepFinished",
        "SweepStarted",
    ),
    "smplab.plugin.hookspecs": ("hookimpl",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ALONE",
    "ANYBODY",
    "BUSY",
    "COARSE",
    "ENTRY_SHIFT",
    "EVERYBODY",
    "FAULT",
    "FINE",
    "GRANT",
    "INVALID",
    "LEAF",
    "MAX_CPUS",
    "NEVER",
    "NOBODY",
    "NOT_PRESENT",
    "NOT_WRITABLE",
    "NO_MAPPING",
    "NO_MEMORY",
    "NO_PARTNER",
    "NO_SPACE",
    "NULL",
    "OCCUPIED",
    "OK",
    "OWN",
    "PRESENT",
    "REFUSED",
    "RESTRICT",
    "SHARED",
    "TIMEOUT",
    "WRITABLE",
    "Accounting",
    "Array",
    "Cause",
    "Coherency",
    "CompileError",
    "Component",
    "Components",
    "ConfigurationFolders",
    "Costs",
    "Cpu",
    "Curve",
    "Event",
    "Executor",
    "ExecutorError",
    "Figures",
    "Grace",
    "Granularity",
    "Home",
    "Kernel",
    "KernelWorkload",
    "LanguageError",
    "Lock",
    "Machine",
    "MachineError",
    "Measurement",
    "Memory",
    "Metrics",
    "Mutant",
    "NodePool",
    "Opaque",
    "Origin",
    "Outcome",
    "Place",
    "Point",
    "PointFinished",
    "Policy",
    "ProcessPool",
    "Provenance",
    "RayCluster",
    "Ref",
    "Scenario",
    "Serial",
    "SmplabError",
    "Struct",
    "SweepFinished",
    "SweepResults",
    "SweepStarted",
    "Synchronization",
    "Task",
    "Tcb",
    "TlbRequest",
    "Topology",
    "Tracking",
    "Word",
    "Work",
    "Workload",
    "aligned",
    "array",
    "compute",
    "contract_scenarios",
    "ending_in",
    "hookimpl",
    "origins_of",
    "parameter",
    "read_sweep",
    "routine",
    "slot",
    "split",
    "traces_of",
]


def __getattr__(name: str) -> Any:
    """Load a name from where it lives (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"smplab.api has no {name}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List what there is."""
    return __all__
