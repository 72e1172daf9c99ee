"""Lines and CPUs of the SimPy model, and what serving an access costs."""

from __future__ import annotations

from typing import Any

from smplab.language.isa import Cause
from smplab.machine.coherence import NOWHERE, SHARED
from smplab.machine.plan import Plan
from smplab.machine.result import Counter

(INSTRUCTIONS, LOADS, STORES, ATOMICS, HITS, TRANSFERS, MEMORY_FETCHES, INVALIDATIONS, QUEUED,
 QUEUE_TICKS, WAITS, _FAR_ATOMICS, *_SYSTEM) = range(len(Counter))  # fmt: skip


class Fault(Exception):
    """A check failed; the benchmark's programs have no faults to diagnose."""


class Line:
    """A cache line."""

    __slots__ = (
        "choices", "free_at", "home", "last", "number", "owner", "queue", "sharers", "sleepers",
        "version",
    )  # fmt: skip

    def __init__(self, number: int, home: int) -> None:
        self.number, self.home = number, home
        self.owner, self.last, self.free_at, self.version, self.choices = NOWHERE, -1, 0, 0, 0
        self.sharers: set[int] = set()
        self.queue: list[int] = []
        self.sleepers: list[int] = []


class Cpu:
    """What others need to know of a CPU: its pending access, and its account."""

    __slots__ = (
        "account", "asleep", "cause", "core", "counters", "doing", "done", "number",
        "place", "queued", "region", "registers", "row", "seen", "seen_version", "since", "wake",
    )  # fmt: skip

    def __init__(self, number: int, plan: Plan) -> None:
        self.number = number
        self.core = int(plan.core[number])
        self.place = int(plan.core_place[self.core])
        self.registers = [0] * (2 * plan.program.image.registers)
        self.row: list[int] = []
        self.counters = [0] * len(Counter)
        self.account = [0] * len(Cause)
        self.since = self.done = 0
        self.doing = self.cause = int(Cause.USER)
        self.seen, self.seen_version = -1, -1
        self.asleep = self.queued = False
        self.wake: Any = None
        self.region = [[0, 0, 0, -1] for _ in plan.program.image.regions]


class Caches:
    """The transaction of `smplab.machine.coherence`, without far atomics."""

    def __init__(self, plan: Plan) -> None:
        assert plan.far == 0
        self.plan = plan
        self.distance: list[list[int]] = plan.distance.tolist()
        self.core_place: list[int] = plan.core_place.tolist()

    def latency(self, a: int, b: int, home: int) -> int:
        """Transfer between two places."""
        direct = self.distance[a][b]
        if direct > self.plan.home_from:
            direct = max(direct, self.distance[a][home], self.distance[b][home])
        return direct

    def serve_load(self, cpu: Cpu, line: Line, now: int) -> int:
        """As `smplab.machine.coherence` says."""
        plan = self.plan
        busy = plan.occ_r
        served = TRANSFERS
        if line.owner == SHARED:
            cost = self.latency(cpu.place, line.last, line.home)
            line.sharers.add(cpu.core)
        elif line.owner >= 0:
            cost = busy = self.latency(cpu.place, self.core_place[line.owner], line.home)
            line.sharers = {line.owner, cpu.core}
            line.owner = SHARED
        else:
            cost = self.distance[cpu.place][line.home] + plan.mem
            served = MEMORY_FETCHES
            line.sharers = {cpu.core}
            line.owner = SHARED
        cpu.counters[served] += 1
        line.free_at = now + busy
        line.last = cpu.place
        return cost

    def serve_write(self, cpu: Cpu, line: Line, now: int) -> int:
        """As `smplab.machine.coherence` says."""
        plan, here, home = self.plan, cpu.place, line.home
        served, others = TRANSFERS, 0
        if line.owner >= 0:
            cost = self.latency(here, self.core_place[line.owner], home)
            others = 1
        elif line.owner == SHARED:
            line.sharers.discard(cpu.core)
            others = len(line.sharers)
            if others:
                cost = max(self.latency(here, self.core_place[s], home) for s in line.sharers)
            else:
                cost, served = plan.hit, HITS
            line.sharers = set()
        else:
            cost = self.distance[here][home] + plan.mem
            served = MEMORY_FETCHES
        cpu.counters[served] += 1
        cpu.counters[INVALIDATIONS] += others
        if plan.occ_w_percent <= 100:
            line.free_at = now + cost * plan.occ_w_percent // 100
        else:
            if cpu.queued:
                cost = cost * plan.occ_w_percent // 100
            line.free_at = now + cost
        line.owner = cpu.core
        line.last = here
        return cost
