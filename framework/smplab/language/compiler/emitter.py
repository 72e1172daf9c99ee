"""The ground of the compiler: emitting instructions, folding them, putting values in registers."""

from __future__ import annotations

import ast
from typing import Any, NoReturn

from smplab.language.compiler.fold import fold
from smplab.language.compiler.ir import FLIPPED, Block, Function, Instr
from smplab.language.compiler.source import Source
from smplab.language.compiler.unit import Unit
from smplab.language.compiler.values import (
    CPU,
    ArrayValue,
    Env,
    PlaceValue,
    Reg,
    Static,
    Value,
    is_number,
)
from smplab.language.data import DataParameter
from smplab.language.errors import CompileError
from smplab.language.fields import RefKind, Scalar
from smplab.language.isa import Op
from smplab.language.memory import Root


class TooBig(Exception):
    """An inlined call outgrew its budget; caught where it began."""


class Writer:
    """The function being written: its current block and the budget of the call being inlined."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.block: Block | None = function.new_block()
        self.block.reached = True
        self.emitted = 0
        self.limit: int | None = None


class Emitter:
    """One routine at one place where it is inlined (or called): what all layers above share.

    Attributes:
        env: what the local names mean at the current point.
        called_from: the chain of calls that led here, innermost first, for errors.
    """

    def __init__(
        self, unit: Unit, writer: Writer, source: Source, called_from: tuple[str, ...]
    ) -> None:
        self.unit = unit
        self.writer = writer
        self.function = writer.function
        self.source = source
        self.called_from = called_from
        self.env: Env = {}
        self.node: ast.AST = source.tree

    def error(self, node: ast.AST, problem: str, instead: str = "") -> CompileError:
        """The CompileError that points at `node`."""
        return self.source.error(node, problem, instead, self.called_from)

    def fail(self, node: ast.AST, problem: str, instead: str = "") -> NoReturn:
        """Raise the CompileError that points at `node`."""
        raise self.error(node, problem, instead)

    # --- instructions -------------------------------------------------------------------------

    def emit(
        self, node: ast.AST, op: Op, srcs: tuple[int, ...] = (), imms: tuple[Any, ...] = ()
    ) -> None:
        """An instruction without a result."""
        self._append(node, op, -1, srcs, imms)

    def compute(
        self, node: ast.AST, op: Op, srcs: tuple[int, ...] = (), imms: tuple[Any, ...] = ()
    ) -> int:
        """An instruction with a result, or the constant that it folds to."""
        constants = [self.function.constant(s) for s in srcs]
        if None not in constants or op is Op.ADDI or op is Op.ADD or op is Op.SUB or op is Op.MUL:
            folded = fold(op, srcs, constants, imms, self.function)
            if isinstance(folded, int):
                return folded
            if folded is not None:
                op, srcs, imms = folded
        dst = self.function.new_register()
        self._append(node, op, dst, srcs, imms)
        return dst

    def move(self, node: ast.AST, dst: int, src: int) -> None:
        """Assign a variable's register."""
        if dst != src:
            self._append(node, Op.MOV, dst, (src,), ())

    def _append(
        self, node: ast.AST, op: Op, dst: int, srcs: tuple[int, ...], imms: tuple[Any, ...]
    ) -> None:
        writer = self.writer
        assert writer.block is not None
        site = self.source.site(getattr(node, "lineno", self.source.tree.lineno))
        writer.block.instrs.append(Instr(op, dst, srcs, imms, site))
        writer.emitted += 1
        if writer.limit is not None and writer.emitted > writer.limit:
            raise TooBig

    # --- control flow ---------------------------------------------------------------------------

    def jump(self, node: ast.AST, target: Block) -> None:
        """End the current block, if there is one."""
        block = self.writer.block
        if block is not None:
            site = self.source.site(getattr(node, "lineno", self.source.tree.lineno))
            block.finish(Op.JMP, (), [target], site)
            target.reached = True
            self.writer.block = None

    def branch(self, node: ast.AST, op: Op, a: int, b: int, yes: Block, no: Block) -> None:
        """End the current block with a comparison of two registers; folded if both are known."""
        x, y = self.function.constant(a), self.function.constant(b)
        if (x is not None and y is not None) or a == b:
            result = decide(op, x or 0, y or 0) if a != b else op in (Op.BEQ, Op.BLE)
            self.jump(node, yes if result else no)
            return
        block = self.writer.block
        assert block is not None
        site = self.source.site(getattr(node, "lineno", self.source.tree.lineno))
        block.finish(op, (a, b), [yes, no], site)
        yes.reached = no.reached = True
        self.writer.emitted += 1
        self.writer.block = None

    def start(self, block: Block) -> bool:
        """Go on in `block`; False if no way leads there, so that it is not compiled."""
        assert self.writer.block is None
        self.writer.block = block if block.reached else None
        return block.reached

    @property
    def alive(self) -> bool:
        """Whether the current point can be reached."""
        return self.writer.block is not None

    # --- values ---------------------------------------------------------------------------------

    def number(self, value: int) -> int:
        """The register of a constant."""
        return self.function.pooled_register("i", int(value))

    def parameter(self, name: str) -> int:
        """The register of a word of the parameter block."""
        return self.function.pooled_register("p", self.unit.parameters[name])

    def wrap(self, obj: Any) -> Value:
        """The value of a compile-time object."""
        if isinstance(obj, DataParameter):
            return Reg(self.parameter(obj.name), Scalar.INT)
        if isinstance(obj, Root):
            base = self.parameter(obj.object.base)
            if isinstance(obj.kind, type):
                return Reg(base, RefKind(obj.kind, obj.object.ghost))
            return ArrayValue(base, 0, obj.kind, obj.object.ghost)
        return Static(obj)

    def register(self, node: ast.AST, value: Value) -> int:
        """The register that holds a value."""
        if isinstance(value, Reg):
            if value.offset:
                return self.compute(node, Op.ADDI, (value.register,), (value.offset,))
            return value.register
        if isinstance(value, ArrayValue):
            self.fail(node, "an array is not a value", "an element of it, such as `table[i]`")
        obj = value.object
        if is_number(obj):
            if not -(2**63) <= obj < 2**63:
                self.fail(node, f"{obj} does not fit into a 64-bit word", "a smaller number")
            return self.number(obj)
        if isinstance(obj, float):
            self.fail(
                node,
                "a float has no place here: values are 64-bit whole numbers",
                "a scaled whole number, for example hundredths",
            )
        if isinstance(obj, str):
            self.fail(
                node,
                "a string is no value when the image runs",
                "a whole number; strings only name regions, counters, streams and messages",
            )
        if obj is None:
            self.fail(
                node, "None is no value when the image runs", "NULL for references, or a number"
            )
        if obj is CPU:
            self.fail(node, "`cpu` is no value", "cpu.id, or pass `cpu` on to a routine")
        raise self.error(
            node,
            f"{type(obj).__name__} object {obj!r} is no 64-bit word",
            "a whole number, a truth value or a reference",
        )

    def load(self, node: ast.AST, place: PlaceValue) -> Reg:
        """Read a place."""
        op = Op.GLOAD if place.ghost else Op.LOAD
        return Reg(self.compute(node, op, (place.register,), (place.offset,)), place.kind)

    def store(self, node: ast.AST, place: PlaceValue, register: int) -> None:
        """Write a place."""
        op = Op.GSTORE if place.ghost else Op.STORE
        self.emit(node, op, (place.register, register), (place.offset,))


def decide(op: Op, a: int, b: int) -> bool:
    """Whether a branch on two numbers is taken."""
    if op is Op.BEQ:
        return a == b
    if op is Op.BNE:
        return a != b
    return a < b if op is Op.BLT else a <= b


def opposite(op: Op, a: int, b: int) -> tuple[Op, int, int]:
    """The branch that is taken exactly when this one is not."""
    if op in FLIPPED:
        return FLIPPED[op], a, b
    return (Op.BLE if op is Op.BLT else Op.BLT), b, a
