"""Routines given as text: made into modules, compiled, run by the reference interpreter."""

from __future__ import annotations

import ast
import itertools
import linecache
import sys
import textwrap
import types
from typing import Any

from smplab.language import Image, Layout, build_image
from smplab.language.interpreter import Interpreter

PREAMBLE = """\
from __future__ import annotations
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from smplab.language import *
from smplab.language import Home
"""
_numbers = itertools.count()


def module(text: str, name: str = "", tree: ast.Module | None = None) -> dict[str, Any]:
    """Execute source text (or its tree) as a module whose lines the compiler finds."""
    name = name or f"<text {next(_numbers)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    sys.modules.setdefault("from_text", types.ModuleType("from_text"))
    names: dict[str, Any] = {"__name__": "from_text"}
    exec(compile(tree or text, name, "exec"), names)
    return names


def component(body: str, *, fields: str = "", layout: str = "", above: str = "") -> Any:
    """A component `Main` whose routine `run` has this body; `out` is an array of 8 words."""
    text = (
        PREAMBLE
        + textwrap.dedent(above)
        + "\n@dataclass(eq=False)\nclass Main(Component):\n"
        + textwrap.indent(textwrap.dedent(fields) or "pass\n", "    ")
        + "\n    def layout(self, memory: Memory) -> None:\n"
        + "        self.out: Array[Word] = memory.array(Word, 8)\n"
        + textwrap.indent(textwrap.dedent(layout), "        ")
        + "\n    @routine\n    def run(self, cpu: Cpu) -> None:\n"
        + textwrap.indent(textwrap.dedent(body), "        ")
    )
    return module(text)["Main"]()


def image_of(main: Any, **options: Any) -> Image:
    return build_image({"workload": main}, **options)


def run(main: Any, cpus: int = 2, cpu: int = 0, **options: Any) -> Interpreter:
    """Build, load for `cpus` on one node each, boot and run one CPU."""
    image = image_of(main, **options)
    interpreter = Interpreter(image.load({}, Layout(cpus, cpus, tuple(range(cpus)))), cpu)
    interpreter.boot()
    interpreter.run()
    return interpreter


def out(main: Any, **options: Any) -> list[int]:
    """The words of `out` after a run."""
    interpreter = run(main, **options)
    parameters = interpreter.program.image.parameters
    base = int(interpreter.program.parameters[parameters.index("&workload.out")])
    return interpreter.memory[base : base + 8]
