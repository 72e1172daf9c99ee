"""Kinds of values, and where the fields of a Struct lie: words, offsets, alignment."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, ForwardRef, TypeVar, get_args, get_origin

from smplab.language.errors import LanguageError
from smplab.language.image import LINE_WORDS
from smplab.language.struct import PLACE_MARK, REF_MARK, Array, FieldSpec, Struct

S = TypeVar("S", bound=Struct)


class Scalar(Enum):
    """Kinds of a register that holds no address."""

    INT = "a whole number"
    BOOL = "a truth value"
    NULL = "NULL"


@dataclass(frozen=True)
class RefKind:
    """An address of a Struct; `struct` None: of nobody knows what (`Ref[Any]`)."""

    struct: type[Struct] | None
    ghost: bool = False

    def __post_init__(self) -> None:
        """What `ending_in` made is, to who has its address, the Struct that it was made of."""
        if self.struct is not None:
            object.__setattr__(self, "struct", self.struct.__dict__.get("_made_of", self.struct))

    def __str__(self) -> str:
        return f"Ref[{self.struct.__name__ if self.struct else 'Any'}]"


Kind = Scalar | RefKind


@dataclass(frozen=True)
class ArrayKind:
    """Elements in a row: of a word's kind, or Structs; `length` None: known when it runs."""

    element: Kind | type[Struct]
    stride: int
    length: int | None = None


PLACE = "place"
"""What `kind_of` answers for the annotation `Place`."""


@dataclass(frozen=True)
class Field:
    """One field: its offset in words and what lies there."""

    offset: int
    kind: Kind | ArrayKind | type[Struct]


@dataclass(frozen=True)
class StructLayout:
    """Size in words, whether it fills whole lines, and the fields by name."""

    words: int
    aligned: bool
    fields: Mapping[str, Field]


def round_up(words: int) -> int:
    """The next multiple of a line, in words."""
    return -(-words // LINE_WORDS) * LINE_WORDS


def evaluate(annotation: Any, names: Mapping[str, Any], globals_: dict[str, Any]) -> Any:
    """The object that an annotation means, strings and forward references resolved."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        return eval(annotation, globals_, dict(names))  # noqa: S307  the author's own source
    return annotation


def kind_of(hint: Any, names: Mapping[str, Any], globals_: dict[str, Any]) -> Any:
    """The kind that an evaluated annotation means.

    Returns:
        a Scalar, a RefKind, PLACE, a Struct class, `Array[...]` as it is, or None for the rest.
    """
    if hint is int:
        return Scalar.INT
    if hint is bool:
        return Scalar.BOOL
    if get_origin(hint) is Annotated:
        inner, *marks = get_args(hint)
        if PLACE_MARK in marks:
            return PLACE
        if REF_MARK in marks:
            target = evaluate(inner, names, globals_)
            is_struct = isinstance(target, type) and issubclass(target, Struct)
            return RefKind(target if is_struct else None)
    if get_origin(hint) is Array or (isinstance(hint, type) and issubclass(hint, Struct)):
        return hint
    return None


def words_of(element: Kind | type[Struct]) -> int:
    """Words from one element of an array to the next, without any padding between them."""
    return layout_of(element).words if isinstance(element, type) else 1


def layout_of(struct: type[Struct]) -> StructLayout:
    """Where the fields of `struct` lie.

    Raises:
        LanguageError: a field is neither Word, Ref[T], Array[T] nor a Struct, or lacks its length.
    """
    known: StructLayout | None = struct.__dict__.get("_layout")
    if known is None:
        known = _lay_out(struct)
        struct._layout = known  # type: ignore[attr-defined]
    return known


def _lay_out(struct: type[Struct]) -> StructLayout:
    offset = 0
    whole_lines = False
    fields: dict[str, Field] = {}
    for owner in reversed(struct.__mro__):
        if not (issubclass(owner, Struct) and owner is not Struct):
            continue
        globals_ = owner._globals
        names = {**owner._namespace, owner.__name__: owner}
        for name, annotation in inspect.get_annotations(owner).items():
            where = f"{owner.__name__}.{name}"
            spec = owner.__dict__.get(name, FieldSpec())
            try:
                kind = kind_of(evaluate(annotation, names, globals_), names, globals_)
            except Exception as error:
                raise LanguageError(f"{where}: annotation {annotation!r}: {error}") from error
            if not isinstance(spec, FieldSpec) or kind is None or kind in (PLACE, Scalar.BOOL):
                raise LanguageError(
                    f"{where}: a field of a Struct is a Word, Ref[T], Array[T] (with array(n)) or a"
                    " Struct, and its only defaults are aligned() and array(n)"
                )
            words, lines = 1, spec.aligned
            if get_origin(kind) is Array:
                if spec.length is None or spec.length < 1:
                    raise LanguageError(f"{where}: an array inside a Struct needs array(n), n >= 1")
                element = kind_of(evaluate(get_args(kind)[0], names, globals_), names, globals_)
                kind = ArrayKind(element, words_of(element), spec.length)
                words = kind.stride * spec.length
                lines |= isinstance(element, type) and layout_of(element).aligned
            elif isinstance(kind, type):
                words = layout_of(kind).words
                lines |= layout_of(kind).aligned
            if lines:
                offset = round_up(offset)
                whole_lines = True
            fields[name] = Field(offset, kind)
            offset += words
    return StructLayout(round_up(offset) if whole_lines else offset, whole_lines, fields)


def ending_in(struct: type[S], **words: type[Struct]) -> type[S]:
    """Return `struct` with the kind of its `Opaque` field known: `ending_in(Guard, lock=Queue)`.

    Raises:
        LanguageError: the field is not there, or other words begin elsewhere.
    """
    made = type(struct.__name__, (struct,), {"__annotations__": words, "_made_of": struct})
    for name in words:
        before = layout_of(struct).fields.get(name)
        if before is None or before.offset != layout_of(made).fields[name].offset:
            raise LanguageError(
                f"{struct.__name__}.{name}: make it the last field, `{name}: Opaque = aligned()`"
            )
    return made
