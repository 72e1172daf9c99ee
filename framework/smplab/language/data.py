"""Numeric parameters are data: what stands in for their values while an image is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from smplab.language.component import Component
from smplab.language.errors import LanguageError


class DataParameter:
    """A parameter whose number is known when the image runs, not when it is built.

    Ordinary Python code that computes with it would freeze one point's number into code that
    serves many, so it refuses.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<parameter {self.name}>"

    def _refuse(self, *_: object) -> NoReturn:
        raise LanguageError(
            f"{self.name} is data, whose number is not known when the image is built: compute with"
            " it inside a routine, or declare it with parameter(..., build=True)"
        )

    __hash__ = object.__hash__


for _operator in [
    "add",
    "radd",
    "sub",
    "rsub",
    "mul",
    "rmul",
    "floordiv",
    "rfloordiv",
    "truediv",
    "rtruediv",
    "mod",
    "rmod",
    "pow",
    "rpow",
    "lshift",
    "rlshift",
    "rshift",
    "rrshift",
    "and",
    "rand",
    "or",
    "ror",
    "xor",
    "rxor",
    "neg",
    "pos",
    "invert",
    "abs",
    "int",
    "index",
    "float",
    "bool",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "iter",
    "len",
]:
    setattr(DataParameter, f"__{_operator}__", DataParameter._refuse)


def data_fields(component: Component) -> Iterator[str]:
    """Names of the fields of `component` that are data: whole numbers without `build=True`."""
    for field, info in component.parameters():
        value = getattr(component, field.name)
        if not info.build and isinstance(value, int) and not isinstance(value, bool):
            yield field.name


@contextmanager
def parameters_hidden(components: Mapping[str, Component]) -> Iterator[dict[str, int]]:
    """Put DataParameters in the place of numbers; yields the numbers by dotted name, in order."""
    numbers: dict[str, int] = {}
    hidden: list[tuple[Component, str, Any]] = []
    try:
        for name, component in components.items():
            for field in list(data_fields(component)):
                value = getattr(component, field)
                numbers[f"{name}.{field}"] = int(value)
                hidden.append((component, field, value))
                setattr(component, field, DataParameter(f"{name}.{field}"))
        yield numbers
    finally:
        for component, field, value in hidden:
            setattr(component, field, value)
