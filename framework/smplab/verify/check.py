"""The checker's front door: explore a program, say what was found."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from smplab.language.image import Program
from smplab.language.verifier import verify_image
from smplab.machine.reference_cpu import Stopped
from smplab.verify import findings, progress
from smplab.verify import search as s
from smplab.verify import transitions as step
from smplab.verify.errors import VerifyError
from smplab.verify.execution import automaton_of, stepper_of
from smplab.verify.explorer import Explorer
from smplab.verify.options import Options, Progress
from smplab.verify.trace import path_to, trace_along
from smplab.verify.verdict import Status, Verdict


def check(program: Program, options: Options | None = None) -> Verdict:
    """Explore all interleavings of a program and say whether any violates a property.

    The properties: no `cpu.check` fails, no access leaves memory, no arithmetic fault, no CPU
    computes for ever, there is no deadlock (a state in which nothing can happen although a CPU has
    not halted), and progress as `options` asks.

    Raises:
        BrokenImage: the image's code is not executable.
        VerifyError: the routines `boot` fail.
    """
    options = options or Options()
    verify_image(program.image)
    try:
        stepper = stepper_of(program, options)
    except Stopped as stopped:
        raise VerifyError(f"boot fails: {findings.describe(program, stopped)}") from None
    automaton = automaton_of(program, options, stepper)
    begun = time.perf_counter()
    explorer = Explorer(automaton, options, options.progress is not Progress.NONE)
    explorer.run()
    explorer.bounds += automaton.bounds
    found = _found(explorer)
    return _verdict(explorer, found, time.perf_counter() - begun)


def _found(explorer: Explorer) -> dict[str, Any]:
    """What the search, and then the graph, shows: fields of a Verdict."""
    if explorer.reason == step.FAULTED:
        trace, end = trace_along(explorer, path_to(explorer, int(explorer.meta[s.A])))
        kind, text = findings.fault(end)
        return {"kind": kind, "violation": text, "trace": trace}
    if explorer.reason == step.DEADLOCK:
        trace, end = trace_along(explorer, path_to(explorer, int(explorer.meta[s.A])))
        return {"kind": "deadlock", "violation": findings.deadlock(end), "trace": trace}
    if explorer.recording and explorer.reason == step.DONE:
        return progress.judge(explorer)
    return {}


def _verdict(explorer: Explorer, found: dict[str, Any], wall_s: float) -> Verdict:
    options = explorer.options
    status = Status.VIOLATED if found.get("kind") else Status.HOLDS
    if status is Status.HOLDS and explorer.bounds:
        status = Status.BOUNDED
    notes = list(found.pop("notes", ()))
    if explorer.bounds and explorer.recording:
        notes.append("progress was not judged: it needs every state")
    if explorer.automaton.drew_few:
        notes.append(f"random bounds beyond {options.random_values} were tried at both ends only")
    meta = explorer.meta.tolist()
    done = explorer.reason == step.DONE
    return Verdict(
        status=status, options=options, states=explorer.count, transitions=meta[s.TRANSITIONS],
        depth=meta[s.DEPTH], complete_depth=meta[s.DEPTH] if done else max(meta[s.DEPTH] - 1, 0),
        wall_s=wall_s, memory_bytes=explorer.used_bytes, state_bits=explorer.packing.bits,
        bounds=tuple(explorer.bounds), notes=tuple(notes),
        omission_probability=_omission(explorer), **found,
    )  # fmt: skip


def _omission(explorer: Explorer) -> float:
    """Chance that any two states had the same fingerprint: n states give n(n-1)/2 pairs, each equal
    with probability 2^-64 (U. Stern and D. L. Dill, "Improved Probabilistic Verification by Hash
    Compaction", CHARME 1995). States of one word are hashed without collisions.
    """
    if explorer.exact or explorer.packing.words == 1:
        return 0.0
    n = float(explorer.count)
    return float(-np.expm1(-n * (n - 1) / 2.0**65))
