"""All that ships with smplab as plugins, through the same door as anyone else's."""

from __future__ import annotations

from smplab.api import Components, SweepStarted, hookimpl


@hookimpl
def register_components(context: Components) -> None:
    """Register machines, kernels, mechanisms, workloads, scenarios, executors and tracking."""
    from smplab.api import ProcessPool, RayCluster, Serial, contract_scenarios
    from smplab_plugins.accounting.none import NoAccounting
    from smplab_plugins.grace.epochs import Epochs
    from smplab_plugins.grace.token_ring import TokenRing
    from smplab_plugins.granularity.dynamic import DynamicLocks
    from smplab_plugins.granularity.global_lock import GlobalLock
    from smplab_plugins.granularity.object import ObjectLocks
    from smplab_plugins.kernels.multiprocessor import Multiprocessor
    from smplab_plugins.kernels.none import NoKernel
    from smplab_plugins.kernels.uniprocessor import Uniprocessor
    from smplab_plugins.locks.clh import ClhLock
    from smplab_plugins.locks.mcs import McsLock
    from smplab_plugins.locks.tas import TasLock
    from smplab_plugins.locks.ticket import TicketLock
    from smplab_plugins.locks.ttas import TtasLock
    from smplab_plugins.policies.hints import Hints
    from smplab_plugins.policies.hostile import Hostile
    from smplab_plugins.policies.static import Static
    from smplab_plugins.scenarios.broken_lock import BrokenLock
    from smplab_plugins.scenarios.dekker import Dekker
    from smplab_plugins.scenarios.lost_wakeup import LostWakeup
    from smplab_plugins.scenarios.peterson import Peterson
    from smplab_plugins.synchronization.dynamic import Dynamic
    from smplab_plugins.synchronization.locked import Locked
    from smplab_plugins.synchronization.messages import Messages
    from smplab_plugins.tlb.batched import Batched
    from smplab_plugins.tlb.hardware import Hardware
    from smplab_plugins.tlb.shootdown import Shootdown
    from smplab_plugins.topologies.haswell4 import Haswell4
    from smplab_plugins.topologies.matrix import Matrix
    from smplab_plugins.topologies.milan72 import Milan72
    from smplab_plugins.topologies.opteron48 import Opteron48
    from smplab_plugins.topologies.sabre import Sabre
    from smplab_plugins.topologies.skylake4 import Skylake4
    from smplab_plugins.topologies.tx1 import Tx1
    from smplab_plugins.topologies.uniform import Uniform
    from smplab_plugins.topologies.westmere_ex160 import WestmereEx160
    from smplab_plugins.topologies.xeon_mp8 import XeonMp8
    from smplab_plugins.trackers.mlflow_tracker import Mlflow, NoTracking
    from smplab_plugins.tracking.bitmap import Bitmap
    from smplab_plugins.tracking.broadcast import Broadcast
    from smplab_plugins.workloads.ipc_clients import IpcClients
    from smplab_plugins.workloads.ipc_pairs import IpcPairs
    from smplab_plugins.workloads.ipc_pingpong import IpcPingpong
    from smplab_plugins.workloads.kernel_paths import KernelPaths
    from smplab_plugins.workloads.lock_contention import LockContention
    from smplab_plugins.workloads.map_unmap import MapUnmap
    from smplab_plugins.workloads.oversubscribed import Oversubscribed
    from smplab_plugins.workloads.phases import Phases
    from smplab_plugins.workloads.process_churn import ProcessChurn
    from smplab_plugins.workloads.protect_storm import ProtectStorm
    from smplab_plugins.workloads.realloc import Realloc
    from smplab_plugins.workloads.regime_changes import RegimeChanges
    from smplab_plugins.workloads.remote_share import RemoteShare
    from smplab_plugins.workloads.subsystems import Subsystems
    from smplab_plugins.workloads.subtrees import Subtrees

    context.add("topology", "haswell4", Haswell4)
    context.add("topology", "matrix", Matrix)
    context.add("topology", "milan72", Milan72)
    context.add("topology", "opteron48", Opteron48)
    context.add("topology", "sabre", Sabre)
    context.add("topology", "skylake4", Skylake4)
    context.add("topology", "tx1", Tx1)
    context.add("topology", "uniform", Uniform)
    context.add("topology", "westmere_ex160", WestmereEx160)
    context.add("topology", "xeon_mp8", XeonMp8)
    context.add("kernel", "multiprocessor", Multiprocessor)
    context.add("kernel", "none", NoKernel)
    context.add("kernel", "uniprocessor", Uniprocessor)
    context.add("mechanism/accounting", "none", NoAccounting)
    context.add("mechanism/grace", "epochs", Epochs)
    context.add("mechanism/grace", "token_ring", TokenRing)
    context.add("mechanism/granularity", "dynamic", DynamicLocks)
    context.add("mechanism/granularity", "global", GlobalLock)
    context.add("mechanism/granularity", "object", ObjectLocks)
    for kind in ("mechanism/lock", "mechanism/fine_lock"):
        context.add(kind, "clh", ClhLock)
        context.add(kind, "mcs", McsLock)
        context.add(kind, "tas", TasLock)
        context.add(kind, "ticket", TicketLock)
        context.add(kind, "ttas", TtasLock)
    context.add("mechanism/synchronization", "dynamic", Dynamic)
    context.add("mechanism/synchronization", "locked", Locked)
    context.add("mechanism/synchronization", "messages", Messages)
    context.add("mechanism/tlb", "batched", Batched)
    context.add("mechanism/tlb", "hardware", Hardware)
    context.add("mechanism/tlb", "shootdown", Shootdown)
    context.add("mechanism/tracking", "bitmap", Bitmap)
    context.add("mechanism/tracking", "broadcast", Broadcast)
    context.add("policy", "hints", Hints)
    context.add("policy", "hostile", Hostile)
    context.add("policy", "static", Static)
    context.add("workload", "ipc_clients", IpcClients)
    context.add("workload", "ipc_pairs", IpcPairs)
    context.add("workload", "ipc_pingpong", IpcPingpong)
    context.add("workload", "kernel_paths", KernelPaths)
    context.add("workload", "lock_contention", LockContention)
    context.add("workload", "map_unmap", MapUnmap)
    context.add("workload", "oversubscribed", Oversubscribed)
    context.add("workload", "phases", Phases)
    context.add("workload", "process_churn", ProcessChurn)
    context.add("workload", "protect_storm", ProtectStorm)
    context.add("workload", "realloc", Realloc)
    context.add("workload", "regime_changes", RegimeChanges)
    context.add("workload", "remote_share", RemoteShare)
    context.add("workload", "subsystems", Subsystems)
    context.add("workload", "subtrees", Subtrees)
    for name, scenario in contract_scenarios().items():
        context.add("scenario", name, scenario)
    context.add("scenario", "broken_lock", BrokenLock)
    context.add("scenario", "dekker", Dekker)
    context.add("scenario", "lost_wakeup", LostWakeup)
    context.add("scenario", "peterson", Peterson)
    context.add("executor", "serial", Serial)
    context.add("executor", "process", ProcessPool)
    context.add("executor", "ray", RayCluster)
    context.add("tracking", "mlflow", Mlflow)
    context.add("tracking", "none", NoTracking)


@hookimpl
def sweep_started(context: SweepStarted) -> None:
    """Show progress, and track the sweep where the configuration says so."""
    from smplab_plugins.trackers.mlflow_tracker import MlflowTracker
    from smplab_plugins.trackers.progress import ProgressBar

    context.observe(ProgressBar(context.console, context.total))
    tracking = context.settings["tracking"]
    if tracking["name"] == "mlflow":
        context.observe(MlflowTracker(context.folder, tracking["uri"]))
