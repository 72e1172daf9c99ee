"""Routines with interrupts, threads and translation: what the compiler makes of them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from smplab.language import Image, Layout, build_image, disassemble
from smplab.language.errors import CompileError, LanguageError, LoadError
from smplab.language.interpreter import Fault
from smplab.language.isa import SIGNATURES, Op
from smplab.language.liveness import live_registers
from smplab.machine import simulate, simulate_reference
from smplab.machine.result import Limits
from tests.language.compiling import component as plain
from tests.language.compiling import run
from tests.machine.assemble import machine

LAYOUT = """
memory.contexts("threads", 2)
memory.frames(6)
memory.page_tables(2, 2)
self.tables: Array[Word] = memory.array(Word, 8, 2)
"""
ABOVE = """
from smplab.language.paging import *

class Handlers(Component):
    @routine(vector="reschedule")
    def on_reschedule(self, cpu: Cpu) -> None:
        self.main.out[0] += 1

    @routine(vector="timer")
    def on_timer(self, cpu: Cpu) -> None:
        self.main.out[1] = cpu.id + 10

    @routine
    def thread(self, cpu: Cpu, argument: int) -> None:
        self.main.out[2] = argument
        if argument < 3:
            cpu.new_context(cpu.count + argument, self.thread, argument + 1)
            cpu.switch_context(cpu.count + argument)
        cpu.switch_context(cpu.id)
"""


def image_of(body: str, layout: str = LAYOUT) -> Image:
    main = plain(body, fields="threads: int = parameter(2)", layout=layout, above=ABOVE)
    main.handlers = handlers = _handlers(type(main))()
    handlers.main = main
    return build_image({"workload": main, "handlers": handlers})


def _handlers(cls: Any) -> Any:
    return cls.run.__globals__["Handlers"]


def out(body: str, cpus: int = 1) -> list[int]:
    """What `out` holds after a run, on engine and reference alike."""
    image = image_of(body)
    program = image.load({}, Layout(cpus, 1, (0,) * cpus))
    arguments: Any = (program, machine(cpus), np.arange(cpus), 1, Limits(max_cycles=10**6))
    at = int(program.parameters[image.parameters.index("&workload.out")])
    words: list[int] = simulate(*arguments).memory[at : at + 8].tolist()
    assert simulate_reference(*arguments).memory[at : at + 8].tolist() == words
    return words


def test_handlers_are_linked_by_name_and_run() -> None:
    body = """
    if cpu.id == 0:
        cpu.send_ipi(1, "reschedule")
        cpu.halt()
    cpu.set_timer(9000)
    cpu.enable_interrupts()
    cpu.delay(20000)
    """
    image = image_of(body)
    assert image.vectors == ("reschedule", "timer")
    assert out(body, cpus=2)[:2] == [1, 11]
    text = disassemble(image)
    assert "handler of reschedule:" in text
    assert "SEND    r" in text
    assert ", reschedule" in text


def test_threads_start_with_their_argument_and_may_start_their_like() -> None:
    body = """
    cpu.new_context(cpu.count, self.handlers.thread, 1)
    cpu.switch_context(cpu.count)
    self.out[3] = cpu.context
    """
    assert out(body)[2:4] == [3, 0]


def test_the_pool_of_contexts_is_a_product_of_numbers_and_parameters() -> None:
    image = image_of("pass")
    layout = Layout(3, 1, (0,) * 3)
    assert image.load({}, layout).contexts == 4
    assert image.load({"workload.threads": 50}, layout).contexts == 100
    assert image.load({}, layout).frames == 6
    with pytest.raises(LoadError, match="contexts would have -2"):
        image.load({"workload.threads": -1}, layout)


def test_translation_follows_tables_that_routines_write() -> None:
    body = """
    self.tables[1] = 0
    self.tables[0] = (LINE << ENTRY_SHIFT) | PRESENT
    self.tables[2] = (4 << ENTRY_SHIFT) | PRESENT | LEAF
    cpu.set_space(7, self.tables)
    self.out[0] = cpu.touch(8)
    self.out[1] = cpu.touch(8, True)
    self.out[2] = cpu.touch(5)
    cpu.invalidate_page(7, 8)
    cpu.invalidate_space(7)
    cpu.flush_tlb()
    cpu.reuse_frame(4)
    self.out[3] = cpu.touch(8)
    """
    assert out(body.replace("LINE", "8"))[:4] == [4, -2, -1, 4]


def test_flags_points_and_pending_vectors_are_truth_values() -> None:
    body = """
    was = cpu.disable_interrupts()
    cpu.exit_kernel()
    now = cpu.disable_interrupts()
    cpu.enter_kernel()
    self.out[0] = was
    self.out[1] = now
    if cpu.instrumented("log"):
        self.out[2] = 1
    cpu.instrument("log", True)
    if cpu.instrumented("log"):
        self.out[3] = 1
    cpu.send_ipi(0, "reschedule")
    cpu.delay(5000)
    self.out[4] = cpu.take_pending("reschedule")
    self.out[5] = cpu.take_pending("reschedule")
    """
    assert out(body)[:6] == [0, 1, 0, 1, 1, 0]


def test_the_number_of_the_cpu_is_read_anew_where_threads_may_migrate() -> None:
    body = """
    self.out[0] = cpu.id
    cpu.switch_context(cpu.id + 1)
    self.out[1] = cpu.id
    """
    image = image_of(body)
    end = image.handlers[0]
    assert [row[0] for row in image.code[:end].tolist()].count(Op.CPUID) == 3
    assert live_registers(image)[image.entry] == 0


def broken(above: str, body: str = "pass", layout: str = "") -> str:
    main = plain(body, layout=layout, above=above)
    second = _handlers(type(main))()
    second.main = main
    with pytest.raises((CompileError, LanguageError)) as caught:
        build_image({"workload": main, "second": second})
    return str(caught.value)


@pytest.mark.parametrize(
    ("body", "layout", "says"),
    [
        ('cpu.send_ipi(0, "nobody")', "", "no component of the image handles the vector 'nobody'"),
        ("cpu.send_ipi(0, cpu.id)", "", "a vector is named by a string"),
        ("cpu.new_context(1, self.run, 2)", "", "a routine that takes `cpu` and one number"),
        ("cpu.new_context(1, min, 2)", "", "a routine that takes `cpu` and one number"),
        ("cpu.instrumented(cpu.id)", "", "a name is needed here"),
        ("cpu.touch(1)", "", "TOUCH in an image without page tables"),
        ("pass", "memory.page_tables(0, 2)", "levels >= 1"),
        ("pass", "memory.page_tables(7, 9)", "number more than 2**48 pages"),
        ("pass", "memory.contexts(-1)", "an extent of -1"),
    ],
)
def test_what_cannot_be_built_is_refused(body: str, layout: str, says: str) -> None:
    assert says in broken(ABOVE, body, layout)


def test_two_handlers_of_a_vector_are_refused() -> None:
    above = (
        ABOVE
        + """
    @routine(vector="timer")
    def also(self, cpu: Cpu) -> None:
        pass
"""
    )
    assert "'timer' has two handlers: second.on_timer and second.also" in broken(above)


def test_components_agree_on_the_format_of_page_tables() -> None:
    above = (
        ABOVE
        + """
    def layout(self, memory: Memory) -> None:
        memory.page_tables(3, 4)
"""
    )
    assert "disagree" in broken(above, layout="memory.page_tables(1, 2)")


def test_boot_routines_do_nothing_that_would_be_forgotten() -> None:
    above = (
        ABOVE
        + """
    @routine
    def boot(self, cpu: Cpu) -> None:
        cpu.new_context(1, self.thread, 1)
"""
    )
    assert "boot routines leave nothing but memory behind, and CREATE" in broken(above)


def test_the_interpreter_has_no_machine() -> None:
    with pytest.raises(Fault, match="ENABLE needs a machine"):
        run(plain("cpu.enable_interrupts()"))


def test_every_opcode_has_a_signature_and_a_class() -> None:
    assert set(SIGNATURES) == set(Op)
    assert all(op < 32 or 32 <= op <= 48 or 64 <= op < 128 for op in Op)
    letters = set(itertools.chain(*(signature.operands for signature in SIGNATURES.values())))
    assert letters == set("drbitpmgnscvo")
