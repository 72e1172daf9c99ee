"""Routines compiled as functions of their own, and what of their arguments decides their code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from smplab.language.compiler.emitter import Writer
from smplab.language.compiler.ir import Function
from smplab.language.compiler.source import Source, source_of
from smplab.language.compiler.values import (
    CPU,
    ArrayValue,
    PlaceValue,
    Reg,
    Static,
    Value,
    is_number,
)
from smplab.language.errors import LanguageError
from smplab.language.fields import Scalar
from smplab.language.isa import Op
from smplab.language.routines import is_called

Argument = Static | Reg | ArrayValue | PlaceValue


def static_part(argument: Argument, numbers_travel: bool) -> Any:
    """What of an argument decides the code of a called routine."""
    if isinstance(argument, Static):
        obj = argument.object
        if numbers_travel and is_number(obj) and not isinstance(obj, bool):
            return (Scalar.INT, 0)
        return (type(obj), obj) if isinstance(obj, int | str) else (type(obj), id(obj))
    if isinstance(argument, Reg):
        plain = numbers_travel and isinstance(argument.kind, Scalar)
        return (Scalar.INT if plain else argument.kind, argument.offset)
    return (type(argument), argument.offset, argument.kind, argument.ghost)


def dynamic_part(argument: Argument, numbers_travel: bool) -> int | None:
    """What of an argument travels in a register, else None."""
    if isinstance(argument, Static):
        number = (
            numbers_travel and is_number(argument.object) and not isinstance(argument.object, bool)
        )
        return int(argument.object) if number else None
    return argument.register


def compile_body(
    layer: Callable[..., Any],
    unit: Any,
    writer: Writer,
    source: Source,
    arguments: list[Argument],
    chain: tuple[str, ...],
) -> Value | None:
    """Compile a routine into the function that `writer` writes; its value, or None."""
    inner = layer(unit, writer, source, chain)
    unit.inlining.append(source.function.__code__)
    for (name, _, _), argument in zip(source.parameters, arguments, strict=True):
        changed = source.assigned[name] > 1
        if isinstance(argument, PlaceValue) or not changed:
            inner.env[name] = argument
        else:
            inner.assign(source.tree, name, argument)
    result: Value | None = inner.body()
    unit.inlining.pop()
    return result


def compile_function(
    layer: Callable[..., Any],
    unit: Any,
    function: Function,
    source: Source,
    arguments: list[Argument],
    chain: tuple[str, ...],
) -> Function:
    """Compile a routine that is really called, for the compile-time part of its arguments.

    Args:
        function: a new one, which the code goes into.
    """
    inner: list[Argument] = []
    for argument in arguments:
        if dynamic_part(argument, is_called(source.function)) is None:
            inner.append(argument)
            continue
        register = function.new_register()
        function.arguments.append(register)
        if isinstance(argument, Static):
            inner.append(Reg(register, Scalar.INT))
        elif isinstance(argument, Reg):
            plain = isinstance(argument.kind, Scalar) and is_called(source.function)
            kind = Scalar.INT if plain else argument.kind
            inner.append(Reg(register, kind, argument.offset))
        else:
            inner.append(type(argument)(register, argument.offset, argument.kind, argument.ghost))  # type: ignore[arg-type]
    writer = Writer(function)
    result = compile_body(layer, unit, writer, source, inner, chain)
    end = writer.block
    if end is not None:
        srcs: tuple[int, ...] = ()
        if isinstance(result, Reg):
            if result.offset:
                register = function.new_register()
                outer = layer(unit, writer, source, chain)
                register = outer.register(source.tree, result)
                end = writer.block
                result = Reg(register, result.kind)
            srcs = (result.register,)
            function.returns = True
        assert end is not None
        end.finish(Op.RET, srcs, [], source.site(source.tree.end_lineno or source.tree.lineno))
    function.result = result
    return function


def compile_entry(
    layer: Callable[..., Any], unit: Any, methods: list[Any], name: str, end: Op = Op.HALT
) -> Function:
    """Compile methods that take only `cpu`, one after the other, ending in HALT or IRET.

    Raises:
        LanguageError: a method is no routine of the form `name(self, cpu)`.
    """
    first = source_of(methods[0].__func__)
    function = Function(name, first.site(first.tree.lineno))
    writer = Writer(function)
    for method in methods:
        source = source_of(method.__func__)
        if len(source.parameters) != 2:
            raise LanguageError(
                f"{source.name} must have the form {source.tree.name}(self, cpu: Cpu)"
            )
        if writer.block is not None:
            compile_body(layer, unit, writer, source, [Static(method.__self__), Static(CPU)], ())
    if writer.block is not None:
        writer.block.finish(end, (), [], first.site(first.tree.end_lineno or 1))
    return function
