"""What can be wrong with a routine or with the numbers that an image is given."""

from __future__ import annotations


class LanguageError(Exception):
    """Base of the errors of this floor. The text names what, where and what to do."""


class LoadError(LanguageError):
    """The numbers of a point do not fit the image."""


class CompileError(LanguageError):
    """A construct outside the language: text with the author's file, line and a caret."""
