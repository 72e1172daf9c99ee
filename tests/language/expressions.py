"""Random expressions of the routine language, for the generator of programs."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

NUMBERS = (
    0, 1, 2, 3, 5, 7, 8, 63, 64, 255, -1, -2, -8, 2**31, -(2**31), 2**62, 2**63 - 1, -(2**63) + 1,
)  # fmt: skip
ARITHMETIC = ["+"] * 5 + ["-"] * 4 + ["*"] * 2 + ["//", "%", "&", "|", "^", "<<", ">>"]
RELATIONS = ["==", "!=", "<", "<=", ">", ">="]


@dataclass
class Signature:
    """A routine that may be called: how, and with which kinds of arguments."""

    call: str
    kinds: tuple[str, ...]
    gives: str


@dataclass
class Scope:
    """What a routine under construction may use."""

    words: list[str]
    refs: list[str]
    places: list[str]
    fixed: list[str] = field(default_factory=list)
    loops: int = 0
    unrolled: int = 0
    method: bool = True
    gives: str = "word"

    def inner(self) -> Scope:
        return Scope(
            list(self.words), list(self.refs), list(self.places), list(self.fixed), self.loops,
            self.unrolled, self.method, self.gives,
        )  # fmt: skip


class Expressions:
    """Words, conditions, references and places as text."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.routines: list[Signature] = []

    def _call(self, scope: Scope, gives: str, depth: int) -> str | None:
        fit = [
            r for r in self.routines
            if r.gives == gives and (scope.method or not r.call.startswith("self."))
        ]  # fmt: skip
        if not fit or scope.loops > 1:
            return None
        chosen = self.random.choice(fit)
        make = {
            "word": self._word, "ref": self._ref, "place": self._place, "leaf": self._leaf,
        }  # fmt: skip
        arguments = [make[kind](scope, depth - 1) for kind in chosen.kinds]
        return f"{chosen.call}({', '.join(['cpu', *arguments])})"

    def _constant(self, scope: Scope) -> str:
        rnd = self.random
        if rnd.random() < 0.25:
            return rnd.choice(["LIMIT", "Color.RED", "Color.GREEN", "TABLE[1]", "len(TABLE)"])
        if scope.method and rnd.random() < 0.3:
            return rnd.choice(["self.size", "self.part.bias"])
        return f"({rnd.choice(NUMBERS)})"

    def _word(self, scope: Scope, depth: int) -> str:
        rnd = self.random
        if depth <= 0 or rnd.random() < 0.2:
            if scope.words and rnd.random() < 0.65:
                return rnd.choice(scope.words)
            if rnd.random() < 0.5:
                return self._constant(scope)
            return rnd.choice(
                ["cpu.id", "cpu.count", *(["self.p", "self.q"] if scope.method else [])]
            )
        kind = rnd.randrange(22)
        less = depth - 1
        if kind < 8:
            return self._arithmetic(scope, less)
        if kind < 10:
            return f"({rnd.choice(['-', '~', '+', 'not '])}{self._word(scope, less)})"
        if kind == 10:
            return f"({self._condition(scope, less)})"
        if kind == 11:
            arms = self._word(scope, less), self._word(scope, less)
            return f"({arms[0]} if {self._condition(scope, less)} else {arms[1]})"
        if kind == 12:
            word = rnd.choice([" and ", " or "])
            return f"({word.join(self._word(scope, less) for _ in range(rnd.randint(2, 3)))})"
        if kind == 13:
            function = rnd.choice(["min", "max"])
            return f"{function}({self._word(scope, less)}, {self._word(scope, less)})"
        if kind == 14:
            return rnd.choice(["abs({})", "bool({})", "int({})"]).format(self._word(scope, less))
        if kind == 15:
            return self._atomic(scope, less)
        if kind == 16:
            operands = self._word(scope, less), self._word(scope, less)
            return f"cpu.shift_right_logical({operands[0]}, {operands[1]} & 63)"
        if kind == 17 and scope.method:
            return f"self.{rnd.choice(['part', 'other'])}.twist(cpu, {self._word(scope, less)})"
        if kind < 20:
            call = self._call(scope, "word", less)
            if call:
                return call
        return self._memory(scope, less)

    def _arithmetic(self, scope: Scope, depth: int) -> str:
        op = self.random.choice(ARITHMETIC)
        left, right = self._word(scope, depth), self._word(scope, depth)
        if self.random.random() < 0.8:  # mostly something that goes on
            if op in ("<<", ">>"):
                right = f"({right} & {self.random.choice([1, 7, 63])})"
            elif op in ("//", "%"):
                right = f"({right} | 1)"
            elif op == "*":
                left = f"({left} & 255)"
        return f"({left} {op} {right})"

    def _atomic(self, scope: Scope, depth: int) -> str:
        place = self._place(scope, depth)
        name = self.random.choice(["load", "swap", "cas", "fetch_add", "fetch_or", "fetch_and"])
        count = {"load": 0, "cas": 2}.get(name, 1)
        return f"cpu.{name}({', '.join([place, *(self._word(scope, 1) for _ in range(count))])})"

    def _condition(self, scope: Scope, depth: int) -> str:
        rnd = self.random
        kind = rnd.randrange(12)
        if depth <= 0 or kind < 5:
            pair = self._word(scope, depth - 1), self._word(scope, depth - 1)
            return f"{pair[0]} {rnd.choice(RELATIONS)} {pair[1]}"
        less = depth - 1
        if kind < 7:
            operands = [self._word(scope, less) for _ in range(rnd.randint(3, 4))]
            text = operands[0]
            for operand in operands[1:]:
                text += f" {rnd.choice(RELATIONS)} {operand}"
            return text
        if kind == 7:
            return f"not ({self._condition(scope, less)})"
        if kind < 10:
            word = rnd.choice([" and ", " or "])
            return word.join(f"({self._condition(scope, less)})" for _ in range(rnd.randint(2, 3)))
        if kind == 10 and scope.method:
            return rnd.choice(
                ["self.flag", "self.part.flag", "self.size > 2", "self.part is self.other"]
            )
        return f"{self._ref(scope, 1)} {rnd.choice(['==', '!='])} {self._ref(scope, 1)}"

    # --- memory ---------------------------------------------------------------------------------

    def _index(self, scope: Scope, size: int) -> str:
        rnd = self.random
        if rnd.random() < 0.3:
            return str(rnd.randrange(size))
        return f"{self._word(scope, 1)} % {size if rnd.random() < 0.95 else size * 3}"

    def _node(self, scope: Scope) -> str:
        rnd = self.random
        choices = [*scope.refs, *scope.refs]
        if scope.method:
            choices += [f"self.nodes[{self._index(scope, 5)}]", "self.top"]
        return rnd.choice(choices)

    def _ref(self, scope: Scope, depth: int) -> str:
        rnd = self.random
        kind = rnd.randrange(8)
        if kind == 0:
            return "NULL"
        if kind == 1:
            return f"{self._node(scope)}.link"
        if kind == 2 and depth > 0:
            call = self._call(scope, "ref", depth)
            if call:
                return call
        if kind == 3 and depth > 0:
            a, b = self._node(scope), self._ref(scope, depth - 1)
            return f"({a} if {self._condition(scope, 1)} else {b})"
        if kind == 4 and depth > 0:
            return f"cpu.swap({self._node(scope)}.link, {self._ref(scope, depth - 1)})"
        return self._node(scope)

    def _leaf(self, scope: Scope, depth: int) -> str:
        rnd = self.random
        choices = list(scope.fixed)
        if scope.method:
            choices += [f"self.mine[cpu.id * 2 + {rnd.randrange(2)}]"]
        node = self._node(scope)
        choices += [f"{node}.leaf", f"{node}.leaves[{rnd.randrange(3)}]"]
        choices += [f"{node}.leaves[({self._word(scope, 1)} + cpu.count) % 3]"]
        return rnd.choice(choices)

    def _place(self, scope: Scope, depth: int) -> str:
        if scope.places and self.random.random() < 0.6:
            return self.random.choice(scope.places)
        return self._memory(scope, depth)

    def _memory(self, scope: Scope, depth: int) -> str:
        rnd = self.random
        kind = rnd.randrange(6)
        if kind < 2 and scope.method:
            return f"self.words[{self._index(scope, 16)}]"
        if kind == 2:
            return f"{self._leaf(scope, depth)}.{rnd.choice('xy')}"
        node = self._node(scope)
        if kind == 3:
            index = [str(rnd.randrange(4)), f"(cpu.count + {self._word(scope, 1)}) % 4"]
            return f"{node}.row[{rnd.choice(index)}]"
        return f"{node}.{rnd.choice('ab')}"
