"""Routines executed by CPython itself, with checked arithmetic and a shadow of simulated memory.

The source is the author's; only what Python does otherwise than the language is replaced: operators
(int64, diagnosed), augmented assignment of fields, and fields given by address.
"""

from __future__ import annotations

import ast
import operator
from collections import Counter
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from smplab.language.fields import ArrayKind, RefKind, layout_of
from smplab.language.image import LINE_WORDS, Program
from smplab.language.memory import Root
from tests.language import vocabulary

LEAST, MOST = -(2**63), 2**63 - 1
MAX_STEPS = 20_000
ATOMICS = {"load", "store", "swap", "cas", "fetch_add", "fetch_or", "fetch_and"}
OPERATORS: dict[str, Any] = {
    "Add": operator.add, "Sub": operator.sub, "Mult": operator.mul, "FloorDiv": operator.floordiv,
    "Mod": operator.mod, "BitAnd": operator.and_, "BitOr": operator.or_, "BitXor": operator.xor,
    "LShift": operator.lshift, "RShift": operator.rshift, "USub": operator.neg,
    "UAdd": operator.pos, "Invert": operator.invert,
}  # fmt: skip


class Diagnosis(Exception):
    """The run ends as the language says: overflow, division, shift, address or check."""


class TooLong(Exception):
    """The program is not worth its time."""


def fits(value: int) -> int:
    if not LEAST <= value <= MOST:
        raise Diagnosis("overflow")
    return value


class Place:
    """A word by address."""

    def __init__(self, memory: list[int], address: int, kind: Any) -> None:
        self.memory, self.address, self.kind = memory, address, kind

    def get(self) -> Any:
        self._check()
        value = self.memory[self.address]
        struct = self.kind.struct if isinstance(self.kind, RefKind) else None
        return value if struct is None else Ref(self.memory, value, struct)

    def set(self, value: Any) -> None:
        self._check()
        self.memory[self.address] = int(value)

    def _check(self) -> None:
        if not LINE_WORDS <= self.address < len(self.memory):
            raise Diagnosis("address")


class Ref:
    """A reference: its fields are words of the shadow memory."""

    def __init__(self, memory: list[int], address: int, struct: Any) -> None:
        self.__dict__.update(_memory=memory, _address=address, _struct=struct)

    def __getattr__(self, name: str) -> Any:
        return _read(self._memory, self._address, layout_of(self._struct).fields[name])

    def __setattr__(self, name: str, value: Any) -> None:
        field_of(self, name).set(value)

    def __int__(self) -> int:
        return int(self._address)

    def __bool__(self) -> bool:
        return int(self) != 0

    def __eq__(self, other: object) -> bool:
        return int(self) == int(other)  # type: ignore[call-overload, no-any-return]

    def __hash__(self) -> int:
        return hash(int(self))


class Array:
    """Elements in the shadow memory."""

    def __init__(self, memory: list[int], address: int, kind: ArrayKind) -> None:
        self.memory, self.address, self.kind = memory, address, kind

    def at(self, index: int) -> int:
        return fits(self.address + fits(index * self.kind.stride))

    def __getitem__(self, index: int) -> Any:
        if isinstance(self.kind.element, type):
            return Ref(self.memory, self.at(index), self.kind.element)
        return Place(self.memory, self.at(index), self.kind.element).get()

    def __setitem__(self, index: int, value: Any) -> None:
        Place(self.memory, self.at(index), self.kind.element).set(value)


def _read(memory: list[int], base: int, field: Any) -> Any:
    if isinstance(field.kind, ArrayKind):
        return Array(memory, base + field.offset, field.kind)
    if isinstance(field.kind, type):
        return Ref(memory, base + field.offset, field.kind)
    return Place(memory, base + field.offset, field.kind).get()


def field_of(ref: Any, name: str) -> Place:
    field = layout_of(ref._struct).fields[name]
    return Place(ref._memory, int(ref) + field.offset, field.kind)


class Operations:
    """What the rewritten source calls."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooLong

    def binary(self, name: str, x: Any, y: Any) -> int:
        if name in ("FloorDiv", "Mod") and y == 0:
            raise Diagnosis("division")
        if name in ("LShift", "RShift") and not 0 <= y <= 63:
            raise Diagnosis("shift")
        return fits(OPERATORS[name](x, y))

    def unary(self, name: str, x: Any) -> int:
        return fits(OPERATORS[name](x))

    def absolute(self, x: int) -> int:
        return fits(abs(x))

    def field(self, base: Ref, name: str) -> Place:
        return field_of(base, name)

    def element(self, base: Array, index: int) -> Place:
        return Place(base.memory, base.at(index), base.kind.element)

    def augment(self, place: Place, name: str, value: Any) -> None:
        place.set(self.binary(name, place.get(), value()))

    def holds(self, condition: Any) -> None:
        if not condition:
            raise Diagnosis("check")


OPERATIONS = Operations()


class Cpu:
    """The intrinsics on shadow memory."""

    def __init__(self, number: int, count: int) -> None:
        self.id, self.count = number, count
        self.tallies: Counter[str] = Counter()
        self.time = 0

    def load(self, place: Place) -> Any:
        return place.get()

    def store(self, place: Place, value: Any) -> None:
        place.set(value)

    def swap(self, place: Place, value: Any) -> Any:
        old = place.get()
        place.set(value)
        return old

    def cas(self, place: Place, expected: Any, new: Any) -> bool:
        hit = bool(place.get() == expected)
        if hit:
            place.set(new)
        return hit

    def fetch_add(self, place: Place, value: int) -> int:
        old = place.get()
        place.set(fits(old + value))
        return int(old)

    def fetch_or(self, place: Place, value: int) -> int:
        old = place.get()
        place.set(old | value)
        return int(old)

    def fetch_and(self, place: Place, value: int) -> int:
        old = place.get()
        place.set(old & value)
        return int(old)

    def shift_right_logical(self, value: int, n: int) -> int:
        if not 0 <= n <= 63:
            raise Diagnosis("shift")
        bits = (value & (2**64 - 1)) >> n
        return bits - 2**64 if bits > MOST else bits

    def tally(self, counter: str, n: int = 1) -> None:
        self.tallies[counter] += n

    def delay(self, cycles: int) -> None:
        self.time += cycles

    def check(self, condition: Any, message: str) -> None:
        if not condition:
            raise Diagnosis("check")

    def fence(self) -> None: ...


AT: Any = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}
"""Where the rewritten parts claim to stand."""


def constant(value: Any) -> ast.Constant:
    return ast.Constant(value, **AT)


class Rewriter(ast.NodeTransformer):
    """Puts checked operations in the place of Python's."""

    def _call(self, name: str, *arguments: ast.expr) -> ast.Call:
        target = ast.Attribute(ast.Name("_language", ast.Load(), **AT), name, ast.Load(), **AT)
        return ast.Call(target, list(arguments), [], **AT)

    def _place(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Attribute):
            return self._call("field", self.visit(node.value), constant(node.attr))
        if isinstance(node, ast.Subscript):
            return self._call("element", self.visit(node.value), self.visit(node.slice))
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return self._call("binary", constant(type(node.op).__name__), node.left, node.right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            return node
        return self._call("unary", constant(type(node.op).__name__), node.operand)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        value = self.visit(node.value)
        name = constant(type(node.op).__name__)
        if isinstance(node.target, ast.Name):
            old = ast.Name(node.target.id, ast.Load(), **AT)
            return ast.Assign([node.target], self._call("binary", name, old, value), **AT)
        later = ast.Lambda(ast.arguments([], [], None, [], [], None, []), value, **AT)
        return ast.Expr(self._call("augment", self._place(node.target), name, later), **AT)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return ast.Expr(self._call("holds", self.visit(node.test)), **AT)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        by_address = -1
        if isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "cpu":
            by_address = 0 if name in ATOMICS else -1
        elif name.endswith("_at"):
            by_address = 1
        if name == "abs":
            return self._call("absolute", *(self.visit(a) for a in node.args))
        node.func = self.visit(node.func)
        node.args = [
            self._place(a) if i == by_address else self.visit(a) for i, a in enumerate(node.args)
        ]
        node.keywords = [self.visit(k) for k in node.keywords]
        return node

    def _stepping(self, node: Any) -> Any:
        self.generic_visit(node)
        node.body.insert(0, ast.Expr(self._call("step"), **AT))
        return node

    visit_For = visit_While = visit_FunctionDef = _stepping


def rewritten(tree: ast.Module) -> dict[str, Any]:
    """Execute a module with checked operations; the tree is used up."""
    names: dict[str, Any] = {"_language": OPERATIONS, "__name__": __name__}
    exec(compile(Rewriter().visit(tree), "<oracle>", "exec"), names)
    return names


@cache
def twist() -> Any:
    """The routine of the vocabulary's compile-time objects, with checked operations."""
    return rewritten(ast.parse(Path(vocabulary.__file__).read_text()))["Part"].twist


class Part(vocabulary.Part):
    """The vocabulary's compile-time object, as Python sees it."""

    def twist(self, cpu: Any, x: int) -> int:
        return int(twist()(self, cpu, x))


def execute(tree: ast.Module, program: Program, build: Any, cpu: int, count: int) -> Any:
    """Run a generated module's `Main.run` in Python; the tree is used up.

    Returns:
        outcome ("halt" or the kind of a Diagnosis), memory, tallies, time.
    """
    OPERATIONS.steps = 0
    names = rewritten(tree)
    names["Main"].part, names["Main"].other = (
        Part(p.flag, p.bias) for p in (build.part, build.other)
    )
    memory = [0] * program.memory_words
    names["NULL"] = Ref(memory, 0, vocabulary.Node)
    main = names["Main"]()
    for key, value in vars(build).items():
        if isinstance(value, Root):
            number = program.image.parameters.index(value.object.base)
            address = int(program.parameters[number])
            kind: Any = value.kind
            shadow = (
                Ref(memory, address, kind)
                if isinstance(kind, type)
                else Array(memory, address, kind)
            )
            setattr(main, key, shadow)
        elif isinstance(value, int):
            setattr(main, key, value)
    shadow_cpu = Cpu(cpu, count)
    outcome = "halt"
    try:
        main.boot(shadow_cpu)
        main.run(shadow_cpu)
    except Diagnosis as diagnosis:
        outcome = str(diagnosis)
    return SimpleNamespace(
        outcome=outcome, memory=memory, tallies=shadow_cpu.tallies, time=shadow_cpu.time
    )
