"""The CPU's methods as instructions."""

from __future__ import annotations

import ast
from typing import Any

from smplab.language.compiler.conditions import Conditions
from smplab.language.compiler.ir import Function
from smplab.language.compiler.values import ArrayValue, PlaceValue, Reg, Static, Value
from smplab.language.fields import Kind, Scalar
from smplab.language.isa import Cause, Op

_MISSING = object()

# (name, how it is taken, default): p a place, v a value, s a string, c a cause, x a condition,
# a an address, i the name of an interrupt vector, f a routine that a context starts in.
_Parameters = tuple[tuple[str, str, Any], ...]


def _parameters(text: str, **defaults: Any) -> _Parameters:
    pairs = (word.split(":") for word in text.split())
    return tuple((name, how, defaults.get(name, _MISSING)) for name, how in pairs)


INTRINSICS: dict[str, _Parameters] = {
    "load": _parameters("place:p"),
    "store": _parameters("place:p value:v"),
    "swap": _parameters("place:p value:v"),
    "cas": _parameters("place:p expected:v new:v"),
    "fetch_add": _parameters("place:p value:v"),
    "fetch_or": _parameters("place:p value:v"),
    "fetch_and": _parameters("place:p value:v"),
    "fence": (),
    "wait": _parameters("place:p"),
    "idle": _parameters("place:p"),
    "delay": _parameters("cycles:v"),
    "time": (),
    "random": _parameters("bound:v stream:s", stream="random"),
    "exponential": _parameters("mean:v stream:s", stream="random"),
    "begin": _parameters("region:s"),
    "end": _parameters("region:s"),
    "tally": _parameters("counter:s n:v", n=1),
    "check": _parameters("condition:x message:s"),
    "cause": _parameters("cause:c"),
    "halt": (),
    "shift_right_logical": _parameters("value:v n:v"),
    "enable_interrupts": (),
    "disable_interrupts": (),
    "send_ipi": _parameters("target:v vector:i"),
    "set_timer": _parameters("at_cycles:v"),
    "take_pending": _parameters("vector:i"),
    "enter_kernel": (),
    "exit_kernel": (),
    "new_context": _parameters("index:v routine:f argument:v", argument=0),
    "switch_context": _parameters("index:v"),
    "set_space": _parameters("space:v root:a"),
    "touch": _parameters("page:v write:v", write=0),
    "invalidate_page": _parameters("space:v page:v"),
    "invalidate_space": _parameters("space:v"),
    "flush_tlb": (),
    "broadcast_page": _parameters("space:v page:v"),
    "broadcast_space": _parameters("space:v"),
    "reuse_frame": _parameters("frame:v"),
    "instrumented": _parameters("point:s"),
    "instrument": _parameters("point:s on:v"),
}
_PLAIN: dict[str, Op] = {
    "fence": Op.FENCE,
    "delay": Op.DELAY,
    "enable_interrupts": Op.ENABLE,
    "enter_kernel": Op.ENTER,
    "exit_kernel": Op.EXIT,
    "switch_context": Op.SWITCH,
    "set_space": Op.SPACE,
    "invalidate_page": Op.DROP,
    "invalidate_space": Op.DROPSPACE,
    "flush_tlb": Op.FLUSH,
    "broadcast_page": Op.DROPALL,
    "broadcast_space": Op.DROPSPACEALL,
    "reuse_frame": Op.REUSE,
}
"""No result, and registers in the order of the arguments."""
TIMER = "timer"
"""The vector of `set_timer`."""

_ATOMIC = {
    "swap": Op.SWAP,
    "cas": Op.CAS,
    "fetch_add": Op.FADD,
    "fetch_or": Op.FOR,
    "fetch_and": Op.FAND,
}


class Intrinsics(Conditions):
    """Compiling `cpu.something(...)`."""

    def intrinsic(self, node: ast.Call, name: str) -> Value | None:
        """One intrinsic; None if it gives no value."""
        parameters = INTRINSICS.get(name)
        if parameters is None:
            self.fail(
                node.func,
                f"the CPU has no method `{name}`",
                "one of " + ", ".join(sorted(INTRINSICS)),
            )
        arguments = self._bind(node, name, parameters)
        return self._lower(node, name, arguments)

    def _bind(self, node: ast.Call, name: str, parameters: _Parameters) -> dict[str, Any]:
        names = [parameter[0] for parameter in parameters]
        usage = f"cpu.{name}({', '.join(names)})"
        if len(node.args) > len(parameters):
            self.fail(
                node, f"cpu.{name} takes {len(parameters)} arguments, {len(node.args)} given", usage
            )
        given: dict[str, ast.expr] = dict(zip(names, node.args, strict=False))
        for keyword in node.keywords:
            if keyword.arg not in names or keyword.arg in given:
                self.fail(
                    node, f"cpu.{name} takes no second or unknown argument `{keyword.arg}`", usage
                )
            given[keyword.arg] = keyword.value
        how = {parameter[0]: parameter for parameter in parameters}
        result: dict[str, Any] = {}
        for argument, value in given.items():  # as they are written, so as Python evaluates them
            result[argument] = self._take(value, name, how[argument][1])
        for argument, _, default in parameters:
            if argument not in result:
                if default is _MISSING:
                    self.fail(node, f"cpu.{name} lacks its argument `{argument}`", usage)
                result[argument] = self.number(default) if isinstance(default, int) else default
        return result

    def _take(self, node: ast.expr, name: str, how: str) -> Any:
        if how == "x":
            return node
        if how == "p":
            place = self.place(node)
            if place.ghost and name not in ("load", "store"):
                self.fail(
                    node,
                    "ghost memory has no atomic operations and nobody waits for it",
                    "a plain read or write",
                )
            return place
        if how == "f":
            return self.started(node)
        value = self.value(node)
        if how == "i":
            if isinstance(value, Static) and isinstance(value.object, str):
                return self._vector(node, value.object)
            self.fail(node, "a vector is named by a string", 'a vector such as "reschedule"')
        if how == "a" and isinstance(value, ArrayValue):
            return self.register(node, Reg(value.register, Scalar.INT, value.offset))
        if how == "s":
            if isinstance(value, Static) and isinstance(value.object, str):
                return value.object
            self.fail(
                node,
                "a name is needed here that is known when the image is built",
                'a string such as "operation"',
            )
        if how == "c":
            if isinstance(value, Static) and isinstance(value.object, Cause):
                return int(value.object)
            self.fail(
                node,
                "a cause is needed here that is known when the image is built",
                "Cause.USER or another member of Cause",
            )
        return self.register(node, value)

    def started(self, node: ast.expr) -> Function:
        """The routine that a context starts in; the layer of calls defines it."""
        raise NotImplementedError

    def _vector(self, node: ast.AST, name: str) -> int:
        number = self.unit.vectors.get(name)
        if number is None:
            known = ", ".join(self.unit.vectors) or "none"
            self.fail(
                node,
                f"no component of the image handles the vector {name!r}: there are {known}",
                f'a routine marked @routine(vector="{name}")',
            )
        return number

    def _lower(self, node: ast.Call, name: str, args: dict[str, Any]) -> Value | None:
        place: PlaceValue | None = args.get("place")
        if place is not None:
            return self._memory(node, name, place, args)
        unit = self.unit
        match name:
            case _ if name in _PLAIN:
                order = [parameter[0] for parameter in INTRINSICS[name]]
                self.emit(node, _PLAIN[name], tuple(args[argument] for argument in order))
            case "time":
                return Reg(self.compute(node, Op.TIME), Scalar.INT)
            case "random":
                stream = unit.streams.number(args["stream"])
                return Reg(self.compute(node, Op.RAND, (args["bound"],), (stream,)), Scalar.INT)
            case "exponential":
                stream = unit.streams.number(args["stream"])
                return Reg(self.compute(node, Op.RANDEXP, (args["mean"],), (stream,)), Scalar.INT)
            case "begin":
                self.emit(node, Op.BEGIN, (), (unit.regions.number(args["region"]),))
            case "end":
                self.emit(node, Op.END, (), (unit.regions.number(args["region"]),))
            case "tally":
                self.emit(node, Op.COUNT, (args["n"],), (unit.counters.number(args["counter"]),))
            case "check":
                self.check(args["condition"], args["message"])
            case "cause":
                self.emit(node, Op.CAUSE, (), (args["cause"],))
            case "halt":
                self.halt(node)
            case "disable_interrupts":
                return Reg(self.compute(node, Op.DISABLE), Scalar.BOOL)
            case "send_ipi":
                self.emit(node, Op.SEND, (args["target"],), (args["vector"],))
            case "set_timer":
                self.emit(node, Op.TIMER, (args["at_cycles"],), (self._vector(node, TIMER),))
            case "take_pending":
                return Reg(self.compute(node, Op.TAKE, (), (args["vector"],)), Scalar.BOOL)
            case "new_context":
                registers = (args["index"], args["argument"])
                self.emit(node, Op.CREATE, registers, (args["routine"],))
            case "touch":
                return Reg(self.compute(node, Op.TOUCH, (args["page"], args["write"])), Scalar.INT)
            case "instrumented":
                point = unit.points.number(args["point"])
                return Reg(self.compute(node, Op.POINT, (), (point,)), Scalar.BOOL)
            case "instrument":
                point = unit.points.number(args["point"])
                self.emit(node, Op.TOGGLE, (args["on"],), (point,))
            case _:
                operands = (args["value"], args["n"])
                return Reg(self.compute(node, Op.SHR, operands), Scalar.INT)
        return None

    def _memory(
        self, node: ast.Call, name: str, place: PlaceValue, args: dict[str, Any]
    ) -> Value | None:
        at, offset = (place.register,), (place.offset,)
        if name == "load":
            return self.load(node, place)
        if name == "store":
            self.store(node, place, args["value"])
            return None
        if name in ("wait", "idle"):
            cause = Cause.LOCK_WAIT if name == "wait" else Cause.IDLE
            self.emit(node, Op.WAIT, at, (*offset, int(cause)))
            return None
        operands = (args["expected"], args["new"]) if name == "cas" else (args["value"],)
        result = self.compute(node, _ATOMIC[name], (*at, *operands), offset)
        kind: Kind = Scalar.BOOL if name == "cas" else place.kind
        return Reg(result, kind)

    def check(self, condition: ast.expr, message: str) -> None:
        """The run fails with `message` unless the condition holds."""
        if isinstance(condition, ast.BoolOp) and isinstance(condition.op, ast.And):
            for part in condition.values:
                self.check(part, message)
            return
        value = self._checked(condition)
        if isinstance(value, Static) and value.object:
            return
        register = self.number(0) if isinstance(value, Static) else self.register(condition, value)
        self.emit(condition, Op.CHECK, (register,), (self.unit.messages.number(message),))

    def _checked(self, condition: ast.expr) -> Value:
        # CHECK asks whether a register is 0, so `x != 0` needs no comparison.
        match condition:
            case ast.Compare(left=left, ops=[ast.NotEq()], comparators=[right]):
                first, second = self.value(left), self.value(right)
                if isinstance(first, Reg) and isinstance(second, Static) and second.object == 0:
                    return first
                known = self.static_compare(condition.ops[0], first, second)
                if known is not None:
                    return Static(known)
                pair = (self.register(left, first), self.register(right, second))
                return Reg(self.compute(condition, Op.NE, pair), Scalar.BOOL)
        return self.value(condition)

    def halt(self, node: ast.AST) -> None:
        """This CPU stops; nothing after it is reached."""
        block = self.writer.block
        assert block is not None
        block.finish(Op.HALT, (), [], self.source.site(getattr(node, "lineno", 1)))
        self.writer.block = self.function.new_block()
