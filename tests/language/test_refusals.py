"""Everything outside the language ends in an error that points at it and says what to write."""

from __future__ import annotations

import pytest

from smplab.language import CompileError, LanguageError
from tests.language.compiling import component, image_of

ABOVE = """
LIMIT = 2.5

class Other(Struct):
    z: Word

class Node(Struct):
    next: Ref[Node]
    a: Word

def plain(x):
    return x

@routine
def nothing(cpu):
    pass

@routine
def sometimes(cpu, x):
    if x > 0:
        return x

@routine
def again(cpu, x):
    return again(cpu, x)

@routine
def ping(cpu, x: Word) -> Word:
    return pong(cpu, x)

@routine(call=True)
def pong(cpu, x: Word) -> Word:
    return ping(cpu, x)

@routine
def takes_node(cpu, node: Ref[Node]):
    return node.a

@routine
def stars(cpu, *rest):
    pass

@routine
def named_only(cpu, *, x):
    pass

@routine
async def waits(cpu):
    pass
"""
FIELDS = """
speed: int = parameter(3)
mode: str = parameter("fast")
"""
LAYOUT = """
self.node = memory.struct(Node)
self.other = memory.struct(Other)
self.marks = memory.ghost(Word, 4)
self.list = [1, 2]
self.ratio = 0.5
"""

# name -> (body, what the text marked by the caret holds, what the message says)
REFUSED: dict[str, tuple[str, str, str]] = {
    "try": ("try:\n    pass\nfinally:\n    pass", "try", "try is not"),
    "with": ("with self.node:\n    pass", "with", "with is not"),
    "raise": ("raise ValueError", "raise", "raise is not"),
    "lambda": ("f = lambda: 1", "lambda", "lambda"),
    "float literal": ("x = 1.5", "1.5", "float"),
    "float from outside": ("x = 1 + cpu.id\nx = x + LIMIT", "LIMIT", "float"),
    "float attribute": ("self.out[0] = self.ratio", "self.out[0]", "float"),
    "float division": ("x = cpu.id / 2", "cpu.id / 2", "//"),
    "power": ("x = cpu.id ** 2", "cpu.id ** 2", "`**`"),
    "matrix": ("x = cpu.id @ 2", "cpu.id @ 2", "`@`"),
    "string as a value": ('self.out[0] = "a"', "self.out[0]", "string"),
    "None as a value": ("self.out[0] = None", "self.out[0]", "None"),
    "f-string": ('cpu.begin(f"x")', 'f"x"', "f-string"),
    "bytes": ('x = b"a"', 'b"a"', "no value of the language"),
    "ellipsis": ("x = ...", "...", "no value of the language"),
    "comprehension": ("x = [i for i in range(3)]", "[i for", "comprehension"),
    "generator expression": ("x = sum(i for i in range(3))", "(i for", "generator"),
    "dictionary": ("x = {1: 2}", "{1: 2}", "dictionar"),
    "set": ("x = {1, 2}", "{1, 2}", "sets"),
    "walrus": ("if (x := cpu.id):\n    pass", "x := cpu.id", ":="),
    "yield": ("yield 1", "yield 1", "yield"),
    "yield from": ("yield from self.list", "yield", "yield"),
    "global": ("global LIMIT", "global", "globals"),
    "nested function": ("def f():\n    pass", "def", "inside a routine"),
    "nested class": ("class C:\n    pass", "class", "class inside"),
    "import": ("import os", "import os", "import"),
    "del": ("x = cpu.id\ndel x", "del x", "del"),
    "match": ("match cpu.id:\n    case 1:\n        pass", "match", "match"),
    "slice": ("x = self.out[1:2]", "self.out[1:2]", "slice"),
    "starred call": ("nothing(*self.list)", "*self.list", "arguments"),
    "double starred call": ("nothing(cpu, **{})", "nothing", "argument"),
    "unknown name": ("x = unheard", "unheard", "not known"),
    "unknown attribute": ("x = self.modee", "self.modee", "no attribute"),
    "unknown field": ("x = self.node.b", "self.node.b", "no field"),
    "field of a number": ("x = cpu.id\ny = x.next", "x.next", "no field"),
    "unknown intrinsic": ("cpu.jump()", "cpu.jump", "no method"),
    "missing argument of an intrinsic": ("cpu.delay()", "cpu.delay()", "lacks"),
    "place of a value": ("cpu.fetch_add(cpu.id, 1)", "cpu.id", "no address"),
    "place as a method": ("x = cpu.swap(self.node, 1)", "self.node", "no address"),
    "region not known": ("cpu.begin(cpu.id)", "cpu.id", "name is needed"),
    "cause not known": ("cpu.cause(1)", "1", "cause"),
    "recursion": ("x = again(cpu, 1)", "again(cpu, x)", "recursion"),
    "mutual recursion": ("x = ping(cpu, 1)", "(cpu, x)", "recursion"),
    "variable arguments": ("stars(cpu)", "rest", "fixed list"),
    "keyword-only": ("named_only(cpu, x=1)", "x", "keyword-only"),
    "async": ("waits(cpu)", "async", "async"),
    "no value": ("x = nothing(cpu)", "nothing(cpu)", "no value"),
    "value on some ways": ("x = sometimes(cpu, cpu.id)", "def sometimes", "some ways"),
    "too few arguments": ("x = takes_node(cpu)", "takes_node(cpu)", "missing"),
    "too many arguments": ("x = takes_node(cpu, self.node, 1)", "takes_node", "taken"),
    "unknown keyword": ("x = takes_node(cpu, knot=self.node)", "takes_node", "no argument"),
    "wrong Struct": ("x = takes_node(cpu, self.other)", "self.other", "Ref[Node]"),
    "wrong Struct stored": ("self.node.next = self.other", "self.node.next", "Ref[Node]"),
    "parameter stored": ("self.speed = 4", "self.speed", "cannot change"),
    "whole Struct stored": ("self.node = self.node", "self.node", "whole Struct"),
    "range as a value": ("x = range(cpu.id)", "range(cpu.id)", "for loop only"),
    "element of an object stored": ("self.list[0] = 4", "self.list[0]", "cannot change"),
    "possibly unassigned": ("if cpu.id:\n    x = 1\nself.out[0] = x", "x", "may have no value"),
    "unassigned": ("self.out[0] = x\nx = 1", "x", "no value here"),
    "set in a loop": ("for i in range(cpu.id):\n    x = i\nself.out[0] = x", "x", "no value"),
    "plain function": ("x = plain(cpu.id)", "plain(cpu.id)", "@routine"),
    "index of a list": ("x = self.list[cpu.id]", "cpu.id", "known when the image is built"),
    "index outside a list": ("x = self.list[7]", "self.list[7]", "IndexError"),
    "step not known": ("for i in range(0, 9, cpu.id):\n    pass", "cpu.id", "step"),
    "loop over a word": ("for i in cpu.id:\n    pass", "cpu.id", "range()"),
    "too many turns": ("for i in list(range(65)):\n    pass", "list(range(65))", "unrolled"),
    "while else": ("while cpu.id:\n    pass\nelse:\n    pass", "pass", "`else`"),
    "for else": ("for i in range(3):\n    pass\nelse:\n    pass", "pass", "`else`"),
    "is": ("x = cpu.id is LIMIT", "cpu.id is LIMIT", "compile-time"),
    "in": ("x = cpu.id in (1, 2)", "cpu.id in", "compile-time"),
    "Struct made": ("x = Node()", "Node()", "laid out beforehand"),
    "array as a value": ("self.node.a = self.out", "self.node.a", "array"),
    "cpu as a value": ("self.out[0] = cpu", "self.out[0]", "`cpu`"),
    "large constant": ("x = cpu.id + 9223372036854775808", "cpu.id +", "64-bit"),
    "atomic on ghost memory": ("cpu.fetch_add(self.marks[0], 1)", "self.marks[0]", "ghost"),
    "tuple of values": ("x = (cpu.id, 1)", "(cpu.id, 1)", "tuple"),
    "unpacking a number": ("a, b = cpu.id", "cpu.id", "values are needed"),
    "declaration without value": ("x: Word", "x: Word", "first value"),
    "different objects": (
        "part = self.list\nif cpu.id:\n    part = self.node\nself.out[0] = part.a",
        "part",
        "different",
    ),
    "assert message": ("assert cpu.id, cpu.id", "cpu.id", "plain string"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_construct_is_refused_with_line_caret_and_advice(name: str) -> None:
    body, marked, says = REFUSED[name]
    main = component(body, fields=FIELDS, layout=LAYOUT, above=ABOVE)
    with pytest.raises(CompileError) as caught:
        image_of(main)
    error = caught.value
    head, line, caret, *rest = str(error).splitlines()
    assert head.startswith(f"{error.file}:{error.line}: ")
    assert says in str(error)
    start = caret.index("^")
    assert line[start : start + len(caret.strip())].startswith(marked) or marked in line[start:]
    assert any(text.startswith("  instead: ") for text in rest)


def test_sixty_constructs_are_tried() -> None:
    assert len(REFUSED) >= 60


def test_error_in_a_called_routine_names_the_callers() -> None:
    above = """
    @routine
    def inner(cpu, x):
        return x / 2

    @routine
    def outer(cpu, x):
        return inner(cpu, x)
    """
    with pytest.raises(CompileError) as caught:
        image_of(component("x = outer(cpu, cpu.id)", above=above))
    called = [line for line in str(caught.value).splitlines() if "called from" in line]
    assert ["in outer" in called[0], "in Main.run" in called[1]] == [True, True]


def test_caret_counts_characters_not_bytes() -> None:
    with pytest.raises(CompileError) as caught:
        image_of(component('cpu.check(cpu.id != 1.5, "größer")'))
    _, line, caret, *_ = str(caught.value).splitlines()
    assert line[caret.index("^") : caret.index("^") + 3] == "1.5"


def test_python_code_cannot_compute_with_data() -> None:
    main = component("pass", fields="n: int = parameter(3)", layout="self.twice = 2 * self.n")
    with pytest.raises(LanguageError, match=r"workload\.n is data"):
        image_of(main)
    assert main.n == 3


def test_data_of_a_component_outside_the_image_is_refused() -> None:
    above = """
    @dataclass(eq=False)
    class Part(Component):
        n: int = parameter(3)
    """
    main = component("self.out[0] = self.part.n", layout="self.part = Part()", above=above)
    with pytest.raises(CompileError, match="no part of this image"):
        image_of(main)
