"""Layout of Structs and of memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smplab.language import (
    Array,
    Cpu,
    Home,
    LanguageError,
    Layout,
    Memory,
    Opaque,
    Ref,
    Struct,
    Word,
    aligned,
    array,
    build_image,
    ending_in,
    routine,
)
from smplab.language.component import Component
from smplab.language.fields import ArrayKind, RefKind, Scalar, layout_of, round_up
from smplab.language.interpreter import Interpreter


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


class Guard(Struct):
    state: Word = aligned()
    words: Opaque = aligned()


class Unaligned(Struct):
    state: Word
    words: Opaque


@dataclass(eq=False)
class Opaquely(Component):
    """Passes on words that it does not know to a routine that does."""

    def layout(self, memory: Memory) -> None:
        self.guard: Guard = memory.struct(ending_in(Guard, words=Leaf))

    @routine
    def run(self, cpu: Cpu) -> None:
        self.write(cpu, self.guard)
        cpu.halt()

    @routine
    def write(self, cpu: Cpu, guard: Ref[Guard]) -> None:
        words: Ref[Any] = guard.words
        self.write_leaf(cpu, words)

    @routine
    def write_leaf(self, cpu: Cpu, leaf: Ref[Leaf]) -> None:
        leaf.y = 5


@pytest.mark.parametrize("words", [Leaf, Line, Holder])
def test_opaque_words_lie_where_the_known_ones_do(words: type[Struct]) -> None:
    known = layout_of(ending_in(Guard, words=words))
    assert known.fields["words"].offset == layout_of(Guard).fields["words"].offset
    assert known.fields["words"].kind is words
    assert known.words == 8 + round_up(layout_of(words).words)


def test_opaque_words_are_whatever_a_routine_takes_them_for() -> None:
    image = build_image({"it": Opaquely()}, main="it")
    interpreter = Interpreter(image.load({}, Layout(1, 1, (0,))))
    interpreter.run()
    leaf = int(interpreter.program.parameters[image.parameters.index("&it.guard")]) + 8
    assert interpreter.memory[leaf : leaf + 2] == [0, 5]


def test_opaque_words_come_last_and_aligned() -> None:
    with pytest.raises(LanguageError, match="make it the last field, `words: Opaque = aligned"):
        ending_in(Unaligned, words=Line)
    with pytest.raises(LanguageError, match=r"Guard\.none"):
        ending_in(Guard, none=Leaf)
