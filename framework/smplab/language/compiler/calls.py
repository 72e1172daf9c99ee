"""Calls: routines inlined or really called, and Python functions of compile-time values."""

from __future__ import annotations

import ast
from typing import Any

from smplab.language.compiler.bodies import (
    Argument,
    compile_body,
    compile_function,
    dynamic_part,
    static_part,
)
from smplab.language.compiler.emitter import TooBig
from smplab.language.compiler.intrinsics import Intrinsics
from smplab.language.compiler.ir import Function
from smplab.language.compiler.source import NO_DEFAULT, Source, source_of
from smplab.language.compiler.values import (
    CPU,
    Reg,
    Static,
    Value,
    is_number,
    struct_fits,
)
from smplab.language.errors import LanguageError
from smplab.language.fields import PLACE, RefKind, Scalar
from smplab.language.isa import Op
from smplab.language.routines import is_called, is_routine
from smplab.language.struct import Struct


class Calls(Intrinsics):
    """Compiling calls."""

    def body(self) -> Value | None:
        """Compile the routine's statements; the layer of statements defines it."""
        raise NotImplementedError

    def assign(self, node: ast.AST, name: str, value: Value) -> None:
        """Give a local variable a value; the layer of statements defines it."""
        raise NotImplementedError

    def call(self, node: ast.Call) -> Value | None:
        """Compile a call; None if it gives no value."""
        if isinstance(node.func, ast.Attribute):
            if isinstance(node.func.value, ast.Call) and _is_super(node.func.value):
                return self._apply(node, self._super_method(node.func.value, node.func.attr))
            base = self.value(node.func.value)
            if isinstance(base, Static) and base.object is CPU:
                return self.intrinsic(node, node.func.attr)
        target = self.locate(node.func)
        if not isinstance(target, Static):
            self.fail(
                node.func,
                "this is a run-time value, not a routine",
                "a routine or a method marked @routine",
            )
        return self._apply(node, target.object)

    def _super_method(self, node: ast.Call, name: str) -> Any:
        cls = self.source.names.get("__class__")
        own = self.env.get(self.source.parameters[0][0]) if self.source.parameters else None
        if cls is None or not isinstance(own, Static):
            self.fail(node, "super() works in methods only", "the routine's own name")
        try:
            return getattr(super(cls, own.object), name)
        except AttributeError:
            self.fail(node, f"no base class has `{name}`", "a routine of a base class")

    def _apply(self, node: ast.Call, target: Any) -> Value | None:
        function = getattr(target, "__func__", target)
        if is_routine(function):
            own: list[Argument] = [Static(target.__self__)] if function is not target else []
            return self._routine(node, function, own)
        if target in (min, max) and not node.keywords and len(node.args) > 1:
            return self._extreme(node, target is min)
        if target in (abs, bool, int) and len(node.args) == 1 and not node.keywords:
            return self._single(node, target)
        return self._python(node, target)

    # --- Python functions ---------------------------------------------------------------------

    def _python(self, node: ast.Call, target: Any) -> Value:
        name = getattr(target, "__qualname__", repr(target))
        if isinstance(target, type) and issubclass(target, Struct):
            self.fail(
                node,
                f"{name} cannot be made while it runs: memory is laid out beforehand",
                "memory.struct() or memory.array() in layout()",
            )
        if not callable(target):
            self.fail(node, f"{target!r} cannot be called", "a routine")
        if node.keywords and any(keyword.arg is None for keyword in node.keywords):
            self.fail(node, "`**` arguments are not in the language", "each argument by itself")
        arguments = [self.value(argument) for argument in node.args]
        keywords = {keyword.arg: self.value(keyword.value) for keyword in node.keywords}
        for argument in [*arguments, *keywords.values()]:
            if target is range and not isinstance(argument, Static):
                self.fail(node, "range() stands in a for loop only", "for i in range(...)")
            if not isinstance(argument, Static) or argument.object is CPU:
                self.fail(
                    node,
                    f"`{name}` is a Python function, which run-time values cannot reach",
                    "a function marked @routine",
                )
        try:
            result = target(
                *(a.object for a in arguments if isinstance(a, Static)),
                **{k: v.object for k, v in keywords.items() if k and isinstance(v, Static)},
            )
        except LanguageError as error:
            self.fail(node, str(error))
        except Exception as error:  # noqa: BLE001  the author's own function may raise anything
            self.fail(
                node,
                f"`{name}` fails when the image is built: {type(error).__name__}: {error}",
                "arguments that it takes",
            )
        return self.wrap(result)

    def _single(self, node: ast.Call, target: Any) -> Value:
        value = self.value(node.args[0])
        if isinstance(value, Static) and not (target is abs and value.object == -(2**63)):
            return self.wrap(target(value.object))
        register = self.register(node.args[0], value)
        if target is int:
            return Reg(register, Scalar.INT)
        zero = self.number(0)
        if target is bool:
            return Reg(self.compute(node, Op.NE, (register, zero)), Scalar.BOOL)
        result = self.function.new_register()
        negative, end = self.function.new_block(), self.function.new_block()
        self.move(node, result, register)
        self.branch(node, Op.BLT, register, zero, negative, end)
        if self.start(negative):
            self.move(node, result, self.compute(node, Op.SUB, (zero, register)))
            self.jump(node, end)
        self.start(end)
        return Reg(result, Scalar.INT)

    def _extreme(self, node: ast.Call, least: bool) -> Value:
        values = [self.value(argument) for argument in node.args]
        if all(isinstance(value, Static) for value in values):
            objects = [value.object for value in values if isinstance(value, Static)]
            return self.wrap(min(objects) if least else max(objects))
        registers = [self.register(a, v) for a, v in zip(node.args, values, strict=True)]
        result = self.function.new_register()
        self.move(node, result, registers[0])
        for register in registers[1:]:
            better, end = self.function.new_block(), self.function.new_block()
            pair = (result, register) if least else (register, result)
            self.branch(node, Op.BLE, *pair, end, better)
            self.start(better)
            self.move(node, result, register)
            self.jump(node, end)
            self.start(end)
        return Reg(result, Scalar.INT)

    # --- routines -------------------------------------------------------------------------------

    def _routine(self, node: ast.Call, function: Any, own: list[Argument]) -> Value | None:
        callee = source_of(function)
        if function.__code__ in self.unit.inlining:
            self.fail(
                node,
                f"`{callee.name}` calls itself: recursion is refused",
                "a loop, with an Array for what is pending",
            )
        arguments = self._arguments(node, callee, own)
        where = f"{self.source.file}:{node.lineno} in {self.source.name}"
        chain = (where, *self.called_from)
        key = (function, tuple(static_part(a, is_called(function)) for a in arguments))
        self.unit.kept += [a.object for a in arguments if isinstance(a, Static)]
        if not is_called(function) and key not in self.unit.too_big:
            try:
                return self._inline(callee, arguments, chain)
            except TooBig:
                if self.writer.limit is not None:
                    raise  # not the outermost call: the one around it is taken back as well
                self.unit.too_big.add(key)
        return self._real_call(node, callee, arguments, key, chain)

    def _arguments(self, node: ast.Call, callee: Source, own: list[Argument]) -> list[Argument]:
        parameters = callee.parameters
        names = [name for name, _, _ in parameters]
        shown = f"{callee.name}({', '.join(names[len(own) :])})"
        expressions: dict[str, ast.expr] = {}
        if len(own) + len(node.args) > len(names):
            self.fail(
                node, f"{len(node.args)} arguments given, {len(names) - len(own)} taken", shown
            )
        expressions.update(zip(names[len(own) :], node.args, strict=False))
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg not in names or keyword.arg in expressions:
                self.fail(node, f"no argument `{keyword.arg}` to give here", shown)
            expressions[keyword.arg] = keyword.value
        kinds = {name: kind for name, kind, _ in parameters}
        taken: dict[str, Argument] = dict(zip(names, own, strict=False))
        for name, expression in expressions.items():
            if kinds[name] is PLACE:
                taken[name] = self.place(expression)
            else:
                taken[name] = self.declared(expression, self.value(expression), kinds[name])
        for name, _, default in parameters:
            if name not in taken:
                if default is NO_DEFAULT:
                    self.fail(node, f"the argument `{name}` is missing", shown)
                taken[name] = Static(default)
        return [taken[name] for name in names]

    def declared(self, node: ast.AST, value: Value, kind: Any) -> Value:
        """A value as its annotation declares it: a number may become a reference."""
        if not isinstance(kind, RefKind):
            return value
        if isinstance(value, Static) and is_number(value.object):
            return Reg(self.register(node, value), kind)
        if isinstance(value, Reg):
            if not isinstance(value.kind, RefKind):
                return Reg(value.register, kind, value.offset)
            if not struct_fits(value.kind.struct, kind.struct):
                self.fail(node, f"{value.kind} where {kind} is declared", f"a {kind}")
            if value.kind.struct is None:
                return Reg(value.register, RefKind(kind.struct, value.kind.ghost), value.offset)
        return value

    def _inline(
        self, callee: Source, arguments: list[Argument], chain: tuple[str, ...]
    ) -> Value | None:
        writer = self.writer
        outermost = writer.limit is None
        block = writer.block
        assert block is not None
        before = (
            len(block.instrs),
            len(self.function.blocks),
            writer.emitted,
            len(self.unit.inlining),
        )
        if outermost:
            writer.limit = writer.emitted + self.unit.inline_budget
        try:
            return compile_body(type(self), self.unit, writer, callee, arguments, chain)
        except TooBig:
            if outermost:
                del block.instrs[before[0] :]
                block.end = None
                del self.function.blocks[before[1] :]
                del self.unit.inlining[before[3] :]
                writer.block, writer.emitted = block, before[2]
            raise
        finally:
            if outermost:
                writer.limit = None

    def _real_call(
        self,
        node: ast.Call,
        callee: Source,
        arguments: list[Argument],
        key: Any,
        chain: tuple[str, ...],
    ) -> Value | None:
        registers = []
        for argument in arguments:
            dynamic = dynamic_part(argument, is_called(callee.function))
            if dynamic is None:
                continue
            registers.append(
                self.number(dynamic) if isinstance(argument, Static) else argument.register
            )
        called = self.unit.called.get(key)
        if called is None:
            function = Function(callee.name, callee.site(callee.tree.lineno))
            called = compile_function(type(self), self.unit, function, callee, arguments, chain)
            self.unit.called[key] = called
        self.function.callees.append(called)
        result = called.result
        dst = self.function.new_register() if called.returns else -1
        self._append(node, Op.CALL, dst, tuple(registers), (called,))
        if isinstance(result, Reg):
            return Reg(dst, result.kind)
        return result if isinstance(result, Static) else None

    def started(self, node: ast.expr) -> Function:
        """The function that a context starts in: the routine's own, compiled once an object."""
        target = self.locate(node)
        method = target.object if isinstance(target, Static) else None
        function = getattr(method, "__func__", method)
        own: list[Argument] = [Static(method.__self__)] if function is not method else []  # type: ignore[union-attr]
        if not is_routine(function) or len(source_of(function).parameters) != len(own) + 2:
            self.fail(
                node,
                "a context starts in a routine that takes `cpu` and one number",
                "a method marked @routine, of the form name(self, cpu: Cpu, argument: int)",
            )
        key = (function, id(own[0].object) if own and isinstance(own[0], Static) else 0)
        known = self.unit.started.get(key)
        if known is not None:
            return known
        callee = source_of(function)
        kind = callee.parameters[-1][1]
        argument = Reg(-1, kind if isinstance(kind, RefKind) else Scalar.INT)
        new = Function(callee.name, callee.site(callee.tree.lineno))
        self.unit.started[key] = new  # before its body, which may start others like itself
        self.unit.kept += [part.object for part in own if isinstance(part, Static)]
        where = f"{self.source.file}:{node.lineno} in {self.source.name}"
        outer, self.unit.inlining = self.unit.inlining, []
        chain = (where, *self.called_from)
        compile_function(type(self), self.unit, new, callee, [*own, Static(CPU), argument], chain)
        self.unit.inlining = outer
        return new


def _is_super(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args
