"""Runs one case on engine and reference, and says where they differ."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from smplab.machine import simulate, simulate_reference
from smplab.machine.errors import SimulationError
from smplab.machine.result import Result
from tests.machine.generator import Case

Outcome = Result | tuple[str, str]


def outcome(function: Any, case: Case, **options: Any) -> Outcome:
    """Return the result of a case, or its error's class and text."""
    try:
        result: Result = function(
            case.program, case.machine, case.cpus, case.seed, case.limits, case.instr_cycles,
            **options,
        )  # fmt: skip
    except SimulationError as error:
        return type(error).__name__, str(error)
    return result


def difference(a: Outcome, b: Outcome) -> str:
    """Return what differs between two outcomes, "" if nothing does."""
    if isinstance(a, Result) and isinstance(b, Result):
        fields = [f.name for f in dataclasses.fields(Result)]
        return ", ".join(f for f in fields if not np.array_equal(getattr(a, f), getattr(b, f)))
    if isinstance(a, tuple) and isinstance(b, tuple):
        return "" if a == b else f"{a} | {b}"
    return f"{_name(a)} | {_name(b)}"


def _name(outcome: Outcome) -> str:
    return str(outcome) if isinstance(outcome, tuple) else "a result"


def disagreement(case: Case) -> str:
    """Return where engine and reference differ on a case."""
    return difference(outcome(simulate, case), outcome(simulate_reference, case))
