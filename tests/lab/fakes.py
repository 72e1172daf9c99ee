"""Stand-ins for the simulation of a point, named by import path so that workers find them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from smplab.lab.executors.process import ProcessPool
from smplab.lab.executors.raycluster import RayCluster
from smplab.lab.executors.serial import Serial
from smplab.lab.executors.work import Computed
from smplab.machine.errors import Deadlock
from smplab.plugin.contexts import Components, Point
from smplab.plugin.hookspecs import hookimpl
from smplab.plugin.host import Host


def config(lock: str = "ticket", cpus: int = 1, replica: int = 0, **more: Any) -> dict[str, Any]:
    """A resolved configuration as the lab hands it on."""
    return {
        "topology": {"name": more.pop("topology", "opteron48"), "costs": {"hit": 3}},
        "kernel": {"name": "none"},
        "mechanism": {"lock": {"name": lock}},
        "policy": None,
        "workload": {"name": "lock_contention", "think_cycles": 100},
        "cpus": cpus,
        "seed": 1,
        "replica": replica,
        **more,
    }


def point(lock: str = "ticket", cpus: int = 1, replica: int = 0, **more: Any) -> Point:
    """A point; its name tells what it is."""
    extra = "".join(f"-{k}={v}" for k, v in more.items())
    return Point(config(lock, cpus, replica, **more), f"{lock}-{cpus}-{replica}{extra}", 1, replica)


def grid(
    locks: tuple[str, ...] = ("ticket", "mcs"),
    cpus: tuple[int, ...] = (1, 2, 4),
    replicas: int = 2,
    **more: Any,
) -> list[Point]:
    """All combinations."""
    return [point(k, n, r, **more) for k in locks for n in cpus for r in range(replicas)]


def metrics(config: dict[str, Any]) -> dict[str, float]:
    """Throughput of a lock that collapses, or of one that does not, in awkward fractions."""
    slope = {"ticket": 0.8, "mcs": 0.05}.get(config["mechanism"]["lock"]["name"], 0.5)
    noise = 1 + 0.01 * config["replica"]
    rate = 1e6 / 3 * config["cpus"] ** -slope * noise
    return {"throughput_ops_per_s": rate, "latency_mean_cycles": 1e9 / rate, "invalidations": 0.0}


def simulate(config: dict[str, Any]) -> dict[str, float]:
    """Do what `config["act"]` says, then give metrics."""
    match config.get("act"):
        case "deadlock" if config["cpus"] == 2:
            raise Deadlock(f"CPU 1 waits for line {config['replica']}, which nobody will write")
        case "bug" if config["cpus"] == 2:
            raise KeyError("colour")
        case "no metrics" if config["cpus"] == 2:
            return None  # type: ignore[return-value]
        case "exit" if config["cpus"] == 2:
            os._exit(7)
        case "kill" if config["cpus"] == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang" if config["cpus"] == 2:
            time.sleep(600)
        case "hang without Python" if config["cpus"] == 2:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
            time.sleep(600)
        case "interrupt" if config["cpus"] == 4:
            os.kill(os.getpid(), signal.SIGINT)
        case "slow":
            time.sleep(0.2)
    if "log" in config:
        with Path(config["log"]).open("a", encoding="utf-8") as file:
            file.write(f"{config['cpus']} {config['replica']}\n")
    return metrics(config)


def host() -> Host:
    """A host with the shipped executors and tracking, and no more."""

    class Lab:
        @hookimpl
        def register_components(self, context: Components) -> None:
            context.add("executor", "serial", Serial)
            context.add("executor", "process", ProcessPool)
            context.add("executor", "ray", RayCluster)

    made = Host(autoload=False)
    made.register(Lab(), "lab")
    return made


def check(config: dict[str, Any]) -> Computed:
    """A function whose result is more than numbers."""
    del config
    return Computed({"states": 3.0}, {"verdict": "no_violation"})


def traced(config: dict[str, Any]) -> Computed:
    """A point with a trace; with `act` it fails and leaves one all the same."""
    covered = {"from_cycle": 0.0, "to_cycle": 5e3, "cut": config["cpus"] > 1, "limit": 77}
    told = {"trace": {**covered, "lines": []}}
    data = f"trace of {config['cpus']} CPUs".encode()
    if config.get("act") == "deadlock":
        return Computed({}, told, data, Deadlock("nobody will write"))
    return Computed(metrics(config), told, data)
