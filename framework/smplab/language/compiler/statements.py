"""Statements, loops and the ends of routines."""

from __future__ import annotations

import ast
from pathlib import PurePath
from typing import Any

from smplab.language.compiler.emitter import Writer
from smplab.language.compiler.loops import Join, Loops
from smplab.language.compiler.refusals import refused_statement
from smplab.language.compiler.source import Source
from smplab.language.compiler.unit import Unit
from smplab.language.compiler.values import (
    ArrayValue,
    PlaceValue,
    Reg,
    Static,
    Value,
    is_number,
    join_kinds,
    same,
)
from smplab.language.fields import RefKind, Scalar, kind_of
from smplab.language.fields import evaluate as evaluate_annotation


class Statements(Loops):
    """The top layer: a whole routine."""

    def __init__(
        self, unit: Unit, writer: Writer, source: Source, called_from: tuple[str, ...]
    ) -> None:
        super().__init__(unit, writer, source, called_from)
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
            self.fail(
                node,
                f"`{name}` returns a value on some ways and none on others",
                "a return with a value at every end",
            )
        first = given[0]
        if all(same(first, other) for other in given) and isinstance(first, Static):
            return first
        if not all(
            isinstance(value, Reg) or is_number(getattr(value, "object", None)) for value in given
        ):
            self.fail(
                self.source.tree,
                f"`{self.source.tree.name}` returns different compile-time objects",
                "conditions that are known when the image is built",
            )
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
                self.while_(node)
            case ast.For():
                self.for_(node)
            case ast.Break() | ast.Continue():
                loop = self.loops[-1]
                self.leave(node, loop.end if isinstance(node, ast.Break) else loop.again)
            case ast.Return():
                self._return(node)
            case ast.Assert():
                self._assert(node)
            case ast.Pass():
                pass
            case _:
                raise refused_statement(self, node)

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
            value = self.copy(node, value)
        for target in targets:
            self.store_to(target, value)

    def _assign_tuple(self, target: ast.Tuple | ast.List, source: ast.expr) -> None:
        if isinstance(source, ast.Tuple | ast.List) and len(source.elts) == len(target.elts):
            values = [self.copy(item, self.value(item)) for item in source.elts]
        else:
            value = self.value(source)
            items = value.object if isinstance(value, Static) else None
            if not isinstance(items, tuple | list) or len(items) != len(target.elts):
                self.fail(
                    source,
                    f"{len(target.elts)} values are needed here",
                    "one expression for each variable",
                )
            values = [self.wrap(item) for item in items]
        for one, value in zip(target.elts, values, strict=True):
            self.store_to(one, value)

    def store_to(self, target: ast.expr, value: Value) -> None:
        """Assign to a variable, field or element."""
        match target:
            case ast.Name():
                self.assign(target, target.id, value)
            case ast.Attribute() | ast.Subscript():
                place = self._target_place(target)
                self.check_kind(target, self.kind(value), place.kind)
                self.store(target, place, self.register(target, value))
            case _:
                self.fail(
                    target, "only variables, fields and elements can be assigned", "one of these"
                )

    def _target_place(self, target: ast.Attribute | ast.Subscript) -> PlaceValue:
        located = self.locate(target)
        if isinstance(located, PlaceValue):
            return located
        name = f"`{target.attr}`" if isinstance(target, ast.Attribute) else "this element"
        if isinstance(located, Reg) and isinstance(located.kind, RefKind):
            raise self.error(target, f"{name} is a whole Struct", "an assignment to each field")
        raise self.error(
            target,
            f"{name} of a compile-time object cannot change when the image runs",
            "a field of a Struct placed in layout(), or a local variable",
        )

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is None or not isinstance(node.target, ast.Name):
            self.fail(
                node, "a declaration gives a local variable its first value", "`name: Type = value`"
            )
        try:
            names = self.source.names
            globals_ = self.source.function.__globals__
            hint = evaluate_annotation(ast.unparse(node.annotation), names, globals_)
            kind = kind_of(hint, names, globals_)
        except Exception:  # noqa: BLE001  only type checkers know it
            kind = None
        self.assign(node, node.target.id, self.declared(node.value, self.value(node.value), kind))

    def _augmented(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            old: Any = self.name(
                ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
            )
            if isinstance(old, PlaceValue):
                self.fail(node, f"`{node.target.id}` is a place", "cpu.store(place, value)")
            new = self._binary(node, node.op, old, self.value(node.value))
            self.assign(node, node.target.id, new)
            return
        assert isinstance(node.target, ast.Attribute | ast.Subscript)
        place = self._target_place(node.target)
        loaded = self.load(node, place)
        result = self._binary(node, node.op, loaded, self.value(node.value))
        self.store(node, place, self.register(node, result))

    # --- control flow -----------------------------------------------------------------------------

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
                    self.leave(node, end)
        self.enter(end)

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
            self.fail(
                node.msg,
                "the message of an assert is a plain string",
                'assert condition, "what is wrong"',
            )
        self.check(node.test, f"{PurePath(self.source.file).name}:{node.lineno}: {text}")
