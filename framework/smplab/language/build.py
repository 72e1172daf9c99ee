"""From components to an image: layout, compilation, linking."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from smplab.language.compiler.calls import compile_entry
from smplab.language.compiler.ir import Function
from smplab.language.compiler.passes import finish
from smplab.language.compiler.statements import Statements
from smplab.language.compiler.unit import Unit
from smplab.language.component import Component
from smplab.language.data import parameters_hidden
from smplab.language.errors import LanguageError
from smplab.language.image import Image, MemoryObject
from smplab.language.isa import Op
from smplab.language.linker import link
from smplab.language.memory import Memory
from smplab.language.routines import is_routine
from smplab.language.verifier import verify_image

INLINE_BUDGET = 256
"""Instructions that one inlined call may grow to; what is bigger is really called."""


def build_image(
    components: Mapping[str, Component],
    main: str = "workload",
    *,
    inline_budget: int = INLINE_BUDGET,
) -> Image:
    """Compile components into an image.

    Args:
        components: by the name that their parameters and objects get, slots already filled; their
            `layout` runs in this order, and so do their routines `boot`.
        main: the component whose routine `run` every CPU starts in.
        inline_budget: instructions that one inlined call may grow to.

    Raises:
        CompileError: a routine uses what the language lacks.
        LanguageError: a layout or a Struct is wrong, or `main` has no routine `run`.
    """
    if main not in components:
        raise LanguageError(f'no component is called "{main}": there are {", ".join(components)}')
    run = getattr(components[main], "run", None)
    if not is_routine(getattr(run, "__func__", None)):
        raise LanguageError(f"{type(components[main]).__name__} has no routine run(self, cpu)")
    with parameters_hidden(components) as numbers:
        objects = _lay_out(components)
        parameters = ("cpus", *numbers, *(obj.base for obj in objects))
        unit = Unit(parameters, inline_budget)
        entry = compile_entry(Statements, unit, [run], "run")
        methods = [getattr(component, "boot", None) for component in components.values()]
        boots = [boot for boot in methods if is_routine(getattr(boot, "__func__", None))]
        boot = compile_entry(Statements, unit, boots, "boot") if boots else None
    functions = _reachable([entry, *([boot] if boot else [])])
    addresses = frozenset(range(1 + len(numbers), len(parameters)))
    linked = link({function: finish(function, addresses) for function in functions})
    image = Image(
        code=np.array(linked.rows, np.int64),
        sites=tuple(linked.sites),
        entry=linked.address[entry],
        boot=linked.address[boot] if boot else -1,
        parameters=parameters,
        constants=numbers,
        objects=objects,
        messages=unit.messages.names,
        regions=unit.regions.names,
        counters=unit.counters.names,
        streams=unit.streams.names,
        registers=max(linked.registers[f] for f in functions),
        call_depth=max(linked.depth[f] for f in functions),
    )
    verify_image(image)
    return image


def _lay_out(components: Mapping[str, Component]) -> tuple[MemoryObject, ...]:
    objects: list[MemoryObject] = []
    for name, component in components.items():
        memory = Memory(name, component)
        component.layout(memory)
        memory.name_roots()
        objects += [root.object for root in memory.roots]
    return tuple(objects)


def _reachable(roots: list[Function]) -> list[Function]:
    """The functions that are called at all, callers first."""
    found: list[Function] = []
    pending = roots[::-1]
    while pending:
        function = pending.pop()
        if function not in found:
            found.append(function)
            callees = [i.imms[0] for i in function.instructions() if i.op is Op.CALL]
            pending += callees[::-1]
    return found
