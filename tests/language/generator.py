"""Random programs in the routine language: source text of a module with a component `Main`."""

from __future__ import annotations

from tests.language.expressions import ARITHMETIC, NUMBERS, Expressions, Scope, Signature

HEADER = """\
from __future__ import annotations

from dataclasses import dataclass

from smplab.language import NULL, Array, Component, Cpu, Memory, Place, Ref, Word
from smplab.language import parameter, routine
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


class Generator(Expressions):
    """One random program a seed."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.lines: list[str] = []
        self.names = 0
        self.budget = 0

    def program(self) -> str:
        rnd = self.random
        functions: list[str] = []
        methods: list[str] = []
        for number in range(rnd.randint(1, 3)):
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
        self.budget = 14
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
        likely = condition
        if self.random.random() < 0.8:  # mostly something that holds
            likely += f" or {self._word(scope, 1)} != {self.random.choice(NUMBERS)}"
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
