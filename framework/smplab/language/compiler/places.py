"""Fields, elements and names: what can be read, and what can be given by address."""

from __future__ import annotations

import ast
import difflib
from typing import Any

from smplab.language.compiler.emitter import Emitter
from smplab.language.compiler.values import (
    CPU,
    ArrayValue,
    PlaceValue,
    Reg,
    Static,
    Trouble,
    Value,
    is_number,
)
from smplab.language.component import Component
from smplab.language.data import DataParameter, data_fields
from smplab.language.fields import ArrayKind, RefKind, Scalar, layout_of
from smplab.language.isa import Op
from smplab.language.struct import Opaque

MAX_INDEX = 2**32
"""A greater constant index is computed and diagnosed like one that is not constant."""

Location = Static | Reg | ArrayValue | PlaceValue
"""A value, or a field that is not read yet."""


class Places(Emitter):
    """Locating what names, attributes and subscripts mean."""

    def value(self, node: ast.expr) -> Value:
        """Evaluate an expression; the layers above define it."""
        raise NotImplementedError

    def locate(self, node: ast.expr) -> Location:
        """What an expression means, a field not yet read."""
        if isinstance(node, ast.Name):
            return self.name(node)
        if isinstance(node, ast.Attribute):
            return self.attribute(node)
        if isinstance(node, ast.Subscript):
            return self.subscript(node)
        return self.value(node)

    def place(self, node: ast.expr) -> PlaceValue:
        """The field that an expression names, by address."""
        located = self.locate(node)
        if isinstance(located, PlaceValue):
            return located
        raise self.error(
            node,
            "this has no address: a field is needed here",
            "a field of a Struct in memory, such as lock.next, or an element of an array of words",
        )

    def name(self, node: ast.Name) -> Location:
        """A local variable, or whatever the name means outside the routine."""
        bound = self.env.get(node.id)
        if bound is None:
            if node.id in self.source.assigned:
                self.fail(
                    node,
                    f"`{node.id}` has no value here",
                    "assign it before, on every way that leads here",
                )
            try:
                return self.wrap(self.source.lookup(node.id))
            except KeyError:
                near = difflib.get_close_matches(node.id, [*self.env, *self.source.names], 1)
                self.fail(
                    node,
                    f"`{node.id}` is not known here",
                    f"`{near[0]}`?" if near else "a parameter, a local variable or a global name",
                )
        if isinstance(bound, Trouble):
            self.fail(node, f"`{node.id}` {bound.problem}", bound.instead)
        return bound

    def attribute(self, node: ast.Attribute) -> Location:
        """A field of a Struct in memory, or an attribute of a compile-time object."""
        base = self.value(node.value)
        if isinstance(base, Static):
            return self._static_attribute(node, base.object)
        if isinstance(base, ArrayValue):
            self.fail(
                node,
                f"an array has no attribute `{node.attr}`",
                "an element first: `table[i].field`",
            )
        if not isinstance(base.kind, RefKind):
            self.fail(
                node,
                f"{base.kind.value} has no field `{node.attr}`",
                "a reference; give the variable its type, such as `node: Ref[Node] = NULL`",
            )
        if base.kind.struct is None:
            self.fail(
                node,
                f"nobody knows which Struct has this field `{node.attr}`",
                "an annotation of the parameter or variable, such as Ref[Node]",
            )
        layout = layout_of(base.kind.struct)
        field = layout.fields.get(node.attr)
        if field is None:
            self.fail(
                node,
                f"{base.kind.struct.__name__} has no field `{node.attr}`",
                "one of its fields: " + ", ".join(layout.fields),
            )
        return self._at(base.register, base.offset + field.offset, field.kind, base.kind.ghost)

    def subscript(self, node: ast.Subscript) -> Location:
        """An element of an array in memory, or of a compile-time sequence or mapping."""
        base = self.value(node.value)
        if isinstance(node.slice, ast.Slice):
            self.fail(node, "slices are not in the language", "a loop over the elements")
        index = self.value(node.slice)
        if isinstance(base, ArrayValue):
            return self._element(node, base, index)
        if isinstance(base, Static) and not isinstance(base.object, DataParameter):
            if not isinstance(index, Static):
                self.fail(
                    node.slice,
                    "the index of a Python object must be known when the image is built",
                    "an Array in memory, or a loop over the elements",
                )
            try:
                return self.wrap(base.object[index.object])
            except Exception as error:  # noqa: BLE001  the object is the author's own
                self.fail(node, f"{type(error).__name__}: {error}", "an index that exists")
        raise self.error(
            node, "only arrays have elements", "memory.array() in layout(), or an Array field"
        )

    def _element(self, node: ast.Subscript, base: ArrayValue, index: Value) -> Location:
        kind = base.kind
        element = (
            RefKind(kind.element, base.ghost) if isinstance(kind.element, type) else kind.element
        )
        if isinstance(index, Static) and is_number(index.object) and index.object < MAX_INDEX:
            self._bounds(node, kind, index.object)
            return self._at(
                base.register, base.offset + index.object * kind.stride, kind.element, base.ghost
            )
        position = self.register(node.slice, index)
        if kind.stride != 1:
            position = self.compute(node, Op.MUL, (position, self.number(kind.stride)))
        address = self.compute(node, Op.ADD, (base.register, position))
        if isinstance(kind.element, type):
            assert isinstance(element, RefKind)
            return Reg(address, element, base.offset)
        return PlaceValue(address, base.offset, kind.element, base.ghost)

    def _bounds(self, node: ast.Subscript, kind: ArrayKind, index: int) -> None:
        if index < 0 or (kind.length is not None and index >= kind.length):
            size = "" if kind.length is None else f" to {kind.length - 1}"
            self.fail(node.slice, f"index {index} is outside the array", f"an index from 0{size}")

    def _at(self, register: int, offset: int, kind: Any, ghost: bool) -> Location:
        if isinstance(kind, ArrayKind):
            return ArrayValue(register, offset, kind, ghost)
        if isinstance(kind, type):
            return Reg(register, RefKind(None if kind is Opaque else kind, ghost), offset)
        return PlaceValue(register, offset, kind, ghost)

    def _static_attribute(self, node: ast.Attribute, obj: Any) -> Value:
        if obj is CPU:
            if node.attr == "id":
                if self.unit.migrates:
                    return Reg(self.compute(node, Op.CPUID), Scalar.INT)
                return Reg(self.function.pooled_register("id"), Scalar.INT)
            if node.attr == "context":
                return Reg(self.compute(node, Op.CONTEXT), Scalar.INT)
            if node.attr == "count":
                return Reg(self.parameter("cpus"), Scalar.INT)
            self.fail(
                node,
                f"the CPU has no value `{node.attr}`",
                "cpu.id, cpu.count, cpu.context, or a call of one of its methods",
            )
        if isinstance(obj, Component) and node.attr in data_fields(obj):
            self.fail(
                node,
                f"`{node.attr}` is data of a {type(obj).__name__} that is no part of this image",
                "the component given to build_image(), or the parameter with build=True",
            )
        try:
            return self.wrap(getattr(obj, node.attr))
        except AttributeError:
            near = difflib.get_close_matches(node.attr, dir(obj), 1)
            self.fail(
                node,
                f"{type(obj).__name__} has no attribute `{node.attr}`",
                f"`{near[0]}`?" if near else "a field, parameter or method that it has",
            )
