"""What can be wrong with a routine or with the numbers that an image is given."""

from __future__ import annotations


class SmplabError(Exception):
    """Base of all errors that users meet. The text names what, where and what to do."""


class LanguageError(SmplabError):
    """Base of the errors of this floor."""


class LoadError(LanguageError):
    """The numbers of a point do not fit the image."""


class CompileError(LanguageError):
    """A construct outside the language: text with the author's file, line and a caret."""
