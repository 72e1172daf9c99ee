"""Loops: repeated and unrolled ones, and the points where ways meet."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from smplab.language.compiler.calls import Calls
from smplab.language.compiler.emitter import Writer
from smplab.language.compiler.ir import Block
from smplab.language.compiler.source import Source
from smplab.language.compiler.unit import Unit
from smplab.language.compiler.values import (
    DIFFERENT_OBJECTS,
    ArrayValue,
    Env,
    Reg,
    Static,
    Value,
    is_number,
    join_kinds,
    merge,
    same,
)
from smplab.language.fields import RefKind, Scalar
from smplab.language.isa import Op

UNROLL_LIMIT = 64


@dataclass
class Join:
    """A point where several ways meet: its block and what the names mean on each way."""

    block: Block
    envs: list[Env] = field(default_factory=list)


@dataclass
class Loop:
    """Where `continue` and `break` go."""

    again: Join
    end: Join


class Loops(Calls):
    """Compiling loops."""

    def __init__(
        self, unit: Unit, writer: Writer, source: Source, called_from: tuple[str, ...]
    ) -> None:
        super().__init__(unit, writer, source, called_from)
        self.loops: list[Loop] = []
        self.variables: dict[str, int] = {}

    def statements(self, body: list[ast.stmt]) -> None:
        """Compile statements; the layer of statements defines it."""
        raise NotImplementedError

    def store_to(self, target: ast.expr, value: Value) -> None:
        """Assign to a target; the layer of statements defines it."""
        raise NotImplementedError

    def copy(self, node: ast.AST, value: Value) -> Value:
        """A value that later assignments cannot change."""
        if not isinstance(value, Reg):
            return value
        copy = self.function.new_register()
        self.move(node, copy, self.register(node, value))
        return Reg(copy, value.kind)

    def leave(self, node: ast.AST, join: Join) -> None:
        """Jump to where ways meet, with what the names mean here."""
        join.envs.append(self.env)
        self.jump(node, join.block)

    def enter(self, join: Join) -> bool:
        """Go on where ways meet; False if none leads there."""
        if not self.start(join.block):
            return False
        self.env = merge(join.envs) if len(join.envs) > 1 else dict(join.envs[0])
        return True

    def while_(self, node: ast.While) -> None:
        """A while loop."""
        if node.orelse:
            self.fail(
                node.orelse[0],
                "`else` of a loop is not in the language",
                "a flag, or a return in the loop",
            )
        new = self.function.new_block
        # The condition stands once before the loop and once at its end, which saves a jump a turn.
        body, end, again = new(), Join(new()), Join(new())
        no = new()
        self.condition(node.test, body, no)
        entry = self.env
        if no.reached:
            self.start(no)
            end.envs.append(dict(entry))
            self.jump(node, end.block)
        if self.start(body):
            head = self._head(entry)
            self.loops.append(Loop(again, end))
            self.statements(node.body)
            self.loops.pop()
            if self.alive:
                self.leave(node, again)
            if self.enter(again):
                self._check_turn(node, head)
                exit_ = new()
                self.condition(node.test, body, exit_)
                if self.start(exit_):
                    self.leave(node, end)
        self.enter(end)

    def _head(self, entry: Env) -> Env:
        self.env = dict(entry)
        return entry

    def _check_turn(self, node: ast.AST, head: Env) -> None:
        """What is known at a loop's first turn must hold at every further one."""
        for name, first in head.items():
            later = self.env.get(name)
            if (
                isinstance(first, Reg)
                and isinstance(later, Reg)
                and first.register == later.register
            ):
                changed = (
                    isinstance(first.kind, RefKind)
                    and join_kinds(first.kind, later.kind) != first.kind
                )
                if changed:
                    self.fail(
                        node,
                        f"`{name}` is a {first.kind} at the first turn of the loop and"
                        " something else later",
                        "a variable for each",
                    )
            elif isinstance(first, Static | ArrayValue | Reg) and not same(first, later):
                self.fail(node, f"`{name}` {DIFFERENT_OBJECTS.problem}", DIFFERENT_OBJECTS.instead)

    def for_(self, node: ast.For) -> None:
        """A loop over range(), or unrolled over a compile-time sequence."""
        if node.orelse:
            self.fail(
                node.orelse[0],
                "`else` of a loop is not in the language",
                "a flag, or a return in the loop",
            )
        call = node.iter
        is_range = (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "range"
            and "range" not in self.env
        )
        if is_range:
            assert isinstance(call, ast.Call)
            self._for_range(node, call)
            return
        items = self.value(node.iter)
        if not isinstance(items, Static):
            self.fail(
                node.iter,
                "a loop goes over range() or over a tuple or list that is known when"
                " the image is built",
                "for i in range(n): ... table[i]",
            )
        try:
            elements = list(items.object)
        except TypeError:
            self.fail(
                node.iter,
                f"{type(items.object).__name__} cannot be looped over",
                "range(), a tuple or a list",
            )
        if len(elements) > UNROLL_LIMIT:
            self.fail(
                node.iter,
                f"{len(elements)} turns would be unrolled, {UNROLL_LIMIT} at most",
                "an Array in memory and range()",
            )
        self._unroll(node, elements)

    def _unroll(self, node: ast.For, elements: list[Any]) -> None:
        end = Join(self.function.new_block())
        for element in elements:
            again = Join(self.function.new_block())
            self.loops.append(Loop(again, end))
            if isinstance(node.target, ast.Tuple):
                if not isinstance(element, tuple | list) or len(element) != len(node.target.elts):
                    self.fail(
                        node.target,
                        f"{element!r} does not fit these variables",
                        "one variable for each element",
                    )
                for target, item in zip(node.target.elts, element, strict=True):
                    self.store_to(target, self.wrap(item))
            else:
                self.store_to(node.target, self.wrap(element))
            self.statements(node.body)
            self.loops.pop()
            if self.alive:
                self.leave(node, again)
            if not self.enter(again):
                break
        if self.alive:
            self.leave(node, end)
        self.enter(end)

    def _for_range(self, node: ast.For, call: ast.Call) -> None:
        if not isinstance(node.target, ast.Name) or call.keywords or not 1 <= len(call.args) <= 3:
            self.fail(node, "this is no loop over range()", "for i in range([start,] stop[, step])")
        values = [self.value(argument) for argument in call.args]
        step = values[2] if len(values) == 3 else Static(1)
        if not isinstance(step, Static) or not is_number(step.object) or step.object == 0:
            self.fail(
                call.args[2],
                "the step must be a number other than 0 that is known when the image is built",
                "a constant step",
            )
        start = values[0] if len(values) > 1 else Static(0)
        stop = values[1] if len(values) > 1 else values[0]
        first = self.register(call, start)
        limit = self.register(call, self.copy(call, stop))
        new = self.function.new_block
        body, no, end, again = new(), new(), Join(new()), Join(new())
        up = step.object > 0
        self.branch(node, Op.BLT, first if up else limit, limit if up else first, body, no)
        entry = self.env
        if no.reached:
            self.start(no)
            end.envs.append(dict(entry))
            self.jump(node, end.block)
        if self.start(body):
            # `body` only prepares the counter; the loop begins after it.
            counter = self.function.new_register()
            self.move(node, counter, first)
            turn = new()
            self.jump(node, turn)
            self.start(turn)
            head = self._head(entry)
            name = node.target.id
            variable = self.variables.get(name)
            if variable is None:
                variable = self.variables[name] = self.function.new_register()
            self.move(node, variable, counter)
            self.env[name] = Reg(variable, Scalar.INT)
            self.loops.append(Loop(again, end))
            self.statements(node.body)
            self.loops.pop()
            if self.alive:
                self.leave(node, again)
            if self.enter(again):
                self._check_turn(node, {k: v for k, v in head.items() if k != name})
                next_ = self.compute(node, Op.ADDI, (counter,), (int(step.object),))
                self.move(node, counter, next_)
                exit_ = new()
                self.branch(
                    node, Op.BLT, counter if up else limit, limit if up else counter, turn, exit_
                )
                if self.start(exit_):
                    self.leave(node, end)
        self.enter(end)
