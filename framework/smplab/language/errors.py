"""What can be wrong with a routine or with the numbers that an image is given."""

from __future__ import annotations


class SmplabError(Exception):
    """Base of all errors that users meet. The text names what, where and what to do."""


class LanguageError(SmplabError):
    """Base of the errors of this floor."""


class LoadError(LanguageError):
    """The numbers of a point do not fit the image."""


class CompileError(LanguageError):
    """A construct outside the language: text with the author's file, line and a caret.

    Attributes:
        file, line: where it stands.
        problem: what is wrong, in one line.
        instead: what to write instead.
    """

    def __init__(
        self, file: str, line: int, source_line: str, columns: tuple[int, int], problem: str,
        instead: str, called_from: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.file = file
        self.line = line
        self.problem = problem
        self.instead = instead
        start, end = columns
        text = source_line.rstrip("\n")
        indent = len(text) - len(text.lstrip())
        width = max(1, min(end, len(text)) - start)
        lines = [
            f"{file}:{line}: {problem}",
            f"    {text.lstrip()}",
            f"    {' ' * max(0, start - indent)}{'^' * width}",
        ]
        if instead:
            lines.append(f"  instead: {instead}")
        lines += [f"  called from {place}" for place in called_from]
        super().__init__("\n".join(lines))
