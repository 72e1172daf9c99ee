"""What a component uses, directly or through what it uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from smplab.language.component import Component

T = TypeVar("T", bound=Component)


def fillings_of(component: Component, kind: type[T]) -> Iterator[T]:
    """Yield the fillings of one kind that a component and, in turn, its fillings use.

    What several of them share comes several times.
    """
    for name in component.slots():
        filling = getattr(component, name)
        if isinstance(filling, kind):
            yield filling
        yield from fillings_of(filling, kind)
