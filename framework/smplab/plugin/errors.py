"""What can be wrong with a plugin, or with what a configuration asks of one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from smplab.language.errors import SmplabError


class PluginError(SmplabError):
    """A plugin cannot be loaded, or breaks the rules of registration."""


class ConfigError(SmplabError):
    """A configuration asks for something that does not exist or is out of bounds."""


def choices(asked: object, valid: Iterable[str]) -> str:
    """Return "did you mean a? choose from: a, b, c", as far as there is something to say."""
    names = sorted(valid)
    if not names:
        return "there are none"
    close = difflib.get_close_matches(str(asked), names, n=3)
    meant = f"did you mean {' or '.join(close)}? " if close else ""
    return f"{meant}choose from: {', '.join(names)}"
