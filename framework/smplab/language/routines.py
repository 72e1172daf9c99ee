"""`@routine`: marks a function or method as code of the simulated machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "_smplab_routine"


@overload
def routine(function: F) -> F: ...
@overload
def routine(*, call: bool = ...) -> Callable[[F], F]: ...
def routine(function: F | None = None, *, call: bool = False) -> F | Callable[[F], F]:
    """Mark a function as a routine: compiled into an image, inlined where it is called.

    Args:
        call: the routine is really called. Its whole-number arguments travel in registers, so one
            copy of its code serves all callers.
    """

    def mark(f: F) -> F:
        setattr(f, _MARK, "call" if call else "inline")
        return f

    return mark if function is None else mark(function)


def is_routine(function: object) -> bool:
    """Whether a function is marked with @routine."""
    return hasattr(function, _MARK)


def is_called(function: object) -> bool:
    """Whether a routine is marked to be called, not inlined."""
    return getattr(function, _MARK, "") == "call"
