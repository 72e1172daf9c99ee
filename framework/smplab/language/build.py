"""From components to an image: layout, compilation, linking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from smplab.language.compiler.bodies import compile_entry
from smplab.language.compiler.ir import Function
from smplab.language.compiler.passes import finish
from smplab.language.compiler.statements import Statements
from smplab.language.compiler.unit import Unit
from smplab.language.component import Component
from smplab.language.data import parameters_hidden
from smplab.language.errors import LanguageError
from smplab.language.image import Image
from smplab.language.isa import Op
from smplab.language.linker import link
from smplab.language.memory import Memory
from smplab.language.routines import is_routine, vector_of
from smplab.language.verifier import verify_image

INLINE_BUDGET = 256
"""Instructions that one inlined call may grow to; what is bigger is really called."""
LOST_AFTER_BOOT = frozenset(
    {Op.SEND, Op.TIMER, Op.CREATE, Op.SWITCH, Op.SPACE, Op.REUSE, Op.TOGGLE, Op.ENABLE}
)
"""Instructions whose effects are not in memory."""


def build_image(
    components: Mapping[str, Component],
    main: str = "workload",
    *,
    inline_budget: int = INLINE_BUDGET,
) -> Image:
    """Compile components into an image.

    Args:
        components: by the name that their parameters and objects get, slots already filled; their
            `connect` runs in this order, then their `layout`, and so do their routines `boot`.
        main: the component whose routine `run` every CPU starts in.
        inline_budget: instructions that one inlined call may grow to.

    Raises:
        CompileError: a routine uses what the language lacks.
        LanguageError: a layout or a Struct is wrong, `main` has no routine `run`, or an interrupt
            vector has two handlers.
    """
    if main not in components:
        raise LanguageError(f'no component is called "{main}": there are {", ".join(components)}')
    run = getattr(components[main], "run", None)
    if not is_routine(getattr(run, "__func__", None)):
        raise LanguageError(f"{type(components[main]).__name__} has no routine run(self, cpu)")
    handlers = _handlers(components)
    for component in components.values():
        component.connect()
    with parameters_hidden(components) as numbers:
        memory = _lay_out(components)
        objects = tuple(root.object for part in memory for root in part.roots)
        pools = tuple(pool for part in memory for pool in part.pools)
        parameters = ("cpus", *numbers, *(obj.base for obj in objects))
        unit = Unit(parameters, inline_budget, tuple(handlers), migrates=bool(pools))
        entry = compile_entry(Statements, unit, [run], "run")
        methods = [getattr(component, "boot", None) for component in components.values()]
        boots = [boot for boot in methods if is_routine(getattr(boot, "__func__", None))]
        boot = compile_entry(Statements, unit, boots, "boot") if boots else None
        handling = [
            compile_entry(Statements, unit, [handler], f"handler of {vector}", Op.IRET)
            for vector, handler in handlers.items()
        ]
    if boot:
        _check_boot(boot)
    functions = _reachable([entry, *([boot] if boot else []), *handling])
    addresses = frozenset(range(1 + len(numbers), len(parameters)))
    levels, radix_bits = _page_format(memory)
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
        vectors=tuple(handlers),
        handlers=tuple(linked.address[handler] for handler in handling),
        points=unit.points.names,
        contexts=pools,
        frames=tuple(extent for part in memory for extent in part.frame_extents),
        page_levels=levels,
        page_radix_bits=radix_bits,
    )
    verify_image(image)
    return image


def _lay_out(components: Mapping[str, Component]) -> list[Memory]:
    memories: list[Memory] = []
    for name, component in components.items():
        memory = Memory(name, component)
        component.layout(memory)
        memory.name_roots()
        memories.append(memory)
    return memories


def _page_format(memories: list[Memory]) -> tuple[int, int]:
    formats = {memory.page_format for memory in memories if memory.page_format is not None}
    if len(formats) > 1:
        raise LanguageError(
            "components disagree on (levels, radix_bits) of page tables: "
            + ", ".join(map(str, sorted(formats)))
        )
    return formats.pop() if formats else (0, 0)


def _handlers(components: Mapping[str, Component]) -> dict[str, Any]:
    """Each vector with the method that handles it, in the order of declaration."""
    found: dict[str, Any] = {}
    owner: dict[str, str] = {}
    for component_name, component in components.items():
        names = {n: None for cls in reversed(type(component).__mro__) for n in vars(cls)}
        for name in names:
            function = getattr(type(component), name, None)
            vector = vector_of(function)
            if not vector:
                continue
            if vector in found:
                raise LanguageError(
                    f"the vector {vector!r} has two handlers: {owner[vector]} and"
                    f" {component_name}.{name}"
                )
            found[vector], owner[vector] = getattr(component, name), f"{component_name}.{name}"
    return found


def _check_boot(boot: Function) -> None:
    """Refuse in boot routines what would be lost: memory is all that outlives them."""
    for function in _reachable([boot]):
        for instr in function.instructions():
            if instr.op in LOST_AFTER_BOOT:
                raise LanguageError(
                    f"{instr.site.file}:{instr.site.line} in {instr.site.routine}: boot routines"
                    f" leave nothing but memory behind, and {instr.op.name} would be forgotten: do"
                    " it in run()"
                )


def _reachable(roots: list[Function]) -> list[Function]:
    """The functions that are called at all, callers first."""
    found: list[Function] = []
    pending = roots[::-1]
    while pending:
        function = pending.pop()
        if function not in found:
            found.append(function)
            callees = [i.imms[0] for i in function.instructions() if i.op in (Op.CALL, Op.CREATE)]
            pending += callees[::-1]
    return found
