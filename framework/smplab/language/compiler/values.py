"""What an expression can be while it is compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smplab.language.data import DataParameter
from smplab.language.fields import ArrayKind, Kind, RefKind, Scalar
from smplab.language.struct import Struct


@dataclass(slots=True)
class Static:
    """An ordinary Python object, known now."""

    object: Any


@dataclass(slots=True)
class Reg:
    """A word in a register; of a reference, `offset` words further."""

    register: int
    kind: Kind
    offset: int = 0


@dataclass(slots=True)
class PlaceValue:
    """A field by address: register + offset."""

    register: int
    offset: int
    kind: Kind
    ghost: bool


@dataclass(slots=True)
class ArrayValue:
    """An array by address: register + offset."""

    register: int
    offset: int
    kind: ArrayKind
    ghost: bool


class Trouble:
    """Why a name has no value here, for the error at its use."""

    __slots__ = ("instead", "problem")

    def __init__(self, problem: str, instead: str) -> None:
        self.problem = problem
        self.instead = instead


UNASSIGNED = Trouble("may have no value yet", "give it a value on every way that leads here")
DIFFERENT_OBJECTS = Trouble(
    "stands for different compile-time objects, depending on the way here",
    "decide between objects by conditions that are known when the image is built",
)

Value = Static | Reg | ArrayValue
Binding = Static | Reg | ArrayValue | PlaceValue | Trouble
Env = dict[str, Binding]


class CpuObject:
    """The compile-time value of a routine's parameter `cpu`."""

    def __repr__(self) -> str:
        return "cpu"


CPU = CpuObject()


def is_number(obj: Any) -> bool:
    """Whether a compile-time object can be a word: whole numbers, truth values, IntEnum members."""
    return isinstance(obj, int) and not isinstance(obj, DataParameter)


def join_kinds(a: Kind, b: Kind) -> Kind:
    """The kind of a value that is one of two; NULL joins any reference."""
    if a == b:
        return a
    if a is Scalar.NULL:
        return b
    if b is Scalar.NULL:
        return a
    if isinstance(a, RefKind) and isinstance(b, RefKind) and a.ghost == b.ghost:
        return RefKind(None, a.ghost)
    return Scalar.INT


def struct_fits(given: type[Struct] | None, wanted: type[Struct] | None) -> bool:
    """Whether a reference to `given` may stand where one to `wanted` is asked for."""
    return given is None or wanted is None or issubclass(given, wanted)


def same(a: Binding | None, b: Binding | None) -> bool:
    """Whether two bindings mean the same, register for register."""
    if isinstance(a, Static) and isinstance(b, Static):
        return (
            a.object is b.object
            or (
                is_number(a.object)
                and is_number(b.object)
                and a.object == b.object
                and type(a.object) is type(b.object)
            )
            or (isinstance(a.object, str) and a.object == b.object)
        )
    return a is b or (type(a) is type(b) and a == b)


def merge(envs: list[Env]) -> Env:
    """What the names mean where several ways meet."""
    first, *rest = envs
    merged: Env = dict(first)
    for env in rest:
        for name in [*merged, *(n for n in env if n not in merged)]:
            a, b = merged.get(name), env.get(name)
            if a is None or b is None:
                merged[name] = UNASSIGNED
            elif same(a, b) or isinstance(a, Trouble):
                continue
            elif isinstance(b, Trouble):
                merged[name] = b
            elif isinstance(a, Reg) and isinstance(b, Reg) and a.register == b.register:
                merged[name] = Reg(a.register, join_kinds(a.kind, b.kind))
            else:
                merged[name] = DIFFERENT_OBJECTS
    return merged
