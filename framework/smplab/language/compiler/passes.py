"""All that happens to a function between syntax tree and rows."""

from __future__ import annotations

from smplab.language.compiler.allocate import rewrite
from smplab.language.compiler.deadcode import drop_dead
from smplab.language.compiler.emit import Piece, emit
from smplab.language.compiler.hoist import hoist
from smplab.language.compiler.ir import Function
from smplab.language.compiler.numbering import number
from smplab.language.compiler.placement import place_pool
from smplab.language.compiler.simplify import simplify
from smplab.language.compiler.thread import rotate, thread

ROUNDS = 4
"""A decided branch may decide others; what is left after so many rounds is merely not optimal."""


def finish(function: Function, addresses: frozenset[int]) -> tuple[Piece, int, int]:
    """Optimise, allocate and emit.

    Args:
        function: as the syntax tree gave it.
        addresses: numbers of the parameters that are addresses of objects.

    Returns:
        the rows; the base that its calls get; the registers that it uses itself.
    """
    simplify(function)
    for _ in range(ROUNDS):
        changed = number(function)
        changed |= thread(function)
        if not changed:
            break
        simplify(function)
    hoist(function, addresses)
    number(function)  # what hoisting brought before its equals elsewhere
    drop_dead(function, addresses)
    simplify(function)
    rotate(function)
    place_pool(function)
    allocation = rewrite(function)
    piece = emit(function, allocation.frame)
    return piece, allocation.frame, allocation.frame + allocation.outgoing
