"""Random programs in the routine language: source text of a module with a component `Main`."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

HEADER = """\
from __future__ import annotations

from dataclasses import dataclass

from smplab.language import NULL, Array, Component, Cpu, Memory, Place, Ref, Word, parameter, routine
from tests.language.vocabulary import LIMIT, TABLE, Color, Leaf, Node, Part

"""
LAYOUT = """\
    def layout(self, memory: Memory) -> None:
        self.nodes: Array[Node] = memory.array(Node, 5)
        self.words: Array[Word] = memory.array(Word, 16)
        self.top: Node = memory.struct(Node)
        self.mine: Array[Leaf] = memory.per_cpu(Leaf, 2)

    @routine
    def boot(self, cpu: Cpu) -> None:
        for i in range(5):
            self.nodes[i].a = i * 11 - 20
            self.nodes[i].link = self.nodes[(i * 3 + 1) % 5]
        self.nodes[{null}].link = NULL
        for i in range(16):
            self.words[i] = (i - 5) * {spread}

"""
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


class Generator:
    """One random program a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.routines: list[Signature] = []
        self.lines: list[str] = []
        self.names = 0
        self.budget = 0

    def program(self) -> str:
        rnd = self.random
        functions: list[str] = []
        methods: list[str] = []
        for number in range(rnd.randint(1, 4)):
            method = rnd.random() < 0.6
            self._routine(number, method)
            (methods if method else functions).extend(self.lines)
        main = [
            "@dataclass(eq=False)",
            "class Main(Component):",
            f"    p: int = parameter({rnd.choice(NUMBERS)})",
            f"    q: int = parameter({rnd.randint(-9, 9)})",
            f"    flag: bool = parameter({rnd.random() < 0.5})",
            f"    size: int = parameter({rnd.randint(1, 4)}, build=True)",
            f"    part = Part({rnd.random() < 0.5}, {rnd.randint(-3, 3)})",
            f"    other = Part({rnd.random() < 0.5}, {rnd.randint(-3, 3)})",
            "",
            LAYOUT.format(null=rnd.randint(0, 4), spread=rnd.choice(NUMBERS[:14])),
        ]
        self.lines = []
        self._emit(1, "@routine")
        self._emit(1, "def run(self, cpu: Cpu) -> None:")
        self.budget = 18
        scope = Scope([], [], [], gives="none")
        self._body(2, scope, 3)
        for number in range(3):
            self._emit(2, f"self.words[{number}] = {self._word(scope, 3)}")
        return HEADER + "\n".join([*functions, "", *main, *methods, *self.lines]) + "\n"

    # --- routines -------------------------------------------------------------------------------

    def _routine(self, number: int, method: bool) -> None:
        rnd = self.random
        self.lines = []
        by_address = rnd.random() < 0.25
        kinds = ["place"] if by_address else []
        kinds += [] if method else ["ref"]  # a plain function reaches memory through it
        kinds += rnd.choices(["word", "word", "ref", "leaf"], k=rnd.randint(0, 3))
        gives = rnd.choices(["word", "ref", "none"], [6, 2, 1])[0]
        annotation = {"word": "Word", "ref": "Ref[Node]", "place": "Place", "leaf": "Ref[Leaf]"}
        names = [f"{kind[0]}{i}" for i, kind in enumerate(kinds)]
        name = f"f{number}" + ("_at" if by_address else "")
        parameters = [f"{n}: {annotation[k]}" for n, k in zip(names, kinds, strict=True)]
        result = {"word": "Word", "ref": "Ref[Node]", "none": "None"}[gives]
        indent = 1 if method else 0
        self._emit(indent, rnd.choice(["@routine", "@routine", "@routine(call=True)"]))
        first = ["self"] if method else []
        self._emit(
            indent, f"def {name}({', '.join([*first, 'cpu: Cpu', *parameters])}) -> {result}:"
        )
        of = {
            kind: [n for n, k in zip(names, kinds, strict=True) if k == kind] for kind in annotation
        }
        scope = Scope(of["word"], of["ref"], of["place"], method=method, gives=gives)
        scope.fixed = of["leaf"]
        self.budget = rnd.randint(3, 10)
        self._body(indent + 1, scope, rnd.randint(1, 3))
        self._return(indent + 1, scope)
        self._emit(0, "")
        call = f"self.{name}" if method else name
        self.routines.append(Signature(call, tuple(kinds), gives))

    def _return(self, indent: int, scope: Scope) -> None:
        if scope.gives == "word":
            self._emit(indent, f"return {self._word(scope, 3)}")
        elif scope.gives == "ref":
            self._emit(indent, f"return {self._ref(scope, 2)}")
        else:
            self._emit(indent, "return")

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

    # --- statements -----------------------------------------------------------------------------

    def _emit(self, indent: int, text: str) -> None:
        self.lines.append("    " * indent + text)

    def _new(self, kind: str) -> str:
        self.names += 1
        return f"{kind}{self.names}"

    def _body(self, indent: int, scope: Scope, depth: int) -> None:
        for _ in range(self.random.randint(1, 4)):
            self.budget -= 1
            if self.budget < 0:
                break
            self._statement(indent, scope, depth)
        if not self.lines[-1].startswith("    " * indent):
            self._emit(indent, "pass")

    def _statement(self, indent: int, scope: Scope, depth: int) -> None:
        rnd = self.random
        choices = (
            ["assign"] * 5 + ["field"] * 3 + ["augment"] * 3 + ["call"] * 2 + ["intrinsic"] * 2
        )
        choices += ["swap", "ref", "ref", "check", "tuple"]
        if depth > 0:
            choices += ["if"] * 4 + ["while"] * 2 + ["for"] * 3 + ["unroll"]
        if scope.loops:
            choices += ["leave"] * 2
        choices += ["early"]
        getattr(self, "_do_" + rnd.choice(choices))(indent, scope, depth)

    def _target(self, scope: Scope) -> str:
        if scope.words and self.random.random() < 0.6:
            return self.random.choice(scope.words)
        return self._new("v")

    def _do_assign(self, indent: int, scope: Scope, depth: int) -> None:
        value = self._word(scope, 3)
        name = self._target(scope)
        self._emit(indent, f"{name} = {value}")
        if name not in scope.words:
            scope.words.append(name)

    def _do_tuple(self, indent: int, scope: Scope, depth: int) -> None:
        left = self._word(scope, 2), self._word(scope, 2)
        a, b = self._target(scope), self._target(scope)
        self._emit(indent, f"{a}, {b} = {left[0]}, {left[1]}")
        scope.words += [name for name in (a, b) if name not in scope.words]

    def _do_swap(self, indent: int, scope: Scope, depth: int) -> None:
        if len(scope.words) > 1:
            a, b = self.random.sample(scope.words, 2)
            self._emit(indent, f"{a}, {b} = {b}, {a}")

    def _do_ref(self, indent: int, scope: Scope, depth: int) -> None:
        value = self._ref(scope, 2)
        if scope.refs and self.random.random() < 0.5:
            self._emit(indent, f"{self.random.choice(scope.refs)} = {value}")
        else:
            name = self._new("r")
            self._emit(indent, f"{name}: Ref[Node] = {value}")
            scope.refs.append(name)

    def _do_field(self, indent: int, scope: Scope, depth: int) -> None:
        if self.random.random() < 0.15:
            self._emit(indent, f"{self._node(scope)}.link = {self._ref(scope, 2)}")
        else:
            self._emit(indent, f"{self._memory(scope, 1)} = {self._word(scope, 3)}")

    def _do_augment(self, indent: int, scope: Scope, depth: int) -> None:
        target = self._memory(scope, 1)
        if scope.words and self.random.random() < 0.6:
            target = self.random.choice(scope.words)
        self._emit(indent, f"{target} {self.random.choice(ARITHMETIC)}= {self._word(scope, 2)}")

    def _do_call(self, indent: int, scope: Scope, depth: int) -> None:
        call = self._call(scope, self.random.choice(["word", "none", "ref"]), 2)
        if call:
            self._emit(indent, call)

    def _do_intrinsic(self, indent: int, scope: Scope, depth: int) -> None:
        rnd = self.random
        kind = rnd.randrange(5)
        if kind == 0:
            self._emit(indent, f"cpu.store({self._place(scope, 1)}, {self._word(scope, 2)})")
        elif kind == 1:
            self._emit(indent, f"cpu.delay({self._word(scope, 1)})")
        elif kind == 2:
            name = rnd.choice(["apples", "pears"])
            self._emit(indent, f'cpu.tally("{name}", {self._word(scope, 1)})')
        elif kind == 3:
            self._emit(indent, f"cpu.fetch_add({self._place(scope, 1)}, {self._word(scope, 2)})")
        else:
            self._emit(indent, "cpu.fence()")

    def _do_check(self, indent: int, scope: Scope, depth: int) -> None:
        condition = self._condition(scope, 2)
        likely = f"{condition} or {self._word(scope, 1)} != {self.random.choice(NUMBERS)}"
        if self.random.random() < 0.5:
            self._emit(indent, f"assert {likely}")
        else:
            self._emit(indent, f'cpu.check({likely}, "wrong")')

    def _do_early(self, indent: int, scope: Scope, depth: int) -> None:
        if scope.gives != "none" or self.random.random() < 0.3:
            self._emit(indent, f"if {self._condition(scope, 2)}:")
            self._return(indent + 1, scope)

    def _do_leave(self, indent: int, scope: Scope, depth: int) -> None:
        self._emit(indent, f"if {self._condition(scope, 2)}:")
        self._emit(indent + 1, self.random.choice(["break", "continue"]))

    def _do_if(self, indent: int, scope: Scope, depth: int) -> None:
        rnd = self.random
        arms = []
        for arm in range(rnd.randint(1, 3)):
            inner = scope.inner()
            last = arm > 0 and rnd.random() < 0.5
            keyword = "if" if arm == 0 else "else" if last else "elif"
            self._emit(indent, f"{keyword}:" if last else f"{keyword} {self._condition(scope, 3)}:")
            self._body(indent + 1, inner, depth - 1)
            arms.append(inner)
            if last:
                # Names that every way assigns may be used afterwards.
                common = [w for w in arms[0].words if all(w in a.words for a in arms)]
                scope.words += [w for w in common if w not in scope.words]
                break

    def _do_while(self, indent: int, scope: Scope, depth: int) -> None:
        turns = self._new("t")
        self._emit(indent, f"{turns} = 0")
        endless = self.random.random() < 0.3
        inner = scope.inner()
        inner.loops += 1
        bound = f"{turns} < {self.random.randint(1, 4)}"
        if endless:
            self._emit(indent, "while True:")
            self._emit(indent + 1, f"{turns} += 1")
            self._emit(indent + 1, f"if {turns} > 4:")
            self._emit(indent + 2, "break")
        else:
            condition = self._condition(scope, 2)
            pair = [bound, f"({condition})"]
            self.random.shuffle(pair)
            self._emit(indent, f"while {' and '.join(pair)}:")
            self._emit(indent + 1, f"{turns} += 1")
        inner.fixed = list(inner.fixed)
        self._body(indent + 1, inner, depth - 1)
        self._emit(indent + 1, f"{turns} += 0")

    def _do_for(self, indent: int, scope: Scope, depth: int) -> None:
        rnd = self.random
        name = self._new("i") if not scope.words or rnd.random() < 0.7 else rnd.choice(scope.words)
        small = f"{self._word(scope, 1)} % 4"
        low = f"{self._word(scope, 1)} % 9 - 4"
        bounds = rnd.choice([
            f"{rnd.randint(0, 4)}", small, f"{low}, {rnd.randint(-3, 6)}", f"{low}, {low}",
            f"{low}, {low}, {rnd.choice([-3, -2, -1, 1, 2, 3])}", f"{rnd.randint(3, 6)}, 0, -1",
            *([f"self.size, {rnd.randint(2, 6)}"] if scope.method else []),
        ])  # fmt: skip
        inner = scope.inner()
        inner.loops += 1
        if name not in inner.words:
            inner.words.append(name)
        self._emit(indent, f"for {name} in range({bounds}):")
        self._body(indent + 1, inner, depth - 1)

    def _do_unroll(self, indent: int, scope: Scope, depth: int) -> None:
        if scope.unrolled:
            return
        inner = scope.inner()
        inner.loops += 1
        inner.unrolled += 1
        name = self._new("k")
        self._emit(
            indent, f"for {name} in {self.random.choice(['TABLE', '(1, 2, 5)', '(Color.RED, 0)'])}:"
        )
        self._body(indent + 1, inner, depth - 1)
        if self.random.random() < 0.5:
            self._emit(indent + 1, f"{self._memory(scope, 1)} = {name}")

    # --- expressions ----------------------------------------------------------------------------

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
            return f"({self._word(scope, less)} if {self._condition(scope, less)} else {self._word(scope, less)})"
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
            return f"cpu.shift_right_logical({self._word(scope, less)}, {self._word(scope, less)} & 63)"
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
            return f"{self._word(scope, depth - 1)} {rnd.choice(RELATIONS)} {self._word(scope, depth - 1)}"
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
            return f"{node}.row[{rnd.choice([str(rnd.randrange(4)), f'(cpu.count + {self._word(scope, 1)}) % 4'])}]"
        return f"{node}.{rnd.choice('ab')}"
