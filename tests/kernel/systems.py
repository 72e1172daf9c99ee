"""Build small systems: a kernel, how its threads are protected, a workload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from smplab.kernel.contracts import Lock
from smplab.kernel.kernel import Kernel, KernelWorkload
from smplab.kernel.policy import Policy
from smplab.kernel.synchronization import Synchronization
from smplab.language.build import build_image
from smplab.language.component import Component, slot
from smplab.language.image import Layout, Program
from smplab.machine import simulate
from smplab.machine.result import Limits, Result
from smplab.testing.locks import small_machine
from smplab_plugins.granularity.global_lock import GlobalLock
from smplab_plugins.granularity.object import ObjectLocks
from smplab_plugins.kernels.uniprocessor import Uniprocessor
from smplab_plugins.locks.mcs import McsLock
from smplab_plugins.synchronization.locked import Locked
from smplab_plugins.synchronization.messages import Messages

KERNELS = ("uniprocessor", "locked", "global", "messages")
"""One CPU; a lock for each object; one lock for all; no lock."""


@dataclass(eq=False)
class AnyKernel(Kernel):
    """The microkernel for any number of CPUs."""

    synchronization: Synchronization = slot()


def components(
    how: str, workload: KernelWorkload, *, kernel: Kernel | None = None, lock: Lock | None = None,
    policy: Policy | None = None,
) -> Mapping[str, Component]:  # fmt: skip
    """Wire a system; `how` is one of KERNELS."""
    found: dict[str, Component] = {}
    if how == "uniprocessor":
        kernel = kernel or Uniprocessor()
    else:
        kernel = kernel or AnyKernel()
        protection: Synchronization = Messages()
        if how != "messages":
            granularity = ObjectLocks() if how == "locked" else GlobalLock()
            granularity.lock = found["lock"] = lock or McsLock()
            protection = Locked()
            protection.granularity = found["granularity"] = granularity
        kernel.synchronization = found["synchronization"] = protection
    workload.kernel = kernel
    found["kernel"] = kernel
    if policy is not None:
        policy.kernel, kernel.policy = kernel, policy
        found["policy"] = policy
    return {**found, "workload": workload}


def load(parts: Mapping[str, Component], cpus: int, **values: Any) -> Program:
    """Compile a system for `cpus` CPUs; `values` are parameters, "workload_rounds=3"."""
    numbers = {name.replace("_", ".", 1): value for name, value in values.items()}
    return build_image(parts).load(numbers, Layout(cpus, 1, (0,) * cpus))


def run(program: Program, limits: Limits, seed: int = 1, engine: Any = simulate) -> Result:
    """Simulate a system on a small machine."""
    cpus = program.cpus
    result: Result = engine(
        program, small_machine(cpus), np.arange(cpus, dtype=np.int64), seed, limits
    )
    return result


def address(program: Program, name: str) -> int:
    """Address of an object in memory."""
    index = program.image.parameters.index(f"&{name}")
    return int(program.parameters[index])
