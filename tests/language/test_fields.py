"""Layout of Structs and of memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.language import Array, Home, LanguageError, Memory, Ref, Struct, Word, aligned, array
from smplab.language.component import Component
from smplab.language.fields import ArrayKind, RefKind, Scalar, layout_of, round_up


class Leaf(Struct):
    x: Word
    y: Word


class Line(Struct):
    value: Word = aligned()


class Mixed(Struct):
    a: Word
    next: Ref[Mixed]
    leaf: Leaf
    row: Array[Word] = array(3)
    leaves: Array[Leaf] = array(2)


class Derived(Leaf):
    z: Word = aligned()


class Holder(Struct):
    first: Word
    line: Line
    last: Word


def offsets(struct: type[Struct]) -> list[int]:
    return [field.offset for field in layout_of(struct).fields.values()]


def test_fields_follow_each_other() -> None:
    layout = layout_of(Mixed)
    assert offsets(Mixed) == [0, 1, 2, 4, 7]
    assert (layout.words, layout.aligned) == (11, False)
    assert layout.fields["next"].kind == RefKind(Mixed)
    assert layout.fields["leaf"].kind is Leaf
    assert layout.fields["row"].kind == ArrayKind(Scalar.INT, 1, 3)
    assert layout.fields["leaves"].kind == ArrayKind(Leaf, 2, 2)


def test_an_aligned_field_starts_a_line_and_fills_whole_lines() -> None:
    assert (layout_of(Line).words, layout_of(Line).aligned) == (8, True)
    assert offsets(Derived) == [0, 1, 8]
    assert layout_of(Derived).words == 16


def test_alignment_reaches_the_struct_around() -> None:
    assert offsets(Holder) == [0, 8, 16]
    assert layout_of(Holder).words == 24


def test_a_struct_of_a_function_sees_its_neighbours() -> None:
    class Inner(Struct):
        a: Word

    class Outer(Struct):
        inner: Inner
        ref: Ref[Inner]

    assert layout_of(Outer).fields["ref"].kind == RefKind(Inner)


@pytest.mark.parametrize(
    ("annotation", "value", "says"),
    [
        ("float", None, "a field of a Struct"),
        ("Word", 3, "only defaults"),
        ("Array[Word]", None, "array(n)"),
        ("Unheard", None, "Unheard"),
        ("bool", None, "a field of a Struct"),
    ],
)
def test_wrong_fields_are_refused(annotation: str, value: object, says: str) -> None:
    namespace = {"__annotations__": {"wrong": annotation}, "__module__": __name__}
    broken = type("Broken", (Struct,), namespace | ({} if value is None else {"wrong": value}))
    with pytest.raises(LanguageError) as caught:
        layout_of(broken)
    assert says in str(caught.value)
    assert "Broken.wrong" in str(caught.value)


def test_structs_and_arrays_are_no_python_objects() -> None:
    with pytest.raises(TypeError, match="simulated memory"):
        Leaf()
    with pytest.raises(TypeError, match="inside routines"):
        Array()[0]
    with pytest.raises(TypeError, match="inside routines"):
        Array[int]()[0] = 1


@given(words=st.integers(1, 20), n=st.integers(1, 20))
def test_no_line_holds_elements_of_two_cpus(words: int, n: int) -> None:
    struct = type("S", (Struct,), {"__annotations__": {f"f{i}": "int" for i in range(words)}})
    memory = Memory("part", Component())
    memory.per_cpu(struct, n)
    obj = memory.roots[0].object
    assert obj.element_words >= words
    assert obj.element_words * n % 8 == 0
    assert obj.element_words * n < round_up(words * n) + 8 * n


def test_extents_and_homes() -> None:
    memory = Memory("part", Component())
    memory.array(Word, "cpus", 3, home=Home.INTERLEAVE, aligned=True)
    memory.struct(Leaf)
    memory.ghost(Word)
    first, second, third = (root.object for root in memory.roots)
    assert (first.extent, first.element_words, first.home) == (("cpus", 3), 8, Home.INTERLEAVE)
    assert (second.extent, second.element_words) == ((1,), 2)
    assert third.ghost


@pytest.mark.parametrize(
    "place",
    [
        lambda m: m.array(Word, "unheard"),
        lambda m: m.array(float, 3),
        lambda m: m.struct(int),
        lambda m: m.array(Word, -1),
        lambda m: m.per_cpu(Word, 0),
    ],
)
def test_wrong_layouts_are_refused(place: object) -> None:
    with pytest.raises(LanguageError, match="part"):
        place(Memory("part", Component()))  # type: ignore[operator]
