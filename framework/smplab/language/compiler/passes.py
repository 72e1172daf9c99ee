"""All that happens to a function between syntax tree and rows."""

from __future__ import annotations

from smplab.language.compiler.allocate import rewrite
from smplab.language.compiler.emit import Piece, emit
from smplab.language.compiler.ir import Function
from smplab.language.compiler.placement import place_pool
from smplab.language.compiler.simplify import simplify


def finish(function: Function) -> tuple[Piece, int, int]:
    """Optimise, allocate and emit.

    Returns:
        the rows; the base that its calls get; the registers that it uses itself.
    """
    simplify(function)
    place_pool(function)
    allocation = rewrite(function)
    piece = emit(function, allocation.frame)
    return piece, allocation.frame, allocation.frame + allocation.outgoing
