"""The tables that all routines of an image share: texts by number, parameters, called routines."""

from __future__ import annotations

from typing import Any

from smplab.language.compiler.ir import Function

OPERATION = "operation"


class Table:
    """Names, numbered in the order of their first use."""

    def __init__(self, *names: str) -> None:
        self._numbers = {name: number for number, name in enumerate(names)}

    def number(self, name: str) -> int:
        """The name's number; a new one for a new name."""
        return self._numbers.setdefault(name, len(self._numbers))

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in order."""
        return tuple(self._numbers)


class Unit:
    """One image in the making.

    Attributes:
        parameters: names of the parameter block, all known before compilation starts.
        inline_budget: instructions that one inlined call may grow to, with all inlined in it.
        vectors: numbers of the interrupt vectors that have a handler.
        migrates: the image has contexts, which other CPUs may resume: `cpu.id` is no constant.
        started: routines that contexts start in, by object and routine.
        called: routines that are really called, by routine and compile-time arguments.
        too_big: those of them that were tried inline and found too big.
        kept: compile-time arguments that `called` names by identity, which must not be reused.
        inlining: code objects of the routines being compiled, outermost first, against recursion.
    """

    def __init__(
        self, parameters: tuple[str, ...], inline_budget: int, vectors: tuple[str, ...] = (),
        *, migrates: bool = False,
    ) -> None:  # fmt: skip
        self.inline_budget = inline_budget
        self.parameters = {name: number for number, name in enumerate(parameters)}
        self.messages = Table()
        self.regions = Table(OPERATION)
        self.counters = Table()
        self.streams = Table()
        self.points = Table()
        self.vectors = {name: number for number, name in enumerate(vectors)}
        self.migrates = migrates
        self.started: dict[Any, Function] = {}
        self.called: dict[Any, Function] = {}
        self.too_big: set[Any] = set()
        self.inlining: list[Any] = []
        self.kept: list[Any] = []
