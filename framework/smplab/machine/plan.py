"""A run made ready: request and machine checked, every cost in ticks, every place numbered.

Both engine and reference start from a `Plan`; nothing in it depends on how they work.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from smplab.language.image import LINE_WORDS, Program
from smplab.language.verifier import verify_image
from smplab.machine.description import MAX_CPUS, TICKS_PER_CYCLE, Costs, Machine
from smplab.machine.errors import MachineError
from smplab.machine.randomness import key_of
from smplab.machine.result import Limits

Ints = npt.NDArray[np.int64]
BOOT_TICKS = 10**10 * TICKS_PER_CYCLE
"""A boot routine that takes longer is stuck."""
MAX_DELAY_CYCLES = 2**40
"""A longer DELAY is taken for a mistake (a quarter of an hour at 1 GHz)."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What engine and reference need to know of a run. Times are ticks, places are renumbered.

    Attributes:
        entry: code address at which the CPUs start.
        booting: this is CPU 0, alone, before time begins.
        core: int64 [cpus], cache of each CPU, numbered by first use.
        core_place: int64 [cores], place of each core.
        distance: int32 [places, places], transfer between two places.
        home_place: int32 [lines], place of each line's home node.
        home_from: transfers longer than this visit the home; the greatest int32 if none do.
        instr, instr_shared: a local instruction alone, and while an SMT sibling runs.
        warmup, stop: when counting begins, and when the run ends at the latest.
        operations: the run ends when so many are complete; 0: it does not.
        must_finish: whether arriving at `stop` is a failure.
        costs: the machine's cost table, in cycles: what only kernels pay is taken from there.
        line_key, stream_keys: keys of the random draws of lines, and of each stream.
    """

    program: Program
    entry: int
    booting: bool
    cpus: int
    core: Ints
    core_place: Ints
    distance: npt.NDArray[np.int32]
    home_place: npt.NDArray[np.int32]
    hit: int
    rmw: int
    occ_r: int
    occ_w_percent: int
    near_percent: int
    smt_percent: int
    home_from: int
    mem: int
    far: int
    instr: int
    instr_shared: int
    warmup: int
    stop: int
    operations: int
    must_finish: bool
    max_local: int
    costs: Costs
    line_key: int
    stream_keys: tuple[int, ...]

    @property
    def contexts(self) -> int:
        """Contexts: those in which CPUs start, and the image's pool."""
        return self.program.cpus + self.program.contexts

    def for_boot(self) -> Plan:
        """The run of CPU 0 alone that gives memory its first values."""
        return dataclasses.replace(
            self, entry=self.program.image.boot, booting=True, cpus=1, core=self.core[:1],
            core_place=self.core_place[:1], warmup=0, stop=BOOT_TICKS, operations=0,
            must_finish=True,
        )  # fmt: skip


def make_plan(
    program: Program,
    machine: Machine,
    cpus: npt.NDArray[np.integer] | Sequence[int],
    seed: int,
    limits: Limits,
    instr_cycles: float,
) -> Plan:
    """Check a request and translate it.

    Raises:
        MachineError: the CPUs, costs, limits or the image cannot be met.
    """
    verify_image(program.image)
    cpu = _check_cpus(program, machine, cpus)
    instr = _instr_ticks(instr_cycles)
    costs = machine.costs
    for field in dataclasses.fields(costs):
        least = 1 if field.name in {"hit", "occ_w", "tlb_entries", "tlb_ways"} else 0
        if getattr(costs, field.name) < least:
            raise MachineError(f"topology.costs.{field.name} must be at least {least}")
    if costs.tlb_entries % costs.tlb_ways:
        raise MachineError(
            f"topology.costs.tlb_ways = {costs.tlb_ways} must divide"
            f" topology.costs.tlb_entries = {costs.tlb_entries}"
        )
    lines = program.memory_words // LINE_WORDS
    if len(program.home_of_line) != lines or program.home_of_line.max(initial=0) >= machine.nodes:
        raise MachineError(
            f"the program is laid out for another machine: {machine.name} has {machine.nodes} nodes"
        )
    core, core_place, distance, place_of_node = _places(machine, cpu)
    warmup, stop = _window(limits)
    return Plan(
        program=program,
        entry=program.image.entry,
        booting=False,
        cpus=len(cpu),
        core=core,
        core_place=core_place,
        distance=distance,
        home_place=place_of_node[program.home_of_line].astype(np.int32),
        hit=costs.hit * TICKS_PER_CYCLE,
        rmw=costs.rmw * TICKS_PER_CYCLE,
        occ_r=costs.occ_r * TICKS_PER_CYCLE,
        occ_w_percent=costs.occ_w,
        near_percent=costs.near,
        smt_percent=costs.smt,
        home_from=costs.home_from * TICKS_PER_CYCLE or 2**31 - 1,
        mem=costs.mem * TICKS_PER_CYCLE,
        far=costs.far * TICKS_PER_CYCLE,
        instr=instr,
        instr_shared=(instr * costs.smt + 50) // 100,
        warmup=warmup,
        stop=stop,
        operations=limits.operations or 0,
        must_finish=limits.run_cycles is None,
        max_local=limits.max_local_instructions,
        costs=costs,
        line_key=key_of(seed, "line arbitration"),
        stream_keys=tuple(key_of(seed, f"stream {name}") for name in program.image.streams),
    )


def _check_cpus(
    program: Program, machine: Machine, cpus: npt.NDArray[np.integer] | Sequence[int]
) -> Ints:
    cpu = np.asarray(cpus, np.int64)
    if cpu.ndim != 1 or len(cpu) != program.cpus:
        raise MachineError(f"the program has {program.cpus} CPUs, but {cpu.size} were assigned")
    if not 1 <= len(cpu) <= MAX_CPUS:
        raise MachineError(f"a run takes 1 to {MAX_CPUS} CPUs, not {len(cpu)}")
    if cpu.min() < 0 or cpu.max() >= machine.cpus:
        raise MachineError(f"{machine.name} has the CPUs 0 to {machine.cpus - 1}, not {cpu.max()}")
    if len(np.unique(cpu)) != len(cpu):
        raise MachineError("two logical CPUs were assigned to the same CPU of the machine")
    return cpu


def _instr_ticks(instr_cycles: float) -> int:
    ticks = Fraction(str(instr_cycles)) * TICKS_PER_CYCLE
    if ticks.denominator != 1 or ticks <= 0 or ticks > 10**6:
        raise MachineError(
            f"instr_cycles = {instr_cycles}: must be a positive multiple of {1 / TICKS_PER_CYCLE}"
        )
    return int(ticks)


def _window(limits: Limits) -> tuple[int, int]:
    for name in ("warmup_cycles", "run_cycles", "operations"):
        value = getattr(limits, name)
        if value is not None and value < (name != "warmup_cycles"):
            raise MachineError(f"{name} = {value} is too small")
    warmup = limits.warmup_cycles
    end = limits.max_cycles if limits.run_cycles is None else warmup + limits.run_cycles
    if limits.run_cycles is None and end <= warmup:
        raise MachineError(f"max_cycles = {end} leaves no time after {warmup} cycles of warm-up")
    return warmup * TICKS_PER_CYCLE, end * TICKS_PER_CYCLE


def _places(machine: Machine, cpu: Ints) -> tuple[Ints, Ints, npt.NDArray[np.int32], Ints]:
    """Number cores by first use, and keep only the places that CPUs or nodes are at."""
    _, first, inverse = np.unique(machine.core[cpu], return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    core = rank[inverse]
    used = np.unique(np.concatenate([machine.place[cpu], machine.place_of_node]))
    core_place = np.empty(len(first), np.int64)
    core_place[core] = np.searchsorted(used, machine.place[cpu])
    table = machine.distance_cycles[np.ix_(used, used)].astype(np.int64) * TICKS_PER_CYCLE
    if table.min() < 0 or table.max() >= 2**31:
        raise MachineError(f"{machine.name} has distances that are negative or beyond 10**8 cycles")
    place_of_node = np.searchsorted(used, machine.place_of_node).astype(np.int64)
    # A tick at least, so that no effect comes before its cause in the order of events.
    return core, core_place, np.ascontiguousarray(np.maximum(table, 1), np.int32), place_of_node
