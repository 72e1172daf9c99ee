"""What images are made of: calls, inlining, loops, parameters, names."""

from __future__ import annotations

import numpy as np
import pytest

from smplab.language import LanguageError, Layout, build_image
from smplab.language.interpreter import Interpreter
from smplab.language.isa import Op
from tests.language.compiling import component, image_of, module, out, run

CALLS = """
@routine
def small(cpu, x: Word) -> Word:
    return x + 1

@routine(call=True)
def power(cpu, x: Word, n: Word) -> Word:
    result = 1
    for i in range(n):
        result = result * x
    return result

@routine(call=True)
def twice(cpu, x: Word) -> Word:
    return power(cpu, x, 2) + power(cpu, x, 3)
"""


def operations(main: object, **options: int) -> list[Op]:
    return [Op(row[0]) for row in image_of(main, **options).code]


def test_small_routines_are_inlined_and_marked_ones_called() -> None:
    main = component("self.out[0] = small(cpu, cpu.id) + twice(cpu, 3)", above=CALLS)
    assert operations(main).count(Op.CALL) == 3
    image = image_of(main)
    assert image.call_depth == 2
    assert out(main)[0] == 1 + 9 + 27


def test_a_called_routine_has_one_copy_for_all_numbers() -> None:
    main = component(
        "self.out[0] = power(cpu, 2, 3) + power(cpu, 3, 2) + power(cpu, cpu.id, 1)", above=CALLS
    )
    assert operations(main).count(Op.MUL) == 1
    assert out(main)[0] == 17


def test_what_outgrows_the_budget_is_called_with_the_same_result() -> None:
    body = "self.out[0] = small(cpu, small(cpu, 4))\nself.out[1] = small(cpu, cpu.id)"
    main = component(body, above=CALLS)
    assert Op.CALL not in operations(main)
    assert Op.CALL in operations(main, inline_budget=0)
    assert out(main) == out(main, inline_budget=0) == [6, 1, 0, 0, 0, 0, 0, 0]


def test_code_does_not_explode_with_the_depth_of_calls() -> None:
    above = "@routine\ndef f0(cpu, x: Word) -> Word:\n    return (x * 3) // 2 + 1\n"
    for depth in range(1, 14):
        above += (
            f"@routine\ndef f{depth}(cpu, x: Word) -> Word:\n"
            f"    return f{depth - 1}(cpu, x) + f{depth - 1}(cpu, x + 1)\n"
        )
    assert len(image_of(component("self.out[0] = f13(cpu, cpu.id)", above=above)).code) < 3_000


def test_a_dead_branch_is_not_compiled() -> None:
    main = component(
        'if self.mode == "fast":\n    self.out[0] = 1\nelse:\n    self.out[0] = unheard',
        fields='mode: str = parameter("fast")',
    )
    assert out(main)[0] == 1


def test_parameters_are_data_unless_they_decide_the_code() -> None:
    main = component(
        "self.out[0] = self.n\nself.out[1] = self.m\nself.out[2] = self.on",
        fields="n: int = parameter(3)\nm: int = parameter(4, build=True)\n"
        "on: bool = parameter(True)",
    )
    image = image_of(main)
    assert image.parameters == ("cpus", "workload.n", "&workload.out")
    assert image.constants == {"workload.n": 3}
    program = image.load({"workload.n": 77}, Layout(1, 1, (0,)))
    interpreter = Interpreter(program)
    interpreter.run()
    assert interpreter.memory[8:11] == [77, 4, 1]


def test_the_digest_does_not_depend_on_numbers_or_lines() -> None:
    fields = "n: int = parameter({})"
    body = "self.out[0] = self.n"
    digests = {
        image_of(component(body, fields=fields.format(n), above="\n" * n)).digest for n in (3, 9)
    }
    assert len(digests) == 1
    other = image_of(component("self.out[0] = self.n + 1", fields=fields.format(3)))
    assert other.digest not in digests


def test_boot_routines_run_in_order_and_end_in_halt() -> None:
    names = module(
        """\
from __future__ import annotations
from dataclasses import dataclass
from smplab.language import *

@dataclass(eq=False)
class A(Component):
    def layout(self, memory: Memory) -> None:
        self.word = memory.array(Word, 2)
    @routine
    def boot(self, cpu: Cpu) -> None:
        self.word[0] = 5

@dataclass(eq=False)
class B(Component):
    a: A = slot()
    @routine
    def boot(self, cpu: Cpu) -> None:
        self.a.word[1] = self.a.word[0] * 2
    @routine
    def run(self, cpu: Cpu) -> None:
        cpu.halt()
"""
    )
    a, b = names["A"](), names["B"]()
    b.a = a
    image = build_image({"a": a, "b": b}, main="b")
    interpreter = Interpreter(image.load({}, Layout(1, 1, (0,))))
    interpreter.boot()
    assert interpreter.memory[8:10] == [5, 10]
    assert image.objects[0].name == "a.word"


def test_a_component_fills_hooks_of_those_below_before_anything_is_laid_out() -> None:
    names = module(
        """\
from __future__ import annotations
from dataclasses import dataclass
from smplab.language import *

@dataclass(eq=False)
class A(Component):
    words = 1
    def layout(self, memory: Memory) -> None:
        self.word = memory.array(Word, self.words)
    @routine
    def hook(self, cpu: Cpu) -> None:
        self.word[0] = 1
    @routine
    def act(self, cpu: Cpu) -> None:
        self.hook(cpu)

@dataclass(eq=False)
class B(Component):
    a: A = slot()
    def connect(self) -> None:
        self.a.words = 2
        self.a.hook = self.filled
    @routine
    def filled(self, cpu: Cpu) -> None:
        self.a.word[1] = 7
    @routine
    def run(self, cpu: Cpu) -> None:
        self.a.act(cpu)
        cpu.halt()
"""
    )
    a, b = names["A"](), names["B"]()
    b.a = a
    image = build_image({"a": a, "b": b}, main="b")
    interpreter = Interpreter(image.load({}, Layout(1, 1, (0,))))
    interpreter.run()
    assert interpreter.memory[8:10] == [0, 7]


def test_regions_counters_streams_and_messages_have_names() -> None:
    main = component(
        'cpu.begin("cache")\ncpu.end("cache")\ncpu.begin("operation")\ncpu.tally("misses", 3)\n'
        'x = cpu.random(5, "dice") + cpu.exponential(9)\ncpu.check(x >= 0, "negative")\n'
        "self.out[0] = x"
    )
    image = image_of(main)
    assert image.regions == ("operation", "cache")
    assert (image.counters, image.messages) == (("misses",), ("negative",))
    assert image.streams == ("dice", "random")
    interpreter = run(main)
    assert interpreter.tallies == {"misses": 3}
    assert interpreter.entered == {"cache": 1, "operation": 1}


def test_per_cpu_elements_lie_on_lines_and_nodes_of_their_own() -> None:
    main = component("self.mine[cpu.id * 3 + 1] = 7", layout="self.mine = memory.per_cpu(Word, 3)")
    image = image_of(main)
    program = image.load({}, Layout(4, 2, (0, 0, 1, 1)))
    interpreter = Interpreter(program, cpu=2)
    interpreter.run()
    at = interpreter.memory.index(7)
    assert program.home_of_line[at // 8] == 1
    (obj,) = [o for o in image.objects if o.name == "workload.mine"]
    lines = {(cpu * 3 + i) * obj.element_words // 8: cpu for cpu in range(4) for i in range(3)}
    assert all(
        lines[(cpu * 3 + i) * obj.element_words // 8] == cpu for cpu in range(4) for i in range(3)
    )


def test_ghost_memory_is_apart() -> None:
    main = component(
        "self.seen[cpu.id] = 4\nself.seen[cpu.id] += 1\nself.out[0] = self.seen[cpu.id]",
        layout='self.seen = memory.ghost(Word, "cpus")',
    )
    assert operations(main).count(Op.GSTORE) == 2
    assert out(main)[0] == 5


def test_super_reaches_the_base_class() -> None:
    above = """
    @dataclass(eq=False)
    class Base(Component):
        @routine
        def value(self, cpu: Cpu) -> Word:
            return 20

    @dataclass(eq=False)
    class Derived(Base):
        @routine
        def value(self, cpu: Cpu) -> Word:
            return super().value(cpu) + 1
    """
    main = component(
        "self.out[0] = self.part.value(cpu)", layout="self.part = Derived()", above=above
    )
    assert out(main)[0] == 21


def test_objects_inside_a_component_are_named_by_their_path() -> None:
    above = """
    @dataclass(eq=False)
    class Part(Component):
        def layout(self, memory: Memory) -> None:
            self.word = memory.array(Word, 1)
    """
    main = component(
        "self.part.word[0] = 1", layout="self.part = Part()\nself.part.layout(memory)", above=above
    )
    assert [o.name for o in image_of(main).objects] == ["workload.out", "workload.part.word"]


def test_a_loop_over_a_tuple_is_unrolled() -> None:
    body = """
    total = 0
    for i, part in enumerate(self.parts):
        total += part * i
    self.out[0] = total
    """
    assert out(component(body, fields="parts = (5, 7, 9)"))[0] == 25


def test_a_build_leaves_the_numbers_of_the_components_as_they_were() -> None:
    main = component("self.out[0] = self.n", fields="n: int = parameter(3)")
    image_of(main)
    np.testing.assert_equal(main.n, 3)


@pytest.mark.parametrize("main", ["nobody", "workload"])
def test_main_must_have_a_routine_run(main: str) -> None:
    part = component("pass")
    part.run = None
    with pytest.raises(LanguageError, match=r"no component is called|has no routine run"):
        build_image({"workload": part}, main=main)
