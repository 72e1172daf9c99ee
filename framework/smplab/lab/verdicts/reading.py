"""Reading YAML so that every mistake is told with its file and its key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from smplab.language.errors import SmplabError
from smplab.plugin.errors import choices

T = TypeVar("T")
REQUIRED: Any = object()


class TargetError(SmplabError):
    """A mistake in an experiment's files: says in which file, at which key, and what is valid."""


@dataclass(frozen=True)
class Place:
    """A mapping in a file, and where it is.

    Attributes:
        file: the file.
        path: the key of the mapping, such as "targets[2].of"; empty at the root.
        values: the mapping.
    """

    file: Path
    path: str
    values: Mapping[str, Any]

    @classmethod
    def load(cls, file: Path) -> Place:
        """Read a YAML file that holds a mapping.

        Raises:
            TargetError: it cannot be read, or holds something else.
        """
        import yaml

        try:
            values = yaml.safe_load(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise TargetError(f"{file}: cannot be read: {error.strerror}") from None
        except yaml.YAMLError as error:
            raise TargetError(f"{file}: no YAML: {' '.join(str(error).split())}") from None
        return cls(file, "", {}).mapping(values, "")

    def error(self, key: str, message: str) -> TargetError:
        """Return an error that names file and key."""
        where = f"{self.path}.{key}".strip(".")
        return TargetError(f"{self.file}: {where + ': ' if where else ''}{message}")

    def only(self, known: Iterable[str]) -> None:
        """Refuse keys that mean nothing.

        Raises:
            TargetError: there is one.
        """
        names = list(known)
        for key in self.values:
            if key not in names:
                raise self.error(str(key), f"means nothing here; {choices(key, names)}")

    def get(self, key: str, kind: type[T], default: T = REQUIRED) -> T:
        """Return a value of a type; an int will do for a float.

        Raises:
            TargetError: it is missing or has another type.
        """
        if key not in self.values:
            if default is REQUIRED:
                raise self.error(key, f"is missing; give a {_word(kind)}")
            return default
        value = self.values[key]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return kind(value)  # type: ignore[call-arg] # kind is float here, which mypy cannot know
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.error(key, f"{value!r} is no {_word(kind)}")
        return value

    def one_of(self, key: str, valid: Iterable[str], default: str = REQUIRED) -> str:
        """Return a string out of a few.

        Raises:
            TargetError: it is missing or another.
        """
        value = self.get(key, str, default)
        names = list(valid)
        if value not in names:
            raise self.error(key, f"{value!r} is not valid; {choices(value, names)}")
        return value

    def mapping(self, value: object, key: str) -> Place:
        """Return a nested mapping with its place.

        Raises:
            TargetError: it is none.
        """
        if not isinstance(value, Mapping) or not all(isinstance(k, str) for k in value):
            raise self.error(key, "must be a mapping from keys to values")
        return Place(self.file, f"{self.path}.{key}".strip("."), value)

    def inside(self, key: str) -> Place:
        """Return the mapping at a key.

        Raises:
            TargetError: it is missing or none.
        """
        if key not in self.values:
            raise self.error(key, "is missing; give a mapping")
        return self.mapping(self.values[key], key)

    def items(self, key: str) -> list[Place]:
        """Return the mappings of the list at a key.

        Raises:
            TargetError: it is missing, or no list of mappings.
        """
        found: list[Any] = self.get(key, list)
        return [self.mapping(value, f"{key}[{i}]") for i, value in enumerate(found)]


def _word(kind: type) -> str:
    return {str: "text", float: "number", int: "whole number", list: "list", dict: "mapping"}.get(
        kind, kind.__name__
    )
