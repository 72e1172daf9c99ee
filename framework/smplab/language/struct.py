"""Structs: words in simulated memory, declared as Python classes and checked by mypy as such.

    class Node(Struct):
        next: Ref[Node] = aligned()     # starts a new cache line
        locked: Word
        slots: Array[Word] = array(4)   # four words in a row

Inside a routine a Struct's value is its address; reading a field is a load, assigning one a store.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, TypeAlias, TypeVar

T = TypeVar("T")

REF_MARK = "smplab.ref"
PLACE_MARK = "smplab.place"

Word: TypeAlias = int
"""A 64-bit signed word."""

Ref = Annotated[T, REF_MARK]
"""An address of a Struct, or NULL. mypy takes `Ref[Node]` for a Node, so that fields type-check."""

Place = Annotated[Any, PLACE_MARK]
"""Annotation of a routine's parameter that takes a field by address: `wait(cpu, node.next)`."""

NULL: Any = 0
"""The address of nothing. An access through it is a diagnosed error."""


@dataclass(frozen=True)
class FieldSpec:
    """What `aligned()` and `array()` say about a field."""

    aligned: bool = False
    length: int | None = None


def aligned() -> Any:
    """The field starts a new cache line; the Struct then fills whole lines."""
    return FieldSpec(aligned=True)


def array(length: int, *, aligned: bool = False) -> Any:
    """An `Array[T]` field of `length` elements, inside the Struct.

    Args:
        length: number of elements, at least 1.
        aligned: the array starts a new cache line.
    """
    return FieldSpec(aligned=aligned, length=length)


class Struct:
    """Base of what lies in simulated memory. Fields are `Word`, `Ref[T]`, `Array[T]` or a Struct.

    A field whose annotation is a Struct lies inside; its value is its address.
    """

    _globals: ClassVar[dict[str, Any]] = {}
    _namespace: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        # Annotations are resolved when the layout is first asked for, since a Struct may refer to
        # itself; names of an enclosing function are gone by then.
        frame = sys._getframe(1)
        cls._globals = frame.f_globals
        cls._namespace = {} if frame.f_locals is frame.f_globals else dict(frame.f_locals)

    def __init__(self) -> None:
        raise TypeError(
            f"{type(self).__name__} lives in simulated memory: place it in layout() with"
            " memory.struct() or memory.array()"
        )


class Opaque(Struct):
    """Words of a kind that only a filling of a slot knows, as the last field of a Struct.

    A reference to them is a `Ref[Any]`. The field is `aligned()`, so that it has the same offset in
    the Struct that `ending_in` makes when the kind is known.
    """


class Array(Generic[T]):
    """Elements of one type in a row; `self.table[i]` inside a routine.

    An array of Structs gives references; an array of words or references gives fields, that is,
    loads, stores and places.
    """

    def __getitem__(self, index: int) -> T:
        raise TypeError("an Array is read inside routines only")

    def __setitem__(self, index: int, value: T) -> None:
        raise TypeError("an Array is written inside routines only")
