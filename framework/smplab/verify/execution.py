"""What runs a program for the checker: the classes that its instructions ask for."""

from __future__ import annotations

from collections.abc import Sequence

from smplab.language.image import Program
from smplab.verify.automaton import Automaton
from smplab.verify.options import Options
from smplab.verify.stepper import Stepper
from smplab.verify.system import SystemAutomaton
from smplab.verify.system_stepper import SystemStepper
from smplab.verify.verdict import Action, Event


def stepper_of(program: Program, options: Options, direct: frozenset[int] = frozenset()) -> Stepper:
    """Boot a program on the reference's CPUs; arguments and errors are those of `Stepper`."""
    kind = SystemStepper if program.image.is_system else Stepper
    return kind(program, options, direct)


def automaton_of(program: Program, options: Options, start: Stepper) -> Automaton:
    """Return the automata of the CPUs, `start` being where they and memory begin."""
    kind = SystemAutomaton if program.image.is_system else Automaton
    return kind(program, options, start.memory, start.ghost)


def execute(program: Program, options: Options, actions: Sequence[Action],
            direct: frozenset[int] = frozenset()) -> tuple[Stepper, list[Event]]:  # fmt: skip
    """Execute a schedule from the start; return where it leads, and what happened."""
    stepper = stepper_of(program, options, direct)
    events: list[Event] = []
    for action in actions:
        events += stepper.do(action)
    return stepper, events
