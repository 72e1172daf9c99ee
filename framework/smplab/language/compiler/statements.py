"""Statements, loops and the ends of routines."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from smplab.language.compiler.calls import Calls
from smplab.language.compiler.ir import Block
from smplab.language.compiler.emitter import Writer
from smplab.language.compiler.refusals import refuse_statement
from smplab.language.compiler.source import Source
from smplab.language.compiler.unit import Unit
from smplab.language.compiler.values import (
    DIFFERENT_OBJECTS,
    ArrayValue,
    Env,
    PlaceValue,
    Reg,
    Static,
    Value,
    is_number,
    join_kinds,
    merge,
    same,
)
from smplab.language.fields import Kind, RefKind, Scalar, kind_of
from smplab.language.fields import evaluate as evaluate_annotation
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


class Statements(Calls):
    """The top layer: a whole routine."""

    def __init__(
        self, unit: Unit, writer: Writer, source: Source, called_from: tuple[str, ...]
    ) -> None:
        super().__init__(unit, writer, source, called_from)
        self.loops: list[Loop] = []
        self.variables: dict[str, int] = {}
        self.end = Join(self.function.new_block())
        self.results: list[tuple[ast.AST, Value | None]] = []
        self.result = -1

    def body(self) -> Value | None:
        """Compile the routine; its value, or None if it gives none."""
        tree = self.source.tree
        self.statements(tree.body)
        if self.alive:
            if self.source.single_return:
                return self.results[0][1] if self.results else None
            self.results.append((tree, None))
            self.jump(tree.body[-1], self.end.block)
        if not self.start(self.end.block):
            self.writer.block = self.function.new_block()  # never returns: what follows is dropped
            return Static(0) if self.source.returns is not None else None
        return self._joined_result()

    def _joined_result(self) -> Value | None:
        values = [value for _, value in self.results]
        given = [value for value in values if value is not None]
        if not given:
            return None
        if len(given) < len(values):
            name = self.source.tree.name
            node = next(node for node, value in self.results if value is None)
            self.fail(node, f"`{name}` returns a value on some ways and none on others",
                      "a return with a value at every end")  # fmt: skip
        first = given[0]
        if all(same(first, other) for other in given) and isinstance(first, Static):
            return first
        if not all(isinstance(value, Reg) or is_number(getattr(value, "object", None)) for value in given):
            self.fail(self.source.tree, f"`{self.source.tree.name}` returns different compile-time objects",
                      "conditions that are known when the image is built")  # fmt: skip
        kinds = [self.kind(value) for value in given]
        kind = kinds[0]
        for other in kinds[1:]:
            kind = join_kinds(kind, other)
        return Reg(self.result, kind)

    def statements(self, body: list[ast.stmt]) -> None:
        """Compile statements until one of them does not go on."""
        for statement in body:
            if not self.alive:
                return
            self.statement(statement)
            block = self.writer.block
            if block is not None and not block.reached:
                self.writer.block = None

    def statement(self, node: ast.stmt) -> None:
        """Compile one statement."""
        match node:
            case ast.Expr():
                self._expression_statement(node.value)
            case ast.Assign():
                self._assign_statement(node)
            case ast.AnnAssign():
                self._annotated(node)
            case ast.AugAssign():
                self._augmented(node)
            case ast.If():
                self._if(node)
            case ast.While():
                self._while(node)
            case ast.For():
                self._for(node)
            case ast.Break() | ast.Continue():
                loop = self.loops[-1]
                self._leave(node, loop.end if isinstance(node, ast.Break) else loop.again)
            case ast.Return():
                self._return(node)
            case ast.Assert():
                self._assert(node)
            case ast.Pass():
                pass
            case _:
                refuse_statement(self, node)

    def _expression_statement(self, node: ast.expr) -> None:
        if isinstance(node, ast.Constant) and (isinstance(node.value, str) or node.value is ...):
            return  # a docstring or `...`
        if isinstance(node, ast.Call):
            self.call(node)
        else:
            self.value(node)

    # --- assignment -----------------------------------------------------------------------------

    def assign(self, node: ast.AST, name: str, value: Value) -> None:
        """Give a local variable a value."""
        if isinstance(value, Static):
            if not is_number(value.object) or self.source.assigned[name] < 2:
                self.env[name] = value
                return
        elif isinstance(value, ArrayValue):
            copy = self.function.new_register()
            self.move(node, copy, value.register)
            self.env[name] = ArrayValue(copy, value.offset, value.kind, value.ghost)
            return
        variable = self.variables.get(name)
        if variable is None:
            variable = self.variables[name] = self.function.new_register()
        self.move(node, variable, self.register(node, value))
        kind, old = self.kind(value), self.env.get(name)
        if kind is Scalar.NULL and isinstance(old, Reg) and isinstance(old.kind, RefKind):
            kind = old.kind  # NULL does not make it forget what it refers to
        self.env[name] = Reg(variable, kind)

    def _assign_statement(self, node: ast.Assign) -> None:
        targets = node.targets
        if len(targets) == 1 and isinstance(targets[0], ast.Tuple | ast.List):
            self._assign_tuple(targets[0], node.value)
            return
        value = self.value(node.value)
        if len(targets) > 1 and isinstance(value, Reg):
            value = self._copy(node, value)
        for target in targets:
            self._store_to(target, value)

    def _copy(self, node: ast.AST, value: Value) -> Value:
        """A value that later assignments cannot change."""
        if not isinstance(value, Reg):
            return value
        copy = self.function.new_register()
        self.move(node, copy, self.register(node, value))
        return Reg(copy, value.kind)

    def _assign_tuple(self, target: ast.Tuple | ast.List, source: ast.expr) -> None:
        if isinstance(source, ast.Tuple | ast.List) and len(source.elts) == len(target.elts):
            values = [self._copy(item, self.value(item)) for item in source.elts]
        else:
            value = self.value(source)
            items = value.object if isinstance(value, Static) else None
            if not isinstance(items, tuple | list) or len(items) != len(target.elts):
                self.fail(source, f"{len(target.elts)} values are needed here", "one expression for each variable")
            values = [self.wrap(source, item) for item in items]
        for one, value in zip(target.elts, values, strict=True):
            self._store_to(one, value)

    def _store_to(self, target: ast.expr, value: Value) -> None:
        match target:
            case ast.Name():
                self.assign(target, target.id, value)
            case ast.Attribute() | ast.Subscript():
                self._refuse_object(target)
                place = self.place(target)
                self.check_kind(target, self.kind(value), place.kind)
                self.store(target, place, self.register(target, value))
            case _:
                self.fail(target, "only variables, fields and elements can be assigned", "one of these")

    def _refuse_object(self, target: ast.Attribute | ast.Subscript) -> None:
        base = self.value(target.value) if isinstance(target.value, ast.Name) else None
        if isinstance(base, Static):
            what = target.attr if isinstance(target, ast.Attribute) else "element"
            self.fail(target, f"`{what}` of a compile-time object cannot change when the image runs",
                      "a field of a Struct placed in layout(), or a local variable")  # fmt: skip

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is None or not isinstance(node.target, ast.Name):
            self.fail(node, "a declaration gives a local variable its first value", "`name: Type = value`")
        try:
            names = self.source.names
            globals_ = self.source.function.__globals__
            hint = evaluate_annotation(ast.unparse(node.annotation), names, globals_)
            kind = kind_of(hint, names, globals_)
        except Exception:
            kind = None  # only type checkers know it
        self.assign(node, node.target.id, self.declared(node.value, self.value(node.value), kind))

    def _augmented(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            old: Any = self.name(ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target))
            if isinstance(old, PlaceValue):
                self.fail(node, f"`{node.target.id}` is a place", "cpu.store(place, value)")
            new = self._binary(node, node.op, old, self.value(node.value))
            self.assign(node, node.target.id, new)
            return
        assert isinstance(node.target, ast.Attribute | ast.Subscript)
        self._refuse_object(node.target)
        place = self.place(node.target)
        loaded = self.load(node, place)
        result = self._binary(node, node.op, loaded, self.value(node.value))
        self.store(node, place, self.register(node, result))

    # --- control flow -----------------------------------------------------------------------------

    def _leave(self, node: ast.AST, join: Join) -> None:
        join.envs.append(self.env)
        self.jump(node, join.block)

    def _enter(self, join: Join) -> bool:
        if not self.start(join.block):
            return False
        self.env = merge(join.envs) if len(join.envs) > 1 else dict(join.envs[0])
        return True

    def _if(self, node: ast.If) -> None:
        yes, no = self.function.new_block(), self.function.new_block()
        end = Join(self.function.new_block())
        self.condition(node.test, yes, no)
        before = self.env
        for block, body in ((yes, node.body), (no, node.orelse)):
            if self.start(block):
                self.env = dict(before)
                self.statements(body)
                if self.alive:
                    self._leave(node, end)
        self._enter(end)

    def _while(self, node: ast.While) -> None:
        if node.orelse:
            self.fail(node.orelse[0], "`else` of a loop is not in the language", "a flag, or a return in the loop")
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
                self._leave(node, again)
            if self._enter(again):
                self._check_turn(node, head)
                exit_ = new()
                self.condition(node.test, body, exit_)
                if self.start(exit_):
                    self._leave(node, end)
        self._enter(end)

    def _head(self, entry: Env) -> Env:
        self.env = dict(entry)
        return entry

    def _check_turn(self, node: ast.AST, head: Env) -> None:
        """What is known at a loop's first turn must hold at every further one."""
        for name, first in head.items():
            later = self.env.get(name)
            if isinstance(first, Reg) and isinstance(later, Reg) and first.register == later.register:
                changed = isinstance(first.kind, RefKind) and join_kinds(first.kind, later.kind) != first.kind
                if changed:
                    self.fail(node, f"`{name}` is a {first.kind} at the first turn of the loop and"
                              " something else later", "a variable for each")  # fmt: skip
            elif isinstance(first, Static | ArrayValue | Reg) and not same(first, later):
                self.fail(node, f"`{name}` {DIFFERENT_OBJECTS.problem}", DIFFERENT_OBJECTS.instead)

    def _for(self, node: ast.For) -> None:
        if node.orelse:
            self.fail(node.orelse[0], "`else` of a loop is not in the language", "a flag, or a return in the loop")
        call = node.iter
        is_range = (
            isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range"
            and "range" not in self.env
        )  # fmt: skip
        if is_range:
            assert isinstance(call, ast.Call)
            self._for_range(node, call)
            return
        items = self.value(node.iter)
        if not isinstance(items, Static):
            self.fail(node.iter, "a loop goes over range() or over a tuple or list that is known when"
                      " the image is built", "for i in range(n): ... table[i]")  # fmt: skip
        try:
            elements = list(items.object)
        except TypeError:
            self.fail(node.iter, f"{type(items.object).__name__} cannot be looped over", "range(), a tuple or a list")
        if len(elements) > UNROLL_LIMIT:
            self.fail(node.iter, f"{len(elements)} turns would be unrolled, {UNROLL_LIMIT} at most",
                      "an Array in memory and range()")  # fmt: skip
        self._unroll(node, elements)

    def _unroll(self, node: ast.For, elements: list[Any]) -> None:
        end = Join(self.function.new_block())
        for element in elements:
            again = Join(self.function.new_block())
            self.loops.append(Loop(again, end))
            if isinstance(node.target, ast.Tuple):
                if not isinstance(element, tuple | list) or len(element) != len(node.target.elts):
                    self.fail(node.target, f"{element!r} does not fit these variables", "one variable for each element")
                for target, item in zip(node.target.elts, element, strict=True):
                    self._store_to(target, self.wrap(node.iter, item))
            else:
                self._store_to(node.target, self.wrap(node.iter, element))
            self.statements(node.body)
            self.loops.pop()
            if self.alive:
                self._leave(node, again)
            if not self._enter(again):
                break
        if self.alive:
            self._leave(node, end)
        self._enter(end)

    def _for_range(self, node: ast.For, call: ast.Call) -> None:
        if not isinstance(node.target, ast.Name) or call.keywords or not 1 <= len(call.args) <= 3:
            self.fail(node, "this is no loop over range()", "for i in range([start,] stop[, step])")
        values = [self.value(argument) for argument in call.args]
        step = values[2] if len(values) == 3 else Static(1)
        if not isinstance(step, Static) or not is_number(step.object) or step.object == 0:
            self.fail(call.args[2], "the step must be a number other than 0 that is known when the image is built",
                      "a constant step")  # fmt: skip
        start = values[0] if len(values) > 1 else Static(0)
        stop = values[1] if len(values) > 1 else values[0]
        first = self.register(call, start)
        limit = self.register(call, self._copy(call, stop))
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
                self._leave(node, again)
            if self._enter(again):
                self._check_turn(node, {k: v for k, v in head.items() if k != name})
                next_ = self.compute(node, Op.ADDI, (counter,), (int(step.object),))
                self.move(node, counter, next_)
                exit_ = new()
                self.branch(node, Op.BLT, counter if up else limit, limit if up else counter, turn, exit_)
                if self.start(exit_):
                    self._leave(node, end)
        self._enter(end)

    def _return(self, node: ast.Return) -> None:
        value = None if node.value is None else self.value(node.value)
        if isinstance(node.value, ast.Constant) and node.value.value is None:
            value = None
        if value is not None:
            if isinstance(value, ArrayValue):
                self.fail(node, "an array cannot be returned", "an element, or the index")
            value = self.declared(node, value, self.source.returns)
        self.results.append((node, value))
        if self.source.single_return:
            return  # the last statement: the value stands as it is
        if isinstance(value, Reg) or (isinstance(value, Static) and is_number(value.object)):
            if self.result < 0:
                self.result = self.function.new_register()
            self.move(node, self.result, self.register(node, value))
        self.jump(node, self.end.block)

    def _assert(self, node: ast.Assert) -> None:
        text = ast.unparse(node.test)
        if isinstance(node.msg, ast.Constant) and isinstance(node.msg.value, str):
            text = node.msg.value
        elif node.msg is not None:
            self.fail(node.msg, "the message of an assert is a plain string", 'assert condition, "what is wrong"')
        self.check(node.test, f"{PurePath(self.source.file).name}:{node.lineno}: {text}")


def word_kind(value: Any) -> Kind:
    """The kind of a plain number."""
    return Scalar.BOOL if isinstance(value, bool) else Scalar.INT
