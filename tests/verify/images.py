"""Small images written by hand, and the sets of final states that the two sides find."""

from __future__ import annotations

import dataclasses
from collections import deque

import numpy as np

from smplab.language.image import LINE_WORDS, Image, Layout, MemoryObject, Program, Site
from smplab.language.isa import ROW_WORDS, Op
from smplab.verify import tables as t
from smplab.verify.execution import automaton_of, stepper_of
from smplab.verify.explorer import Explorer
from smplab.verify.options import Options
from smplab.verify.words import Area

Row = tuple[int, ...]
X, Y, Z = (LINE_WORDS * (1 + line) for line in range(3))
"""Addresses of words on lines of their own."""
REGISTERS = 16
LINES = 8


def program(*codes: list[Row]) -> Program:
    """A program in which CPU c runs codes[c], whose jumps are relative to its own first row.

    Register 15 is 0 and addresses words: `(Op.LOAD, r, 15, X)`.
    """
    rows: list[list[int]] = [[Op.CPUID, 14]]
    starts = len(codes) * 2 + 1
    for cpu, code in enumerate(codes):
        rows += [[Op.MOVI, 13, cpu], [Op.BEQ, 14, 13, starts]]
        starts += len(code)
    for code in codes:
        first = len(rows)
        for row in code:
            moved = list(row)
            if row[0] == Op.JMP:
                moved[1] += first
            elif row[0] in (Op.BEQ, Op.BNE, Op.BLT, Op.BLE):
                moved[3] += first
            rows.append(moved)
    table = np.array([row + [0] * (ROW_WORDS - len(row)) for row in rows], np.int64)
    image = Image(
        code=table, sites=(Site("hand", 1, "run"),) * len(rows), entry=0, boot=-1,
        parameters=("cpus", "&m"), constants={},
        objects=(
            MemoryObject("m", 1, (LINES * LINE_WORDS,)), MemoryObject("g", 1, (8,), ghost=True),
        ),
        messages=("a check",), regions=("operation",), counters=("n",), streams=("random",),
        registers=REGISTERS, call_depth=0,
    )  # fmt: skip
    return image.load({}, Layout(len(codes), 1, (0,) * len(codes)))


def same_program(cpus: int, code: list[Row]) -> Program:
    """A program in which all CPUs run the same code and cannot tell who they are."""
    both = program(code)
    image = dataclasses.replace(both.image, entry=3)
    return image.load({}, Layout(cpus, 1, (0,) * cpus))


def checker_finals(program: Program, options: Options) -> tuple[set[tuple[int, ...]], int]:
    """Memories in which every CPU has halted, as the compiled search finds them, and its reason."""
    stepper = stepper_of(program, options)
    automaton = automaton_of(program, options, stepper)
    explorer = Explorer(automaton, options, recording=False)
    explorer.run()
    cpus = automaton.cpus
    first = cpus * (1 + explorer.depth)
    found = set()
    for number in range(explorer.count):
        fields = explorer.packing.unpack(explorer.keys[number])
        kinds = [automaton.local.rows[fields[c] * cpus + c, t.KIND] for c in range(cpus)]
        if all(kind == t.HALTED for kind in kinds) and not any(fields[cpus:first]):
            memory = list(stepper.memory + stepper.ghost)
            for slot, value in enumerate(fields[first:]):
                area, address = automaton.words.key[slot]
                if area in (Area.MEMORY, Area.GHOST):
                    offset = len(stepper.memory) if area is Area.GHOST else 0
                    memory[offset + address] = automaton.words.value(slot, value)
            found.add(tuple(memory))
    return found, explorer.reason


def enumerated_finals(
    program: Program, options: Options
) -> tuple[set[tuple[int, ...]], bool, bool]:
    """The same by plain enumeration of the reference's CPUs; whether any deadlocks, or fails."""
    start = stepper_of(program, options)
    seen = {start.key()}
    queue = deque([start])
    finals = set()
    deadlock = failed = False
    while queue:
        here = queue.popleft()
        if any(cpu.stopped for cpu in here.cpus):
            failed = True
            continue
        actions = here.actions()
        if not actions:
            if here.asleep:
                deadlock = True
            else:
                finals.add(tuple(here.memory + here.ghost))
        for action in actions:
            there = here.clone()
            there.do(action)
            if there.key() not in seen:
                seen.add(there.key())
                queue.append(there)
    return finals, deadlock, failed
