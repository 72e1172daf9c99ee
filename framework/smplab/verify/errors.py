"""What the checker cannot do."""

from __future__ import annotations

from smplab.language.errors import SmplabError


class VerifyError(SmplabError):
    """A request that the checker cannot meet."""
