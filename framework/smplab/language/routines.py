"""`@routine`: marks a function or method as code of the simulated machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "_smplab_routine"
_VECTOR = "_smplab_vector"


@overload
def routine(function: F) -> F: ...
@overload
def routine(*, call: bool = ..., vector: str = ...) -> Callable[[F], F]: ...
def routine(
    function: F | None = None, *, call: bool = False, vector: str = ""
) -> F | Callable[[F], F]:
    """Mark a function as a routine: compiled into an image, inlined where it is called.

    Args:
        call: the routine is really called. Its whole-number arguments travel in registers, so one
            copy of its code serves all callers.
        vector: the routine, `name(self, cpu)` of a component of the image, handles this interrupt
            vector; it runs with interrupts off. Other routines may call it as well.
    """

    def mark(f: F) -> F:
        setattr(f, _MARK, "call" if call else "inline")
        if vector:
            setattr(f, _VECTOR, vector)
        return f

    return mark if function is None else mark(function)


def is_routine(function: object) -> bool:
    """Whether a function is marked with @routine."""
    return hasattr(function, _MARK)


def is_called(function: object) -> bool:
    """Whether a routine is marked to be called, not inlined."""
    return getattr(function, _MARK, "") == "call"


def vector_of(function: object) -> str:
    """The interrupt vector that a routine handles, "" if none."""
    return str(getattr(function, _VECTOR, ""))
